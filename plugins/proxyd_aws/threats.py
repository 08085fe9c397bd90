"""What watches an account for attackers, mistakes and evidence."""

from proxyd.plugin import each, listing, one, pages, tagged

_DETECTORS = pages("guardduty", "ListDetectors", "DetectorIds[]")

SCANNERS = (
    listing(
        "AWS::GuardDuty::Detector",
        calls=(_DETECTORS, each("guardduty", "GetDetector", DetectorId="{@}")),
        arn="arn:{partition}:guardduty:{region}:{account}:detector/{@}",
        properties="State=Status, FindingPublishingFrequency, S3Logs=DataSources.S3Logs.Status, "
        "CloudTrail=DataSources.CloudTrail.Status, DNSLogs=DataSources.DNSLogs.Status, "
        "FlowLogs=DataSources.FlowLogs.Status, "
        "KubernetesAuditLogs=DataSources.Kubernetes.AuditLogs.Status, "
        "EbsMalwareProtection=DataSources.MalwareProtection.ScanEc2InstanceWithFindings"
        ".EbsVolumes.Status, CreatedAt, UpdatedAt",
        links="runs-as AWS::IAM::Role ServiceRole",
    ),
    listing(
        "AWS::GuardDuty::Filter",
        calls=(
            _DETECTORS,
            each("guardduty", "ListFilters", "FilterNames[]", DetectorId="{@}"),
            each("guardduty", "GetFilter", DetectorId="{^.@}", FilterName="{@}"),
        ),
        arn="arn:{partition}:guardduty:{region}:{account}:detector/{^.@}/filter/{@}",
        name="@",
        properties="Action, Rank, Description",
        links="member-of AWS::GuardDuty::Detector ^.@",
    ),
    listing(
        "AWS::GuardDuty::IPSet",
        calls=(
            _DETECTORS,
            each("guardduty", "ListIPSets", "IpSetIds[]", DetectorId="{@}"),
            each("guardduty", "GetIPSet", DetectorId="{^.@}", IpSetId="{@}"),
        ),
        arn="arn:{partition}:guardduty:{region}:{account}:detector/{^.@}/ipset/{@}",
        name="Name",
        properties="State=Status, Format, ExpectedBucketOwner",
        links="member-of AWS::GuardDuty::Detector ^.@",
    ),
    listing(
        "AWS::GuardDuty::ThreatIntelSet",
        calls=(
            _DETECTORS,
            each("guardduty", "ListThreatIntelSets", "ThreatIntelSetIds[]", DetectorId="{@}"),
            each("guardduty", "GetThreatIntelSet", DetectorId="{^.@}", ThreatIntelSetId="{@}"),
        ),
        arn="arn:{partition}:guardduty:{region}:{account}:detector/{^.@}/threatintelset/{@}",
        name="Name",
        properties="State=Status, Format, ExpectedBucketOwner",
        links="member-of AWS::GuardDuty::Detector ^.@",
    ),
    listing(
        "AWS::SecurityHub::Hub",
        calls=one("securityhub", "DescribeHub"),
        arn="HubArn",
        tags=tagged("securityhub:hub"),
        properties="AutoEnableControls, ControlFindingGenerator, SubscribedAt",
    ),
    listing(
        "AWS::InspectorV2::Filter",
        calls=pages("inspector2", "ListFilters", "filters[]"),
        arn="arn",
        name="name",
        tags="tags",
        properties="action, description, reason, createdAt, updatedAt",
    ),
    listing(
        "AWS::InspectorV2::CisScanConfiguration",
        calls=pages("inspector2", "ListCisScanConfigurations", "scanConfigurations[]"),
        arn="scanConfigurationArn",
        name="scanName",
        tags="tags",
        properties="securityLevel, ownerId, accountIds=targets.accountIds",
    ),
    listing(
        "AWS::Detective::Graph",
        calls=pages("detective", "ListGraphs", "GraphList[]"),
        arn="Arn",
        tags=tagged("detective:graph"),
        properties="CreatedTime",
    ),
    # The endpoint may be a URL with a password in it: what is not a queue's ARN stays here.
    listing(
        "AWS::SecurityLake::Subscriber",
        calls=pages("securitylake", "ListSubscribers", "subscribers[]"),
        arn="subscriberArn",
        name="subscriberName",
        tags=tagged("securitylake:subscriber"),
        properties="State=subscriberStatus, subscriberDescription, accessTypes, "
        "principal=subscriberIdentity.principal, awsLogSources=sources[].awsLogSource.sourceName, "
        "customLogSources=sources[].customLogSource.sourceName, createdAt, updatedAt",
        links=(
            "uses AWS::S3::Bucket s3BucketArn, uses AWS::RAM::ResourceShare resourceShareArn",
            "uses AWS::Glue::Crawler sources[].customLogSource.attributes.crawlerArn",
            "uses AWS::Glue::Database sources[].customLogSource.attributes.databaseArn",
            "uses AWS::Glue::Table sources[].customLogSource.attributes.tableArn",
            "triggers AWS::SQS::Queue subscriberEndpoint ~ arn:*:sqs:*",
            "runs-as AWS::IAM::Role roleArn",
        ),
    ),
    listing(
        "AWS::AccessAnalyzer::Analyzer",
        calls=pages("accessanalyzer", "ListAnalyzers", "analyzers[]"),
        arn="arn",
        name="name",
        tags="tags",
        properties="State=status, StatusReason=statusReason.code, type, "
        "unusedAccessAge=configuration.unusedAccess.unusedAccessAge, createdAt",
    ),
    # botocore marks its name as sensitive, and all that it is about.
    listing(
        "AWS::AuditManager::Assessment",
        calls=pages("auditmanager", "ListAssessments", "assessmentMetadata[]"),
        arn="arn:{partition}:auditmanager:{region}:{account}:assessment/{id}",
        tags=tagged("auditmanager:assessment"),
        properties="State=status, creationTime, lastUpdated",
    ),
)
