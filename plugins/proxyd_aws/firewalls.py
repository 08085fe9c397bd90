"""What keeps traffic out: WAFv2, Shield, Network Firewall, Firewall Manager."""

from collections.abc import Iterator
from typing import Any

from proxyd.plugin import each, listing, pages, tagged

_SCOPES: dict[str, Any] = {"Scope": "REGIONAL", "at_home": {"Scope": "CLOUDFRONT"}}
"""What is in a region, and at home what is CloudFront's."""

_NESTED = (
    "Statement",
    "Statement.NotStatement.Statement",
    "Statement.AndStatement.Statements[]",
    "Statement.OrStatement.Statements[]",
    "Statement.RateBasedStatement.ScopeDownStatement",
)
"""Where a rule's statement refers to sets and groups: by itself, or one level down."""

_RULES_OF_ACL = "WebACL.Rules[]"
_RULES_OF_GROUP = "RuleGroup.Rules[]"


def _uses(rules: str) -> Iterator[str]:
    """Yield the links of some rules to what they are made of."""
    for statement in _NESTED:
        to = f"{rules}.{statement}"
        yield f"uses AWS::WAFv2::IPSet {to}.IPSetReferenceStatement.ARN"
        yield f"uses AWS::WAFv2::RegexPatternSet {to}.RegexPatternSetReferenceStatement.ARN"


def _protects(path: str) -> tuple[str, ...]:
    """Return the links to what Shield protects, by the ARNs at a path."""
    return (
        f"attached-to AWS::CloudFront::Distribution {path} ~ arn:*:cloudfront:*",
        f"attached-to AWS::Route53::HostedZone {path} ~ arn:*:route53:*",
        f"attached-to AWS::GlobalAccelerator::Accelerator {path} ~ arn:*:globalaccelerator:*",
        f"attached-to AWS::ElasticLoadBalancingV2::LoadBalancer {path} ~ arn:*:loadbalancer/app/*",
        f"attached-to AWS::EC2::EIP {path}/ ~ eipalloc-*",
    )


