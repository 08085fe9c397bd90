"""Names: zones and the records in them, resolvers, services that are found by name."""

from collections.abc import AsyncGenerator
from typing import Any

from proxyd.plugin import (
    AwsError,
    Link,
    LinkTo,
    Operation,
    Resource,
    Scanner,
    Shard,
    each,
    listing,
    pages,
    tagged,
)

_ZONES = Operation("route53", "ListHostedZones")
_RECORDS = Operation("route53", "ListResourceRecordSets")
_ALIAS = "AliasTarget.DNSName"
_RECORD_SET = "route53:::hostedzone/{}/recordset/{}"
_ENDPOINT_PIECES = 2
_WILDCARD = "\\052"


async def records(shard: Shard) -> AsyncGenerator[Resource, None]:
    """List the records of every zone; a set identifier is in the ARN where there is one."""
    async for answer in shard.pages(*_ZONES):
        for zone in answer.get("HostedZones", ()):
            ident = zone["Id"].rpartition("/")[2]
            try:
                async for page in shard.pages(*_RECORDS, HostedZoneId=ident):
                    for record in page.get("ResourceRecordSets", ()):
                        yield _record(shard, ident, record)
            except AwsError as error:
                if not error.absent:
                    shard.incomplete(error)


def _record(shard: Shard, zone: str, record: dict[str, Any]) -> Resource:
    """Make a resource of a record; its values are left out, some are there to prove things."""
    alias = record.get("AliasTarget", {})
    place = record.get("GeoLocation", {})
    target = alias.get("DNSName", "").rstrip(".").removeprefix("dualstack.") or None
    known = {
        "Type": record["Type"],
        "TTL": record.get("TTL"),
        "AliasTarget": target,
        "EvaluateTargetHealth": alias.get("EvaluateTargetHealth"),
        "Weight": record.get("Weight"),
        "Region": record.get("Region"),
        "Failover": record.get("Failover"),
        "MultiValueAnswer": record.get("MultiValueAnswer"),
        "Continent": place.get("ContinentCode"),
        "Country": place.get("CountryCode"),
        "SetIdentifier": record.get("SetIdentifier"),
    }
    names = (record["Name"], record["Type"], record.get("SetIdentifier"))
    path = "/".join(name for name in names if name)
    return shard.resource(
        # AWS has no ARN for a record: this one is the zone's and what makes it one of its own.
        arn=f"arn:{shard.partition}:{_RECORD_SET.format(zone, path)}",
        id=path,
        name=record["Name"],
        properties={key: value for key, value in known.items() if value is not None},
        links=tuple(_links(shard, zone, record, target or "")),
    )


def _links(shard: Shard, zone: str, record: dict[str, Any], target: str) -> list[Link]:
    links = [Link(rel="in", type="AWS::Route53::HostedZone", id=zone)]
    check = record.get("HealthCheckId")
    if check:
        links.append(Link(rel="uses", type="AWS::Route53::HealthCheck", id=check))
    aliased = _aliased(record["Name"], target)
    alias = record.get("AliasTarget", {})
    if alias.get("HostedZoneId") == zone:
        path = f"{alias['DNSName']}/{record['Type']}"
        arn = f"arn:{shard.partition}:{_RECORD_SET.format(zone, path)}"
        links.append(Link(rel="routes-to", type="AWS::Route53::RecordSet", arn=arn))
    elif aliased:
        links.append(Link(rel="routes-to", type=aliased[0], id=aliased[1]))
    return links


