"""What talks to people: mail and contact centres."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::SES::EmailIdentity",
        calls=pages("sesv2", "ListEmailIdentities", "EmailIdentities[]"),
        arn="arn:{partition}:ses:{region}:{account}:identity/{IdentityName}",
        name="IdentityName",
        tags=tagged("ses:identity"),
        properties="State=VerificationStatus, IdentityType, SendingEnabled",
    ),
    listing(
        "AWS::SES::ConfigurationSet",
        calls=(
            pages("sesv2", "ListConfigurationSets", "ConfigurationSets[]"),
            each("sesv2", "GetConfigurationSet", ConfigurationSetName="{@}"),
        ),
        arn="arn:{partition}:ses:{region}:{account}:configuration-set/{@}",
        name="@",
        properties="SendingEnabled=SendingOptions.SendingEnabled, "
        "TlsPolicy=DeliveryOptions.TlsPolicy, SendingPoolName=DeliveryOptions.SendingPoolName, "
        "ReputationMetricsEnabled=ReputationOptions.ReputationMetricsEnabled, "
        "SuppressedReasons=SuppressionOptions.SuppressedReasons, "
        "CustomRedirectDomain=TrackingOptions.CustomRedirectDomain",
        links=(
            "uses AWS::SES::DedicatedIpPool DeliveryOptions.SendingPoolName",
            "uses AWS::SES::MailManagerArchive ArchivingOptions.ArchiveArn",
        ),
    ),
    listing(
        "AWS::SES::Template",
        calls=pages("ses", "ListTemplates", "TemplatesMetadata[]"),
        arn="arn:{partition}:ses:{region}:{account}:template/{Name}",
        name="Name",
        tags=None,
        properties="CreatedTimestamp",
    ),
    listing(
        "AWS::SES::ReceiptRuleSet",
        calls=(
            pages("ses", "ListReceiptRuleSets", "RuleSets[]"),
            # A set is its rules: where received mail goes.
            each("ses", "DescribeReceiptRuleSet", into="Detail", RuleSetName="{Name}"),
        ),
        # As AWS names it in `aws:SourceArn`; the IAM reference has no receipt rules at all.
        arn="arn:{partition}:ses:{region}:{account}:receipt-rule-set/{Name}",
        name="Name",
        tags=None,
        properties="CreatedTimestamp, Rules=Detail.Rules[].Name",
        links=(
            "routes-to AWS::S3::Bucket Detail.Rules[].Actions[].S3Action.BucketName",
            "triggers AWS::SNS::Topic Detail.Rules[].Actions[].S3Action.TopicArn",
            "triggers AWS::SNS::Topic Detail.Rules[].Actions[].SNSAction.TopicArn",
            "triggers AWS::Lambda::Function Detail.Rules[].Actions[].LambdaAction.FunctionArn",
            "routes-to AWS::Connect::Instance Detail.Rules[].Actions[].ConnectAction.InstanceARN",
            "encrypts-with AWS::KMS::Key Detail.Rules[].Actions[].S3Action.KmsKeyArn",
            "runs-as AWS::IAM::Role Detail.Rules[].Actions[].S3Action.IamRoleArn",
        ),
    ),
    listing(
        "AWS::Connect::Instance",
        calls=pages("connect", "ListInstances", "InstanceSummaryList[]"),
        arn="Arn",
        # Its alias is marked as sensitive, and the address has the alias in it.
        name="Id",
        tags=tagged("connect:instance"),
        properties="State=InstanceStatus, IdentityManagementType, InboundCallsEnabled, "
        "OutboundCallsEnabled, CreatedTime",
        links="runs-as AWS::IAM::Role ServiceRole",
    ),
)
