"""The ECS cluster with a service for each application that has one, and the EKS cluster."""

from __future__ import annotations

from typing import Any

from .company import App
from .compute import subnets
from .serverless import make_log_group
from .site import Site, pairs


def make_containers(site: Site) -> None:
    """Make what runs containers."""
    tags = pairs(site.tags("apps"), "key", "value")
    site.aws("ecs").create_cluster(clusterName=site.name("apps"), tags=tags)
    site.made["AWS::ECS::Cluster"] += 1
    for app in site.apps:
        if app.service:
            _make_service(site, app)
    if site.extent.kubernetes:
        _make_kubernetes(site)


def _make_service(site: Site, app: App) -> None:
    ecs, tags = site.aws("ecs"), pairs(site.tags(app.name, app.team), "key", "value")
    make_log_group(site, f"/ecs/{site.name(app.name)}", app.team)
    definition = ecs.register_task_definition(
        family=site.name(app.name),
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        executionRoleArn=site.role("ecs-execution"),
        taskRoleArn=site.role(f"{app.name}-app"),
        containerDefinitions=[_container(site, app)],
        tags=tags,
    )["taskDefinition"]["taskDefinitionArn"]
    site.made["AWS::ECS::TaskDefinition"] += 1
    ecs.create_service(
        cluster=site.name("apps"),
        serviceName=site.name(app.name),
        taskDefinition=definition,
        launchType="FARGATE",
        # The emulator has no containers to start: it only says that these run.
        desiredCount=site.extent.zones,
        networkConfiguration={"awsvpcConfiguration": _placement(site, app)},
        tags=tags,
    )
    site.made["AWS::ECS::Service"] += 1


def _container(site: Site, app: App) -> dict[str, Any]:
    registry = f"{site.account}.dkr.ecr.{site.region}.amazonaws.com"
    return {
        "name": "app",
        "image": f"{registry}/{site.name(app.name)}:2024.11.3",
        "portMappings": [{"containerPort": 8080}],
        "environment": [{"name": "API_KEY", "value": site.confidential}],
    }


def _placement(site: Site, app: App) -> dict[str, Any]:
    groups = [site.ids[f"sg-{app.name}-app"]]
    return {"subnets": subnets(site, "private"), "securityGroups": groups}


def _make_kubernetes(site: Site) -> None:
    eks, tags = site.aws("eks"), site.tags("platform")
    eks.create_cluster(
        name=site.name("platform"),
        version="1.31",
        roleArn=site.role("eks-cluster"),
        resourcesVpcConfig={"subnetIds": subnets(site, "private")},
        tags=tags,
    )
    site.made["AWS::EKS::Cluster"] += 1
    eks.create_nodegroup(
        clusterName=site.name("platform"),
        nodegroupName=site.name("general"),
        nodeRole=site.role("eks-node"),
        subnets=subnets(site, "private"),
        scalingConfig={"minSize": 2, "maxSize": 6, "desiredSize": 3},
        tags=tags,
    )
    site.made["AWS::EKS::Nodegroup"] += 1
