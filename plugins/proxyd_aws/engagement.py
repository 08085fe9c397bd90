"""What talks to people: mail and contact centres."""

from proxyd.plugin import each, listing, pages, tagged

_ACTIONS = "Rules[].Actions[]"

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
        "TlsPolicy=DeliveryOptions.TlsPolicy, "
        "ReputationMetricsEnabled=ReputationOptions.ReputationMetricsEnabled, "
        "SuppressedReasons=SuppressionOptions.SuppressedReasons, "
        "CustomRedirectDomain=TrackingOptions.CustomRedirectDomain",
        links="uses AWS::SES::DedicatedIpPool DeliveryOptions.SendingPoolName, "
        "uses AWS::SES::MailManagerArchive ArchivingOptions.ArchiveArn",
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
            each("ses", "DescribeReceiptRuleSet", RuleSetName="{Name}"),
        ),
        # As AWS names it in `aws:SourceArn`; the IAM reference has no receipt rules at all.
        arn="arn:{partition}:ses:{region}:{account}:receipt-rule-set/{Name}",
        name="Name",
        tags=None,
        properties="CreatedTimestamp, Rules=Rules[].Name",
        links=(
            f"routes-to AWS::S3::Bucket {_ACTIONS}.S3Action.BucketName",
            *(
                f"triggers AWS::SNS::Topic {_ACTIONS}.{kind}Action.TopicArn"
                for kind in ("Lambda", "S3", "SNS", "Stop", "Workmail")
            ),
            f"triggers AWS::Lambda::Function {_ACTIONS}.LambdaAction.FunctionArn ~ !*:function:*:*",
            f"triggers AWS::Lambda::Function {_ACTIONS}.LambdaAction.FunctionArn "
            "~ (arn:*:function:*):*",
            f"routes-to AWS::Connect::Instance {_ACTIONS}.ConnectAction.InstanceARN",
            f"encrypts-with AWS::KMS::Alias {_ACTIONS}.S3Action.KmsKeyArn ~ *alias/*",
            f"encrypts-with AWS::KMS::Key {_ACTIONS}.S3Action.KmsKeyArn ~ !*alias/*",
            f"runs-as AWS::IAM::Role {_ACTIONS}.S3Action.IamRoleArn",
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
