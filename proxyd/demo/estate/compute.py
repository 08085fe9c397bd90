"""Instances with their volumes, the load balancer before them, the group that scales."""

from __future__ import annotations

import base64

from .company import App
from .site import Site, pairs, specification

_IMAGE = "ami-0c1bc246476a5572b"
_TYPES = ("t3.medium", "m6i.large", "c6i.xlarge", "r6g.large")


def make_compute(site: Site) -> None:
    """Make everything that runs on instances."""
    for app in site.apps:
        for number in range(min(app.instances, site.extent.instances)):
            _make_instance(site, app, number)
    _make_balancer(site)
    _make_scaling_group(site)


def subnets(site: Site, side: str) -> list[str]:
    """Return the main network's subnets of the side, `public` or `private`."""
    return [site.ids[f"main-{side}-{zone[-1]}"] for zone in site.zones]


def _make_instance(site: Site, app: App, number: int) -> None:
    ec2, tags = site.aws("ec2"), site.tags(f"{app.name}-{number + 1}", app.team)
    place = number % len(site.zones)
    instance = ec2.run_instances(
        ImageId=_IMAGE,
        InstanceType=_TYPES[number % len(_TYPES)],
        MinCount=1,
        MaxCount=1,
        SubnetId=subnets(site, "private")[place],
        SecurityGroupIds=[site.ids[f"sg-{app.name}-app"]],
        UserData=f"#!/bin/sh\nexport TOKEN={site.confidential}\n",
        TagSpecifications=specification("instance", tags),
    )["Instances"][0]["InstanceId"]
    site.ids[f"instance-{app.name}-{number}"] = instance
    site.made["AWS::EC2::Instance"] += 1
    volume = ec2.create_volume(
        AvailabilityZone=site.zones[place],
        Size=100 * (number + 1),
        VolumeType="gp3",
        Encrypted=True,
        TagSpecifications=specification("volume", {**tags, "Name": f"{tags['Name']}-data"}),
    )["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    site.made["AWS::EC2::Volume"] += 1
    if number < app.stopped:
        ec2.stop_instances(InstanceIds=[instance])


def _make_balancer(site: Site) -> None:
    elb, tags = site.aws("elbv2"), site.tags("web")
    balancer = elb.create_load_balancer(
        Name=site.name("web"),
        Type="application",
        Scheme="internet-facing",
        Subnets=subnets(site, "public"),
        SecurityGroups=[site.ids["sg-load-balancer"]],
        Tags=pairs(tags),
    )["LoadBalancers"][0]
    site.ids["balancer"] = balancer["LoadBalancerArn"]
    site.ids["balancer-host"] = balancer["DNSName"]
    site.made["AWS::ElasticLoadBalancingV2::LoadBalancer"] += 1
    for number, app in enumerate(app for app in site.apps if app.web):
        _make_listener(site, _make_target_group(site, app), 443 + number * 8000)


def _make_target_group(site: Site, app: App) -> str:
    elb = site.aws("elbv2")
    group = elb.create_target_group(
        Name=site.name(f"web-{app.name}"),
        Protocol="HTTP",
        Port=8080,
        VpcId=site.ids["main"],
        TargetType="instance",
        HealthCheckPath="/healthz",
        Tags=pairs(site.tags(f"web-{app.name}", app.team)),
    )["TargetGroups"][0]["TargetGroupArn"]
    start = f"instance-{app.name}-"
    instances = [{"Id": value} for name, value in site.ids.items() if name.startswith(start)]
    elb.register_targets(TargetGroupArn=group, Targets=instances)
    site.made["AWS::ElasticLoadBalancingV2::TargetGroup"] += 1
    return str(group)


def _make_listener(site: Site, group: str, port: int) -> None:
    site.aws("elbv2").create_listener(
        LoadBalancerArn=site.ids["balancer"],
        Protocol="HTTP",
        Port=port,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    site.ids.setdefault("target-group", group)
    site.made["AWS::ElasticLoadBalancingV2::Listener"] += 1


def _make_scaling_group(site: Site) -> None:
    app = site.apps[0]
    secret = base64.b64encode(f"#!/bin/sh\nexport TOKEN={site.confidential}\n".encode()).decode()
    template = site.aws("ec2").create_launch_template(
        LaunchTemplateName=site.name(f"{app.name}-workers"),
        LaunchTemplateData={"ImageId": _IMAGE, "InstanceType": _TYPES[0], "UserData": secret},
        TagSpecifications=specification("launch-template", site.tags(app.name, app.team)),
    )["LaunchTemplate"]["LaunchTemplateId"]
    site.made["AWS::EC2::LaunchTemplate"] += 1
    name, tags = site.name(f"{app.name}-workers"), site.tags(f"{app.name}-worker", app.team)
    described = {"ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
    site.aws("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        MinSize=0,
        MaxSize=6,
        DesiredCapacity=0,
        VPCZoneIdentifier=",".join(subnets(site, "private")),
        TargetGroupARNs=[site.ids["target-group"]],
        Tags=[{"ResourceId": name, **described, **pair} for pair in pairs(tags)],
    )
    site.made["AWS::AutoScaling::AutoScalingGroup"] += 1
