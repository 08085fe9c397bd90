"""What governs accounts, records what happens in them and says what they may cost."""

from proxyd.plugin import each, listing, pages, tagged

_SHARED = {
    "AWS::ACMPCA::CertificateAuthority": "acm-pca:*:certificate-authority/*",
    "AWS::CodeBuild::Project": "codebuild:*:project/*",
    "AWS::CodeBuild::ReportGroup": "codebuild:*:report-group/*",
    "AWS::EC2::CapacityReservation": "ec2:*:capacity-reservation/*",
    "AWS::EC2::Host": "ec2:*:dedicated-host/*",
    "AWS::EC2::PlacementGroup": "ec2:*:placement-group/*",
    "AWS::EC2::PrefixList": "ec2:*:prefix-list/*",
    "AWS::EC2::SecurityGroup": "ec2:*:security-group/*",
    "AWS::EC2::Subnet": "ec2:*:subnet/*",
    "AWS::EC2::TransitGateway": "ec2:*:transit-gateway/*",
    "AWS::Glue::Database": "glue:*:database/*",
    "AWS::Glue::Table": "glue:*:table/*",
    "AWS::ImageBuilder::Component": "imagebuilder:*:component/*",
    "AWS::NetworkFirewall::FirewallPolicy": "network-firewall:*:firewall-policy/*",
    "AWS::NetworkFirewall::RuleGroup": "network-firewall:*-rulegroup/*",
    "AWS::NetworkManager::CoreNetwork": "networkmanager:*:core-network/*",
    "AWS::RDS::DBCluster": "rds:*:cluster:*",
    "AWS::Route53Resolver::FirewallRuleGroup": "route53resolver:*:firewall-rule-group/*",
    "AWS::Route53Resolver::ResolverRule": "route53resolver:*:resolver-rule/*",
    "AWS::SSM::Parameter": "ssm:*:parameter/*",
}
"""What may be shared, and what its ARNs are like."""

