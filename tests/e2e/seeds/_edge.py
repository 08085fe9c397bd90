"""What `networking` makes of names, deliveries and networks without a region."""

from __future__ import annotations

from typing import Any

from tests.e2e.oracle import Account

from . import REGION, Made

_EAST = "us-east-1"


def zones(account: Account, vpc: str) -> Made:
    """Make a public and a private zone, records of every kind of name, a health check."""
    route53 = account.client("route53", _EAST)
    public = route53.create_hosted_zone(Name="site.example", CallerReference="public")
    private = route53.create_hosted_zone(
        Name="site.internal",
        CallerReference="private",
        HostedZoneConfig={"PrivateZone": True},
        VPC={"VPCRegion": REGION, "VPCId": vpc},
    )
    idents = [zone["HostedZone"]["Id"].rpartition("/")[2] for zone in (public, private)]
    check = route53.create_health_check(
        CallerReference="check",
        HealthCheckConfig={
            "Type": "HTTPS",
            "FullyQualifiedDomainName": "site.example",
            "Port": 443,
            "ResourcePath": "/health",
        },
    )["HealthCheck"]["Id"]
    www = {"Name": "www.site.example", "Type": "A"}
    alias = {"HostedZoneId": "Z2FDTNDATAQYW2", "EvaluateTargetHealth": False}
    records: list[dict[str, Any]] = [
        {**www, "Name": "site.example", "AliasTarget": alias | {"DNSName": "d1.cloudfront.net"}},
        {
            "Name": "api.site.example",
            "Type": "A",
            "AliasTarget": alias
            | {"DNSName": f"dualstack.site-application-1.{REGION}.elb.amazonaws.com"},
        },
        *(
            {
                **www,
                "SetIdentifier": name,
                "Weight": 50,
                "TTL": 60,
                "HealthCheckId": check,
                "ResourceRecords": [{"Value": "192.0.2.1"}],
            }
            for name in ("blue", "green")
        ),
        {
            "Name": "site.example",
            "Type": "TXT",
            "TTL": 60,
            "ResourceRecords": [{"Value": '"secret"'}],
        },
    ]
    route53.change_resource_record_sets(
        HostedZoneId=idents[0],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": r} for r in records]},
    )
    made = {
        f"arn:aws:route53:::hostedzone/{zone}/recordset/{path}"
        for zone, paths in {
            idents[0]: (
                "api.site.example./A",
                "site.example./A",
                "site.example./NS",
                "site.example./SOA",
                "site.example./TXT",
                "www.site.example./A/blue",
                "www.site.example./A/green",
            ),
            idents[1]: ("site.internal./NS", "site.internal./SOA"),
        }.items()
        for path in paths
    }
    return {
        "AWS::Route53::HostedZone": {f"arn:aws:route53:::hostedzone/{zone}" for zone in idents},
        "AWS::Route53::HealthCheck": {f"arn:aws:route53:::healthcheck/{check}"},
        "AWS::Route53::RecordSet": made,
    }


def resolver(account: Account, subnets: list[str], group: str) -> Made:
    """Make an endpoint and a rule that sends one domain through it."""
    client = account.client("route53resolver", REGION)
    endpoint = client.create_resolver_endpoint(
        CreatorRequestId="endpoint",
        Name="out",
        SecurityGroupIds=[group],
        Direction="OUTBOUND",
        IpAddresses=[{"SubnetId": subnet} for subnet in subnets],
        Tags=[{"Key": "team", "Value": "net"}],
    )["ResolverEndpoint"]
    rule = client.create_resolver_rule(
        CreatorRequestId="rule",
        Name="office",
        RuleType="FORWARD",
        DomainName="office.example",
        TargetIps=[{"Ip": "192.0.2.53", "Port": 53}],
        ResolverEndpointId=endpoint["Id"],
    )["ResolverRule"]
    return {
        "AWS::Route53Resolver::ResolverEndpoint": {endpoint["Arn"]},
        "AWS::Route53Resolver::ResolverRule": {rule["Arn"]},
    }


def discovery(account: Account, instance: str) -> Made:
    """Make a service with an instance."""
    client = account.client("servicediscovery", REGION)
    # One only: the emulator lists the services of all of them under each.
    client.create_http_namespace(Name="site")
    namespace = client.list_namespaces()["Namespaces"][0]["Id"]
    service = client.create_service(
        Name="api", NamespaceId=namespace, Tags=[{"Key": "team", "Value": "web"}]
    )["Service"]
    client.register_instance(
        ServiceId=service["Id"],
        InstanceId="api-1",
        Attributes={"AWS_EC2_INSTANCE_ID": instance, "token": "hidden"},
    )
    return {
        "AWS::ServiceDiscovery::Service": {service["Arn"]},
        "AWS::ServiceDiscovery::Instance": {f"{service['Arn']}/instance/api-1"},
    }


def distributions(account: Account) -> Made:
    """Make a distribution and what it is put together from."""
    cloudfront = account.client("cloudfront", _EAST)
    head = f"arn:aws:cloudfront::{account.account}"
    control = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": "site",
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]
    key = cloudfront.create_public_key(
        PublicKeyConfig={"CallerReference": "key", "Name": "signer", "EncodedKey": "…"}
    )["PublicKey"]["Id"]
    function = cloudfront.create_function(
        Name="redirect",
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
        FunctionCode=b"function handler(event) { return event.request; }",
    )["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    distribution = cloudfront.create_distribution_with_tags(
        DistributionConfigWithTags={
            "DistributionConfig": _distribution(control, function),
            "Tags": {"Items": [{"Key": "team", "Value": "web"}]},
        }
    )["Distribution"]["ARN"]
    return {
        "AWS::CloudFront::Distribution": {distribution},
        "AWS::CloudFront::Function": {function},
        "AWS::CloudFront::OriginAccessControl": {f"{head}:origin-access-control/{control}"},
        "AWS::CloudFront::PublicKey": {f"{head}:public-key/{key}"},
    }


def _distribution(control: str, function: str) -> dict[str, Any]:
    return {
        "CallerReference": "site",
        "Comment": "hidden",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "files",
                    "DomainName": "files.s3.eu-west-1.amazonaws.com",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                    "OriginAccessControlId": control,
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "files",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "FunctionAssociations": {
                "Quantity": 1,
                "Items": [{"FunctionARN": function, "EventType": "viewer-request"}],
            },
        },
    }


def global_networks(account: Account) -> Made:
    """Make a global network with a site, a line and a device."""
    manager = account.client("networkmanager", "us-west-2")
    world = manager.create_global_network(
        Description="world", Tags=[{"Key": "Name", "Value": "world"}]
    )["GlobalNetwork"]
    ident = world["GlobalNetworkId"]
    site = manager.create_site(GlobalNetworkId=ident, Description="office")["Site"]
    link = manager.create_link(
        GlobalNetworkId=ident,
        SiteId=site["SiteId"],
        Bandwidth={"UploadSpeed": 100, "DownloadSpeed": 100},
    )["Link"]
    device = manager.create_device(GlobalNetworkId=ident, SiteId=site["SiteId"], Vendor="acme")
    core = manager.create_core_network(GlobalNetworkId=ident)["CoreNetwork"]
    return {
        "AWS::NetworkManager::GlobalNetwork": {world["GlobalNetworkArn"]},
        "AWS::NetworkManager::Site": {site["SiteArn"]},
        "AWS::NetworkManager::Link": {link["LinkArn"]},
        "AWS::NetworkManager::Device": {device["Device"]["DeviceArn"]},
        "AWS::NetworkManager::CoreNetwork": {core["CoreNetworkArn"]},
    }
