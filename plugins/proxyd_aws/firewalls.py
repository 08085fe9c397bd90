"""What keeps traffic out: WAFv2, Shield, Network Firewall, Firewall Manager."""

from collections.abc import Iterator

from proxyd.plugin import each, listing, pages, tagged

_NESTED = (
    "Statement",
    "Statement.NotStatement.Statement",
    "Statement.AndStatement.Statements[]",
    "Statement.OrStatement.Statements[]",
    "Statement.RateBasedStatement.ScopeDownStatement",
)
"""Where a rule's statement refers to sets and groups: by itself, or one level down."""

_RULES_OF_ACL = "Detail.WebACL.Rules[]"
_RULES_OF_GROUP = "Detail.RuleGroup.Rules[]"


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
            pages(
                "wafv2",
                "ListWebACLs",
                "WebACLs[]",
                Scope="REGIONAL",
                at_home={"Scope": "CLOUDFRONT"},
            ),
            # The list tells no more than names.
            each("wafv2", "GetWebACL", into="Detail", ARN="{ARN}"),
        ),
        arn="ARN",
        name="Name",
        tags=tagged("wafv2"),
        properties="Description, Capacity=Detail.WebACL.Capacity, "
        "Rules=Detail.WebACL.Rules[].Name, LabelNamespace=Detail.WebACL.LabelNamespace, "
        "ManagedRuleGroups=Detail.WebACL.Rules[].Statement.ManagedRuleGroupStatement.Name, "
        "ManagedByFirewallManager=Detail.WebACL.ManagedByFirewallManager, "
        "MetricName=Detail.WebACL.VisibilityConfig.MetricName",
        links=(
            f"uses AWS::WAFv2::RuleGroup {_RULES_OF_ACL}.Statement.RuleGroupReferenceStatement.ARN",
            *_uses(_RULES_OF_ACL),
        ),
    ),
    listing(
        "AWS::WAFv2::RuleGroup",
        calls=(
            pages(
                "wafv2",
                "ListRuleGroups",
                "RuleGroups[]",
                Scope="REGIONAL",
                at_home={"Scope": "CLOUDFRONT"},
            ),
            each("wafv2", "GetRuleGroup", into="Detail", ARN="{ARN}"),
        ),
        arn="ARN",
        name="Name",
        tags=tagged("wafv2"),
        properties="Description, Capacity=Detail.RuleGroup.Capacity, "
        "Rules=Detail.RuleGroup.Rules[].Name, LabelNamespace=Detail.RuleGroup.LabelNamespace, "
        "MetricName=Detail.RuleGroup.VisibilityConfig.MetricName",
        links=tuple(_uses(_RULES_OF_GROUP)),
    ),
    listing(
        "AWS::WAFv2::IPSet",
        calls=pages(
            "wafv2", "ListIPSets", "IPSets[]", Scope="REGIONAL", at_home={"Scope": "CLOUDFRONT"}
        ),
        arn="ARN",
        name="Name",
        tags=tagged("wafv2"),
        properties="Description",
    ),
    listing(
        "AWS::WAFv2::RegexPatternSet",
        calls=pages(
            "wafv2",
            "ListRegexPatternSets",
            "RegexPatternSets[]",
            Scope="REGIONAL",
            at_home={"Scope": "CLOUDFRONT"},
        ),
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
        properties="ResourceArn, AutomaticResponse="
        "ApplicationLayerAutomaticResponseConfiguration.Status",
        links=(
            *_protects("ResourceArn"),
            "uses AWS::Route53::HealthCheck HealthCheckIds",
        ),
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
            each(
                "network-firewall", "DescribeFirewall", into="Detail", FirewallArn="{FirewallArn}"
            ),
        ),
        arn="FirewallArn",
        name="FirewallName",
        tags="Detail.Firewall.Tags",
        properties="State=Detail.FirewallStatus.Status, "
        "ConfigurationSyncState=Detail.FirewallStatus.ConfigurationSyncStateSummary, "
        "Description=Detail.Firewall.Description, "
        "AvailabilityZones=Detail.Firewall.AvailabilityZoneMappings[].AvailabilityZone, "
        "DeleteProtection=Detail.Firewall.DeleteProtection, "
        "SubnetChangeProtection=Detail.Firewall.SubnetChangeProtection, "
        "FirewallPolicyChangeProtection=Detail.Firewall.FirewallPolicyChangeProtection, "
        "EncryptionType=Detail.Firewall.EncryptionConfiguration.Type",
        links=(
            "in AWS::EC2::VPC Detail.Firewall.VpcId",
            "in AWS::EC2::Subnet Detail.Firewall.SubnetMappings[].SubnetId",
            "uses AWS::EC2::VPCEndpoint Detail.FirewallStatus.SyncStates[*].Attachment.EndpointId",
            "attached-to AWS::EC2::TransitGateway Detail.Firewall.TransitGatewayId",
            "uses AWS::EC2::TransitGatewayAttachment "
            "Detail.FirewallStatus.TransitGatewayAttachmentSyncState.AttachmentId",
            "uses AWS::NetworkFirewall::FirewallPolicy Detail.Firewall.FirewallPolicyArn",
            "encrypts-with AWS::KMS::Key "
            "Detail.Firewall.EncryptionConfiguration.KeyId ~ !AWS_OWNED_KMS_KEY",
        ),
    ),
    listing(
        "AWS::NetworkFirewall::FirewallPolicy",
        calls=(
            pages("network-firewall", "ListFirewallPolicies", "FirewallPolicies[]"),
            each(
                "network-firewall",
                "DescribeFirewallPolicy",
                into="Detail",
                FirewallPolicyArn="{Arn}",
            ),
        ),
        arn="Arn",
        name="Name",
        tags="Detail.FirewallPolicyResponse.Tags",
        properties="State=Detail.FirewallPolicyResponse.FirewallPolicyStatus, "
        "Description=Detail.FirewallPolicyResponse.Description, "
        "StatelessDefaultActions=Detail.FirewallPolicy.StatelessDefaultActions, "
        "StatefulDefaultActions=Detail.FirewallPolicy.StatefulDefaultActions, "
        "RuleOrder=Detail.FirewallPolicy.StatefulEngineOptions.RuleOrder, "
        "NumberOfAssociations=Detail.FirewallPolicyResponse.NumberOfAssociations, "
        "LastModifiedTime=Detail.FirewallPolicyResponse.LastModifiedTime",
        links=(
            "uses AWS::NetworkFirewall::RuleGroup "
            "Detail.FirewallPolicy.StatelessRuleGroupReferences[].ResourceArn "
            "~ !arn:*:aws-managed:*",
            "uses AWS::NetworkFirewall::RuleGroup "
            "Detail.FirewallPolicy.StatefulRuleGroupReferences[].ResourceArn "
            "~ !arn:*:aws-managed:*",
            "uses AWS::NetworkFirewall::TLSInspectionConfiguration "
            "Detail.FirewallPolicy.TLSInspectionConfigurationArn",
            "encrypts-with AWS::KMS::Key "
            "Detail.FirewallPolicyResponse.EncryptionConfiguration.KeyId ~ !AWS_OWNED_KMS_KEY",
        ),
    ),
    listing(
        "AWS::NetworkFirewall::RuleGroup",
        calls=(
            pages("network-firewall", "ListRuleGroups", "RuleGroups[]", Scope="ACCOUNT"),
            each(
                "network-firewall", "DescribeRuleGroupMetadata", into="Detail", RuleGroupArn="{Arn}"
            ),
        ),
        arn="Arn",
        name="Name",
        tags=tagged("network-firewall"),
        properties="Type=Detail.Type, Capacity=Detail.Capacity, Description=Detail.Description, "
        "RuleOrder=Detail.StatefulRuleOptions.RuleOrder, "
        "LastModifiedTime=Detail.LastModifiedTime",
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