SCANNERS = (
    listing(
        "AWS::CloudTrail::Trail",
        calls=(
            # A shadow is the same trail, seen from another region or a member account.
            pages("cloudtrail", "DescribeTrails", "trailList[]", includeShadowTrails=False),
            # Whether it records anything is told nowhere else.
            each("cloudtrail", "GetTrailStatus", into="Status", Name="{TrailARN}"),
        ),
        arn="TrailARN",
        name="Name",
        tags=tagged("cloudtrail:trail"),
        properties="IsLogging=Status.IsLogging, IsMultiRegionTrail, IsOrganizationTrail, "
        "IncludeGlobalServiceEvents, LogFileValidationEnabled, HasCustomEventSelectors, "
        "HasInsightSelectors, S3KeyPrefix, LatestDeliveryError=Status.LatestDeliveryError",
        links=(
            "routes-to AWS::S3::Bucket S3BucketName, routes-to AWS::SNS::Topic SnsTopicARN",
            "routes-to AWS::Logs::LogGroup CloudWatchLogsLogGroupArn ~ (arn:*:log-group:*):*",
            "encrypts-with AWS::KMS::Key KmsKeyId, runs-as AWS::IAM::Role CloudWatchLogsRoleArn",
        ),
    ),
    listing(
        "AWS::CloudTrail::EventDataStore",
        calls=(
            pages("cloudtrail", "ListEventDataStores", "EventDataStores[]"),
            # The list has room for the rest in its answer, and AWS no longer fills it.
            each(
                "cloudtrail",
                "GetEventDataStore",
                into="Detail",
                EventDataStore="{EventDataStoreArn}",
            ),
        ),
        arn="EventDataStoreArn",
        name="Name",
        tags=tagged("cloudtrail:eventdatastore"),
        properties="State=Detail.Status, RetentionPeriod=Detail.RetentionPeriod, "
        "MultiRegionEnabled=Detail.MultiRegionEnabled, "
        "OrganizationEnabled=Detail.OrganizationEnabled, "
        "TerminationProtectionEnabled=Detail.TerminationProtectionEnabled, "
        "BillingMode=Detail.BillingMode, CreatedTimestamp=Detail.CreatedTimestamp",
        links="encrypts-with AWS::KMS::Key Detail.KmsKeyId, "
        "runs-as AWS::IAM::Role Detail.FederationRoleArn",
    ),
    listing(
        "AWS::Config::ConfigRule",
        calls=pages("config", "DescribeConfigRules", "ConfigRules[]"),
        arn="ConfigRuleArn",
        name="ConfigRuleName",
        tags=tagged("config:config-rule"),
        properties="State=ConfigRuleState, Description, Owner=Source.Owner, "
        "SourceIdentifier=Source.SourceIdentifier, "
        "ComplianceResourceTypes=Scope.ComplianceResourceTypes, MaximumExecutionFrequency, "
        "EvaluationModes=EvaluationModes[].Mode, ConfigRuleId, CreatedBy",
        links="uses AWS::Lambda::Function Source.SourceIdentifier ~ arn:*:lambda:*",
    ),
    listing(
        "AWS::Config::ConfigurationRecorder",
        calls=(
            pages("config", "DescribeConfigurationRecorders", "ConfigurationRecorders[]"),
            # Whether it records anything is told nowhere else; there is one in a region, or two.
            each(
                "config",
                "DescribeConfigurationRecorderStatus",
                into="Status",
                ConfigurationRecorderNames=["{name}"],
            ),
        ),
        arn="arn",
        id="name",
        tags=tagged("config:configuration-recorder"),
        properties="State=Status.ConfigurationRecordersStatus[0].lastStatus, "
        "recording=Status.ConfigurationRecordersStatus[0].recording, "
        "lastErrorCode=Status.ConfigurationRecordersStatus[0].lastErrorCode, "
        "allSupported=recordingGroup.allSupported, "
        "includeGlobalResourceTypes=recordingGroup.includeGlobalResourceTypes, "
        "resourceTypes=recordingGroup.resourceTypes, "
        "recordingFrequency=recordingMode.recordingFrequency",
        links="runs-as AWS::IAM::Role roleARN",
    ),
    listing(
        "AWS::Config::DeliveryChannel",
        calls=pages("config", "DescribeDeliveryChannels", "DeliveryChannels[]"),
        # AWS has no ARN for them.
        arn="arn:{partition}:config:{region}:{account}:delivery-channel/{name}",
        id="name",
        tags=None,
        properties="s3KeyPrefix, "
        "deliveryFrequency=configSnapshotDeliveryProperties.deliveryFrequency",
        links="routes-to AWS::S3::Bucket s3BucketName, routes-to AWS::SNS::Topic snsTopicARN, "
        "encrypts-with AWS::KMS::Key s3KmsKeyArn",
    ),
    listing(
        "AWS::Config::ConformancePack",
        calls=pages("config", "DescribeConformancePackStatus", "ConformancePackStatusDetails[]"),
        arn="ConformancePackArn",
        id="ConformancePackName",
        tags=tagged("config:conformance-pack"),
        properties="State=ConformancePackState, StatusReason=ConformancePackStatusReason, "
        "ConformancePackId, LastUpdateRequestedTime, LastUpdateCompletedTime",
        links="uses AWS::CloudFormation::Stack StackArn",
    ),
    listing(
        "AWS::Config::ConfigurationAggregator",
        calls=pages("config", "DescribeConfigurationAggregators", "ConfigurationAggregators[]"),
        arn="ConfigurationAggregatorArn",
        id="ConfigurationAggregatorName",
        tags=tagged("config:config-aggregator"),
        properties="AccountIds=AccountAggregationSources[].AccountIds[], "
        "AwsRegions=AccountAggregationSources[].AwsRegions[], "
        "AllAwsRegions=AccountAggregationSources[].AllAwsRegions, "
        "OrganizationAllAwsRegions=OrganizationAggregationSource.AllAwsRegions, CreationTime, "
        "LastUpdatedTime, CreatedBy",
        links="runs-as AWS::IAM::Role OrganizationAggregationSource.RoleArn",
    ),
    listing(
        "AWS::RAM::ResourceShare",
        calls=(
            pages("ram", "GetResourceShares", "resourceShares[]", resourceOwner="SELF"),
            # What it shares, without which it is but a name.
            each(
                "ram",
                "GetResourceShareAssociations",
                "resourceShareAssociations[]",
                into="Shared",
                associationType="RESOURCE",
                associationStatus="ASSOCIATED",
                resourceShareArns=["{resourceShareArn}"],
            ),
        ),
        arn="resourceShareArn",
        name="name",
        tags="tags",
        properties="State=status, allowExternalPrincipals, featureSet, creationTime, "
        "lastUpdatedTime",
        links=[
            f"attached-to {type_} Shared[].associatedEntity ~ arn:*:{arn}"
            for type_, arn in _SHARED.items()
        ],
        # It stays in the list for two hours after its end.
        drop=("status", "DELETED"),
    ),
    listing(
        "AWS::ServiceCatalog::Portfolio",
        calls=pages("servicecatalog", "ListPortfolios", "PortfolioDetails[]"),
        arn="ARN",
        name="DisplayName",
        tags=tagged("catalog:portfolio"),
        properties="Description, ProviderName, CreatedTime",
    ),
    listing(
        "AWS::Budgets::Budget",
        calls=pages("budgets", "DescribeBudgets", "Budgets[]", AccountId="{account}"),
        scope="global",
        arn="arn:{partition}:budgets::{account}:budget/{BudgetName}",
        id="BudgetName",
        tags=tagged("budgets:budget"),
        properties="State=HealthStatus.Status, BudgetType, TimeUnit, "
        "LimitAmount=BudgetLimit.Amount, LimitUnit=BudgetLimit.Unit, "
        "AutoAdjustType=AutoAdjustData.AutoAdjustType, Start=TimePeriod.Start, "
        "End=TimePeriod.End, LastUpdatedTime",
    ),
    listing(
        "AWS::CE::AnomalyMonitor",
        calls=pages("ce", "GetAnomalyMonitors", "AnomalyMonitors[]"),
        scope="global",
        arn="MonitorArn",
        name="MonitorName",
        tags=tagged("ce:anomalymonitor"),
        properties="MonitorType, MonitorDimension, CreationDate, LastUpdatedDate",
    ),
)