SCANNERS = (
    listing(
        "AWS::WAFv2::WebACL",
        calls=(
            pages("wafv2", "ListWebACLs", "WebACLs[]", **_SCOPES),
            # The list tells no more than names.
            each("wafv2", "GetWebACL", ARN="{ARN}"),
        ),
        arn="ARN",
        name="Name",
        tags=tagged("wafv2"),
        properties="Description, Capacity=WebACL.Capacity, Rules=WebACL.Rules[].Name, "
        "ManagedRuleGroups=WebACL.Rules[].Statement.ManagedRuleGroupStatement.Name, "
        "ManagedByFirewallManager=WebACL.ManagedByFirewallManager",
        links=(
            f"uses AWS::WAFv2::RuleGroup {_RULES_OF_ACL}.Statement.RuleGroupReferenceStatement.ARN",
            *_uses(_RULES_OF_ACL),
        ),
    ),
    listing(
        "AWS::WAFv2::RuleGroup",
        calls=(
            pages("wafv2", "ListRuleGroups", "RuleGroups[]", **_SCOPES),
            each("wafv2", "GetRuleGroup", ARN="{ARN}"),
        ),
        arn="ARN",
        name="Name",
        tags=tagged("wafv2"),
        properties="Description, Capacity=RuleGroup.Capacity, Rules=RuleGroup.Rules[].Name",
        links=tuple(_uses(_RULES_OF_GROUP)),
    ),
    listing(
        "AWS::WAFv2::IPSet",
        calls=pages("wafv2", "ListIPSets", "IPSets[]", **_SCOPES),
        arn="ARN",
        name="Name",
        tags=tagged("wafv2"),
        properties="Description",
    ),
    listing(
        "AWS::WAFv2::RegexPatternSet",
        calls=pages("wafv2", "ListRegexPatternSets", "RegexPatternSets[]", **_SCOPES),
        arn="ARN",
        name="Name",
        tags=tagged("wafv2"),
        properties="Description",
    ),
    listing(
        "AWS::Shield::Protection",
        calls=pages("shield", "ListProtections", "Protections[]"),
        scope="global",
        arn="ProtectionArn",
        name="Name",
        tags=tagged("shield:protection"),
        properties="ResourceArn, "
        "AutomaticResponse=ApplicationLayerAutomaticResponseConfiguration.Status",
        links=(*_protects("ResourceArn"), "uses AWS::Route53::HealthCheck HealthCheckIds"),
    ),
    listing(
        "AWS::Shield::ProtectionGroup",
        calls=pages("shield", "ListProtectionGroups", "ProtectionGroups[]"),
        scope="global",
        arn="ProtectionGroupArn",
        name="ProtectionGroupId",
        tags=tagged("shield:protection-group"),
        properties="Pattern, Aggregation, ResourceType",
        links=_protects("Members"),
    ),
    listing(
        "AWS::NetworkFirewall::Firewall",
        calls=(
            pages("network-firewall", "ListFirewalls", "Firewalls[]"),
            # The list tells no more than names.
            each("network-firewall", "DescribeFirewall", FirewallArn="{FirewallArn}"),
        ),
        arn="FirewallArn",
        name="FirewallName",
        tags="Firewall.Tags",
        properties="State=FirewallStatus.Status, "
        "ConfigurationSyncState=FirewallStatus.ConfigurationSyncStateSummary, "
        "Description=Firewall.Description, "
        "AvailabilityZones=Firewall.AvailabilityZoneMappings[].AvailabilityZone, "
        "DeleteProtection=Firewall.DeleteProtection, "
        "SubnetChangeProtection=Firewall.SubnetChangeProtection, "
        "FirewallPolicyChangeProtection=Firewall.FirewallPolicyChangeProtection",
        links=(
            "in AWS::EC2::VPC Firewall.VpcId",
            "in AWS::EC2::Subnet Firewall.SubnetMappings[].SubnetId",
            "uses AWS::EC2::VPCEndpoint FirewallStatus.SyncStates[*].Attachment.EndpointId",
            "attached-to AWS::EC2::TransitGateway Firewall.TransitGatewayId",
            "uses AWS::EC2::TransitGatewayAttachment "
            "FirewallStatus.TransitGatewayAttachmentSyncState.AttachmentId",
            "uses AWS::NetworkFirewall::FirewallPolicy Firewall.FirewallPolicyArn",
            "encrypts-with AWS::KMS::Key "
            "Firewall.EncryptionConfiguration.KeyId ~ !AWS_OWNED_KMS_KEY",
        ),
    ),
    listing(
        "AWS::NetworkFirewall::FirewallPolicy",
        calls=(
            pages("network-firewall", "ListFirewallPolicies", "FirewallPolicies[]"),
            each("network-firewall", "DescribeFirewallPolicy", FirewallPolicyArn="{Arn}"),
        ),
        arn="Arn",
        name="Name",
        tags="FirewallPolicyResponse.Tags",
        properties="State=FirewallPolicyResponse.FirewallPolicyStatus, "
        "Description=FirewallPolicyResponse.Description, "
        "StatelessDefaultActions=FirewallPolicy.StatelessDefaultActions, "
        "StatefulDefaultActions=FirewallPolicy.StatefulDefaultActions, "
        "RuleOrder=FirewallPolicy.StatefulEngineOptions.RuleOrder, "
        "LastModifiedTime=FirewallPolicyResponse.LastModifiedTime",
        links=(
            "uses AWS::NetworkFirewall::RuleGroup "
            "FirewallPolicy.StatelessRuleGroupReferences[].ResourceArn ~ !arn:*:aws-managed:*",
            "uses AWS::NetworkFirewall::RuleGroup "
            "FirewallPolicy.StatefulRuleGroupReferences[].ResourceArn ~ !arn:*:aws-managed:*",
            "uses AWS::NetworkFirewall::TLSInspectionConfiguration "
            "FirewallPolicy.TLSInspectionConfigurationArn",
            "encrypts-with AWS::KMS::Key "
            "FirewallPolicyResponse.EncryptionConfiguration.KeyId ~ !AWS_OWNED_KMS_KEY",
        ),
    ),
    listing(
        "AWS::NetworkFirewall::RuleGroup",
        calls=(
            pages("network-firewall", "ListRuleGroups", "RuleGroups[]", Scope="ACCOUNT"),
            each("network-firewall", "DescribeRuleGroupMetadata", RuleGroupArn="{Arn}"),
        ),
        arn="Arn",
        name="Name",
        tags=tagged("network-firewall"),
        properties="Type, Capacity, Description, RuleOrder=StatefulRuleOptions.RuleOrder, "
        "LastModifiedTime",
    ),
    listing(
        "AWS::FMS::Policy",
        calls=pages("fms", "ListPolicies", "PolicyList[]"),
        arn="PolicyArn",
        name="PolicyName",
        tags=tagged("fms:policy"),
        properties="State=PolicyStatus, SecurityServiceType, ResourceType, RemediationEnabled, "
        "DeleteUnusedFMManagedResources",
    ),
)
