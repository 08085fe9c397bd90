"""What governs accounts, records what happens in them and says what they may cost."""

from proxyd.plugin import each, listing, pages, tagged

_SHARED = {
    "acm-pca:CertificateAuthority": "AWS::ACMPCA::CertificateAuthority",
    "codebuild:Project": "AWS::CodeBuild::Project",
    "codebuild:ReportGroup": "AWS::CodeBuild::ReportGroup",
    "ec2:CapacityReservation": "AWS::EC2::CapacityReservation",
    "ec2:DedicatedHost": "AWS::EC2::Host",
    "ec2:PlacementGroup": "AWS::EC2::PlacementGroup",
    "ec2:PrefixList": "AWS::EC2::PrefixList",
    "ec2:SecurityGroup": "AWS::EC2::SecurityGroup",
    "ec2:Subnet": "AWS::EC2::Subnet",
    "ec2:TransitGateway": "AWS::EC2::TransitGateway",
    "glue:Database": "AWS::Glue::Database",
    "glue:Table": "AWS::Glue::Table",
    "imagebuilder:Component": "AWS::ImageBuilder::Component",
    "network-firewall:FirewallPolicy": "AWS::NetworkFirewall::FirewallPolicy",
    "network-firewall:StatefulRuleGroup": "AWS::NetworkFirewall::RuleGroup",
    "network-firewall:StatelessRuleGroup": "AWS::NetworkFirewall::RuleGroup",
    "networkmanager:CoreNetwork": "AWS::NetworkManager::CoreNetwork",
    "rds:Cluster": "AWS::RDS::DBCluster",
    "route53resolver:FirewallRuleGroup": "AWS::Route53Resolver::FirewallRuleGroup",
    "route53resolver:ResolverRule": "AWS::Route53Resolver::ResolverRule",
    "ssm:Parameter": "AWS::SSM::Parameter",
}
"""What may be shared, in the words of the Resource Access Manager and in CloudFormation's."""

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
        "HasInsightSelectors, S3KeyPrefix, LatestDeliveryError=Status.LatestDeliveryError, "
        "StartLoggingTime=Status.StartLoggingTime, StopLoggingTime=Status.StopLoggingTime",
        links=(
            "routes-to AWS::S3::Bucket S3BucketName",
            "routes-to AWS::SNS::Topic SnsTopicARN",
            "routes-to AWS::Logs::LogGroup CloudWatchLogsLogGroupArn ~ (arn:*:log-group:*):*",
            "encrypts-with AWS::KMS::Key KmsKeyId",
            "runs-as AWS::IAM::Role CloudWatchLogsRoleArn",
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
        "BillingMode=Detail.BillingMode, FederationStatus=Detail.FederationStatus, "
        "CreatedTimestamp=Detail.CreatedTimestamp, UpdatedTimestamp=Detail.UpdatedTimestamp",
        links=(
            "encrypts-with AWS::KMS::Key Detail.KmsKeyId",
            "runs-as AWS::IAM::Role Detail.FederationRoleArn",
        ),
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
                into="Detail",
                ConfigurationRecorderNames=["{name}"],
            ),
        ),
        arn="arn",
        id="name",
        name="name",
        tags=tagged("config:configuration-recorder"),
        properties="State=Detail.ConfigurationRecordersStatus[0].lastStatus, "
        "recording=Detail.ConfigurationRecordersStatus[0].recording, "
        "lastErrorCode=Detail.ConfigurationRecordersStatus[0].lastErrorCode, "
        "lastStartTime=Detail.ConfigurationRecordersStatus[0].lastStartTime, "
        "servicePrincipal, recordingScope, allSupported=recordingGroup.allSupported, "
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
        name="name",
        tags=None,
        properties="s3KeyPrefix, "
        "deliveryFrequency=configSnapshotDeliveryProperties.deliveryFrequency",
        links=(
            "routes-to AWS::S3::Bucket s3BucketName",
            "routes-to AWS::SNS::Topic snsTopicARN",
            "encrypts-with AWS::KMS::Key s3KmsKeyArn",
        ),
    ),
    listing(
        "AWS::Config::ConformancePack",
        calls=pages("config", "DescribeConformancePackStatus", "ConformancePackStatusDetails[]"),
        arn="ConformancePackArn",
        id="ConformancePackName",
        name="ConformancePackName",
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
        name="ConfigurationAggregatorName",
        tags=tagged("config:config-aggregator"),
        properties="AccountIds=AccountAggregationSources[].AccountIds[], "
        "AwsRegions=AccountAggregationSources[].AwsRegions[], "
        "AllAwsRegions=AccountAggregationSources[].AllAwsRegions, "
        "OrganizationAllAwsRegions=OrganizationAggregationSource.AllAwsRegions, "
        "CreationTime, LastUpdatedTime, CreatedBy",
        links="runs-as AWS::IAM::Role OrganizationAggregationSource.RoleArn",
    ),
    listing(
        "AWS::RAM::ResourceShare",
        calls=(
            pages("ram", "GetResourceShares", "resourceShares[]", resourceOwner="SELF"),
            # What it shares, without which it is but a name.
            each(
                "ram",
                "ListResources",
                "resources[]",
                into="Shared",
                resourceOwner="SELF",
                resourceShareArns=["{resourceShareArn}"],
            ),
        ),
        arn="resourceShareArn",
        name="name",
        tags="tags",
        properties="State=status, statusMessage, allowExternalPrincipals, featureSet, "
        "owningAccountId, creationTime, lastUpdatedTime",
        links=[f"attached-to {type_} Shared[type={kind}].arn" for kind, type_ in _SHARED.items()],
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
        name="BudgetName",
        tags=tagged("budgets:budget"),
        properties="State=HealthStatus.Status, BudgetType, TimeUnit, "
        "LimitAmount=BudgetLimit.Amount, LimitUnit=BudgetLimit.Unit, "
        "AutoAdjustType=AutoAdjustData.AutoAdjustType, Metrics, Start=TimePeriod.Start, "
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
