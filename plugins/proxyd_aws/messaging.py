"""Queues, topics with who is subscribed to them, and message brokers.

The counters of messages are left out: they change with every message, and a stream of
changes would be about nothing else.
"""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::SQS::Queue",
        calls=(
            pages("sqs", "ListQueues", "QueueUrls[]"),
            each(
                "sqs",
                "GetQueueAttributes",
                QueueUrl="{@}",
                # By name: `All` would fetch the queue's policy as well.
                AttributeNames=[
                    "CreatedTimestamp",
                    "FifoQueue",
                    "KmsMasterKeyId",
                    "LastModifiedTimestamp",
                    "MessageRetentionPeriod",
                    "RedrivePolicy",
                    "SqsManagedSseEnabled",
                    "VisibilityTimeout",
                ],
            ),
        ),
        arn="arn:{partition}:sqs:{region}:{account}:{@/}",
        name="@/",
        tags=tagged("sqs"),
        properties="QueueUrl=@, FifoQueue=Attributes.FifoQueue, "
        "VisibilityTimeout=Attributes.VisibilityTimeout, "
        "MessageRetentionPeriod=Attributes.MessageRetentionPeriod, "
        "SqsManagedSseEnabled=Attributes.SqsManagedSseEnabled, "
        "CreatedTimestamp=Attributes.CreatedTimestamp, "
        "LastModifiedTimestamp=Attributes.LastModifiedTimestamp",
        links=(
            'routes-to AWS::SQS::Queue Attributes.RedrivePolicy ~ *"(arn:*:sqs:*)"*',
            "encrypts-with AWS::KMS::Alias Attributes.KmsMasterKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key Attributes.KmsMasterKeyId ~ !*alias/*",
        ),
    ),
    listing(
        "AWS::SNS::Topic",
        calls=(
            pages("sns", "ListTopics", "Topics[]"),
            each("sns", "GetTopicAttributes", TopicArn="{TopicArn}"),
        ),
        arn="TopicArn",
        name="TopicArn:",
        tags=tagged("sns"),
        properties="DisplayName=Attributes.DisplayName, FifoTopic=Attributes.FifoTopic, "
        "ContentBasedDeduplication=Attributes.ContentBasedDeduplication, "
        "SignatureVersion=Attributes.SignatureVersion, "
        "SubscriptionsConfirmed=Attributes.SubscriptionsConfirmed, "
        "SubscriptionsPending=Attributes.SubscriptionsPending, "
        "TracingConfig=Attributes.TracingConfig",
        links=(
            "encrypts-with AWS::KMS::Alias Attributes.KmsMasterKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key Attributes.KmsMasterKeyId ~ !*alias/*",
            "runs-as AWS::IAM::Role Attributes.FirehoseFailureFeedbackRoleArn",
            "runs-as AWS::IAM::Role Attributes.HTTPFailureFeedbackRoleArn",
            "runs-as AWS::IAM::Role Attributes.LambdaFailureFeedbackRoleArn",
            "runs-as AWS::IAM::Role Attributes.SQSFailureFeedbackRoleArn",
        ),
    ),
    # The endpoint may be somebody's address, or a URL with a password in it: what is not
    # an ARN stays here.
    listing(
        "AWS::SNS::Subscription",
        calls=pages("sns", "ListSubscriptions", "Subscriptions[]"),
        arn="SubscriptionArn",
        name="TopicArn:",
        tags=None,
        properties="Protocol",
        links=(
            "member-of AWS::SNS::Topic TopicArn",
            "triggers AWS::SQS::Queue Endpoint ~ arn:*:sqs:*",
            "triggers AWS::Lambda::Function Endpoint ~ arn:*:lambda:*",
            "triggers AWS::Lambda::Function Endpoint ~ (arn:*:function:*):*",
            "triggers AWS::KinesisFirehose::DeliveryStream Endpoint ~ arn:*:firehose:*",
        ),
        # Until it is confirmed a subscription has these words for an ARN.
        drop=("SubscriptionArn", "PendingConfirmation", "Deleted"),
    ),
    listing(
        "AWS::AmazonMQ::Broker",
        calls=(
            pages("mq", "ListBrokers", "BrokerSummaries[]"),
            # The list tells neither where a broker stands nor what it encrypts with.
            each("mq", "DescribeBroker", into="Detail", BrokerId="{BrokerId}"),
        ),
        arn="BrokerArn",
        name="BrokerName",
        tags="Detail.Tags",
        properties="State=BrokerState, EngineType, EngineVersion=Detail.EngineVersion, "
        "DeploymentMode, HostInstanceType, StorageType=Detail.StorageType, "
        "PubliclyAccessible=Detail.PubliclyAccessible, "
        "AuthenticationStrategy=Detail.AuthenticationStrategy, "
        "ActionsRequired=Detail.ActionsRequired[].ActionRequiredCode, Created",
        links=(
            "in AWS::EC2::Subnet Detail.SubnetIds",
            "uses AWS::EC2::SecurityGroup Detail.SecurityGroups",
            "uses AWS::AmazonMQ::Configuration Detail.Configurations.Current.Id",
            "uses AWS::Logs::LogGroup Detail.Logs.GeneralLogGroup, "
            "uses AWS::Logs::LogGroup Detail.Logs.AuditLogGroup",
            "encrypts-with AWS::KMS::Alias Detail.EncryptionOptions.KmsKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key Detail.EncryptionOptions.KmsKeyId ~ !*alias/*",
        ),
    ),
    listing(
        "AWS::AmazonMQ::Configuration",
        calls=pages("mq", "ListConfigurations", "Configurations[]"),
        arn="Arn",
        name="Name",
        properties="Description, EngineType, EngineVersion, AuthenticationStrategy, "
        "LatestRevision=LatestRevision.Revision, Created",
    ),
)