def _aliased(record: str, target: str) -> tuple[str, str] | None:
    """Tell what an alias leads to, as its scanner calls it, by the form of its name."""
    first, _, rest = target.partition(".")
    pieces = rest.split(".")
    if rest.startswith("cloudfront."):
        return "AWS::CloudFront::Distribution", target
    if rest == "awsglobalaccelerator.com":
        return "AWS::GlobalAccelerator::Accelerator", target
    if "elb" in pieces and "amazonaws" in pieces:
        name = first.removeprefix("internal-").rpartition("-")[0]
        return ("AWS::ElasticLoadBalancingV2::LoadBalancer", name) if name else None
    if "vpce" in pieces and first.startswith("vpce-"):
        return "AWS::EC2::VPCEndpoint", "-".join(first.split("-")[:_ENDPOINT_PIECES])
    return _of_the_same_name(record.rstrip("."), first, pieces)


def _of_the_same_name(record: str, first: str, pieces: list[str]) -> tuple[str, str] | None:
    """Tell what has to have the name of the record: the bucket of a website, an API's domain."""
    if first.startswith("s3-website"):
        return "AWS::S3::Bucket", record
    if "execute-api" in pieces:
        return "AWS::ApiGateway::DomainName", record.replace(_WILDCARD, "*")
    return None


RECORD_SETS = Scanner(
    type="AWS::Route53::RecordSet",
    operations=(_ZONES, _RECORDS),
    scan=records,
    scope="global",
    # The values are not among them: what is not read is not even made of an answer.
    reads={
        _ZONES: ("HostedZones[].Id",),
        _RECORDS: tuple(
            f"ResourceRecordSets[].{path}"
            for path in (
                "Name",
                "Type",
                "TTL",
                "AliasTarget.DNSName",
                "AliasTarget.EvaluateTargetHealth",
                "AliasTarget.HostedZoneId",
                "Weight",
                "Region",
                "Failover",
                "MultiValueAnswer",
                "GeoLocation.ContinentCode",
                "GeoLocation.CountryCode",
                "SetIdentifier",
                "HealthCheckId",
            )
        ),
    },
    fields=(
        "Type",
        "TTL",
        "AliasTarget",
        "EvaluateTargetHealth",
        "Weight",
        "Region",
        "Failover",
        "MultiValueAnswer",
        "Continent",
        "Country",
        "SetIdentifier",
    ),
    links=(
        LinkTo("in", "AWS::Route53::HostedZone", "HostedZoneId"),
        LinkTo("uses", "AWS::Route53::HealthCheck", "HealthCheckId"),
        LinkTo("routes-to", "AWS::CloudFront::Distribution", _ALIAS),
        LinkTo("routes-to", "AWS::ElasticLoadBalancingV2::LoadBalancer", _ALIAS),
        LinkTo("routes-to", "AWS::GlobalAccelerator::Accelerator", _ALIAS),
        LinkTo("routes-to", "AWS::EC2::VPCEndpoint", _ALIAS),
        LinkTo("routes-to", "AWS::Route53::RecordSet", _ALIAS),
        LinkTo("routes-to", "AWS::ApiGateway::DomainName", "Name"),
        LinkTo("routes-to", "AWS::S3::Bucket", "Name"),
    ),
    cost="1 per region +1 per parent",
)

_OURS = {"Name": "RESOURCE_OWNER", "Values": ["SELF"], "Condition": "EQ"}
"""Without what other accounts share, which is called by ARNs instead of ids."""

SCANNERS = (
    listing(
        "AWS::Route53::HostedZone",
        calls=(
            pages("route53", "ListHostedZones", "HostedZones[]"),
            # Which networks see a private zone no list tells.
            each("route53", "GetHostedZone", into="Detail", Id="{Id}"),
        ),
        scope="global",
        arn="arn:{partition}:route53:::hostedzone/{Id/}",
        name="Name",
        tags=tagged("route53:hostedzone"),
        properties="Private=Config.PrivateZone, Comment=Config.Comment, ResourceRecordSetCount, "
        "NameServers=Detail.DelegationSet.NameServers, "
        "OwningService=LinkedService.ServicePrincipal",
        links="in AWS::EC2::VPC Detail.VPCs[].VPCId",
    ),
    RECORD_SETS,
    # Neither the path nor what is searched for: both may hold what lets the checker in.
    listing(
        "AWS::Route53::HealthCheck",
        calls=pages("route53", "ListHealthChecks", "HealthChecks[]"),
        scope="global",
        arn="arn:{partition}:route53:::healthcheck/{Id}",
        tags=tagged("route53:healthcheck"),
        properties="Type=HealthCheckConfig.Type, "
        "FullyQualifiedDomainName=HealthCheckConfig.FullyQualifiedDomainName, "
        "IPAddress=HealthCheckConfig.IPAddress, Port=HealthCheckConfig.Port, "
        "RequestInterval=HealthCheckConfig.RequestInterval, "
        "FailureThreshold=HealthCheckConfig.FailureThreshold, "
        "Disabled=HealthCheckConfig.Disabled, OwningService=LinkedService.ServicePrincipal",
        links=(
            "uses AWS::CloudWatch::Alarm HealthCheckConfig.AlarmIdentifier.Name",
            "uses AWS::Route53::HealthCheck HealthCheckConfig.ChildHealthChecks",
            "uses AWS::Route53RecoveryControl::RoutingControl HealthCheckConfig.RoutingControlArn",
        ),
    ),
    listing(
        "AWS::Route53::TrafficPolicy",
        calls=pages("route53", "ListTrafficPolicies", "TrafficPolicySummaries[]"),
        scope="global",
        arn="arn:{partition}:route53:::trafficpolicy/{Id}",
        name="Name",
        tags=None,
        properties="Type, LatestVersion, TrafficPolicyCount",
    ),
    listing(
        "AWS::Route53RecoveryReadiness::ReadinessCheck",
        calls=pages("route53-recovery-readiness", "ListReadinessChecks", "ReadinessChecks[]"),
        scope="global",
        arn="ReadinessCheckArn",
        name="ReadinessCheckName",
        properties="ResourceSet",
        links="uses AWS::Route53RecoveryReadiness::ResourceSet ResourceSet",
    ),
    listing(
        "AWS::Route53Resolver::ResolverEndpoint",
        calls=(
            pages("route53resolver", "ListResolverEndpoints", "ResolverEndpoints[]"),
            # The addresses are all that anybody needs of one, and the list only counts them.
            each(
                "route53resolver",
                "ListResolverEndpointIpAddresses",
                "IpAddresses[]",
                into="Addresses",
                ResolverEndpointId="{Id}",
            ),
        ),
        arn="Arn",
        name="Name",
        tags=tagged("route53resolver:resolver-endpoint"),
        properties="State=Status, Direction, Ips=Addresses[].Ip, Ipv6s=Addresses[].Ipv6, "
        "ResolverEndpointType, Protocols, CreationTime, ModificationTime",
        links=(
            "in AWS::EC2::VPC HostVPCId, in AWS::EC2::Subnet Addresses[].SubnetId",
            "uses AWS::EC2::SecurityGroup SecurityGroupIds",
            "in AWS::Outposts::Outpost OutpostArn",
        ),
    ),
    listing(
        "AWS::Route53Resolver::ResolverRule",
        calls=(
            pages("route53resolver", "ListResolverRules", "ResolverRules[]"),
            # A rule does nothing until it is given to a network.
            each(
                "route53resolver",
                "ListResolverRuleAssociations",
                "ResolverRuleAssociations[]",
                into="Associations",
                Filters=[{"Name": "ResolverRuleId", "Values": ["{Id}"]}],
            ),
        ),
        arn="Arn",
        name="Name",
        tags=tagged("route53resolver:resolver-rule"),
        properties="State=Status, DomainName, RuleType, TargetIps=TargetIps[].Ip, "
        "TargetIpv6s=TargetIps[].Ipv6, ShareStatus, OwnerId, CreationTime, ModificationTime",
        links=(
            "attached-to AWS::EC2::VPC Associations[].VPCId",
            "uses AWS::Route53Resolver::ResolverEndpoint ResolverEndpointId",
        ),
        # Every account has one for the rest of the internet, and it is AWS's.
        drop=("Id", "rslvr-autodefined-*"),
    ),
    listing(
        "AWS::Route53Resolver::FirewallDomainList",
        calls=pages("route53resolver", "ListFirewallDomainLists", "FirewallDomainLists[]"),
        arn="Arn",
        name="Name",
        tags=tagged("route53resolver:firewall-domain-list"),
        keep=("ManagedOwnerName", ""),
    ),
    listing(
        "AWS::Route53Resolver::FirewallRuleGroup",
        calls=(
            pages("route53resolver", "ListFirewallRuleGroups", "FirewallRuleGroups[]"),
            each(
                "route53resolver",
                "ListFirewallRuleGroupAssociations",
                "FirewallRuleGroupAssociations[]",
                into="Associations",
                FirewallRuleGroupId="{Id}",
            ),
            each(
                "route53resolver",
                "ListFirewallRules",
                "FirewallRules[]",
                into="Rules",
                FirewallRuleGroupId="{Id}",
            ),
        ),
        arn="Arn",
        name="Name",
        tags=tagged("route53resolver:firewall-rule-group"),
        properties="ShareStatus, OwnerId, Actions=Rules[].Action",
        links=(
            "attached-to AWS::EC2::VPC Associations[].VpcId",
            "uses AWS::Route53Resolver::FirewallDomainList Rules[].FirewallDomainListId",
        ),
    ),
    listing(
        "AWS::ServiceDiscovery::Service",
        calls=(
            # A service of a namespace without DNS does not tell in which it is.
            pages("servicediscovery", "ListNamespaces", "Namespaces[]", Filters=[_OURS]),
            each(
                "servicediscovery",
                "ListServices",
                "Services[]",
                Filters=[{"Name": "NAMESPACE_ID", "Values": ["{Id}"], "Condition": "EQ"}],
            ),
        ),
        arn="Arn",
        name="Name",
        tags=tagged("servicediscovery:service"),
        properties="Type, Description, Namespace=^.Name, NamespaceType=^.Type, "
        "RoutingPolicy=DnsConfig.RoutingPolicy, RecordTypes=DnsConfig.DnsRecords[].Type, "
        "HealthCheckType=HealthCheckConfig.Type, CreateDate",
        links="uses AWS::Route53::HostedZone ^.Properties.DnsProperties.HostedZoneId",
    ),
    # AWS has no ARN for an instance: this one is its service's and its id. Of its attributes
    # only those whose names AWS gave: the others may be anything.
    listing(
        "AWS::ServiceDiscovery::Instance",
        calls=(
            pages("servicediscovery", "ListServices", "Services[]", Filters=[_OURS]),
            each("servicediscovery", "ListInstances", "Instances[]", ServiceId="{Id}"),
        ),
        arn="{^.Arn}/instance/{Id}",
        id="Id",
        tags=None,
        properties="Service=^.Name, Ipv4=Attributes.AWS_INSTANCE_IPV4, "
        "Ipv6=Attributes.AWS_INSTANCE_IPV6, Port=Attributes.AWS_INSTANCE_PORT, "
        "Cname=Attributes.AWS_INSTANCE_CNAME, AliasTarget=Attributes.AWS_ALIAS_DNS_NAME, "
        "InitialHealth=Attributes.AWS_INIT_HEALTH_STATUS, "
        "AvailabilityZone=Attributes.AVAILABILITY_ZONE",
        links=(
            "member-of AWS::ServiceDiscovery::Service ^.Arn",
            "routes-to AWS::EC2::Instance Attributes.AWS_EC2_INSTANCE_ID",
            "routes-to AWS::ECS::Service Attributes.ECS_SERVICE_NAME",
            "in AWS::ECS::Cluster Attributes.ECS_CLUSTER_NAME",
        ),
    ),
)
