"""IoT Core and IoT SiteWise.

The attributes of things are left out: they are whatever a fleet wants to remember.
"""

from collections.abc import Iterator

from proxyd.plugin import each, listing, pages, tagged

_SENDS_TO = (
    "triggers AWS::CloudWatch::Alarm cloudwatchAlarm.alarmName",
    "triggers AWS::Lambda::Function lambda.functionArn ~ !*:function:*:*",
    "triggers AWS::Lambda::Function lambda.functionArn ~ (arn:*:function:*):*",
    "triggers AWS::SNS::Topic sns.targetArn",
    "triggers AWS::SQS::Queue sqs.queueUrl/",
    "triggers AWS::StepFunctions::StateMachine stepFunctions.stateMachineName",
    "routes-to AWS::DynamoDB::Table dynamoDB.tableName",
    "routes-to AWS::DynamoDB::Table dynamoDBv2.putItem.tableName",
    "routes-to AWS::IoT::TopicRuleDestination kafka.destinationArn",
    "routes-to AWS::Kinesis::Stream kinesis.streamName",
    "routes-to AWS::KinesisFirehose::DeliveryStream firehose.deliveryStreamName",
    "routes-to AWS::Location::Tracker location.trackerName",
    "routes-to AWS::Logs::LogGroup cloudwatchLogs.logGroupName",
    "routes-to AWS::S3::Bucket s3.bucketName",
    "routes-to AWS::Timestream::Table timestream.tableName",
)
_ACTS_AS = (
    "cloudwatchAlarm",
    "cloudwatchLogs",
    "cloudwatchMetric",
    "dynamoDB",
    "dynamoDBv2",
    "elasticsearch",
    "firehose",
    "iotSiteWise",
    "kinesis",
    "location",
    "openSearch",
    "republish",
    "s3",
    "sns",
    "sqs",
    "stepFunctions",
    "timestream",
)
"""The kinds of actions that have roles."""


def _sends_to(actions: str) -> Iterator[str]:
    """Yield the links of a rule's actions."""
    for link in _SENDS_TO:
        relation, type_, path = link.split(" ", 2)
        yield f"{relation} {type_} {actions}.{path}"
    for kind in _ACTS_AS:
        yield f"runs-as AWS::IAM::Role {actions}.{kind}.roleArn"


SCANNERS = (
    listing(
        "AWS::IoT::Thing",
        calls=pages("iot", "ListThings", "things[]"),
        arn="thingArn",
        id="thingName",
        tags=None,
        properties="thingTypeName",
        links="uses AWS::IoT::ThingType thingTypeName",
    ),
    listing(
        "AWS::IoT::Certificate",
        calls=pages("iot", "ListCertificates", "certificates[]"),
        arn="certificateArn",
        tags=None,
        properties="State=status, certificateMode, creationDate",
    ),
    listing(
        "AWS::IoT::Policy",
        calls=pages("iot", "ListPolicies", "policies[]"),
        arn="policyArn",
        name="policyName",
        tags=tagged("iot:policy"),
    ),
    listing(
        "AWS::IoT::ThingGroup",
        calls=(
            pages("iot", "ListThingGroups", "thingGroups[]"),
            # What it is a part of, and whether a query keeps it full.
            each("iot", "DescribeThingGroup", thingGroupName="{groupName}"),
        ),
        arn="groupArn",
        name="groupName",
        tags=tagged("iot:thinggroup"),
        properties="State=status, description=thingGroupProperties.thingGroupDescription, "
        "indexName, creationDate=thingGroupMetadata.creationDate",
        links="member-of AWS::IoT::ThingGroup thingGroupMetadata.parentGroupName",
    ),
    listing(
        "AWS::IoT::ThingType",
        calls=pages("iot", "ListThingTypes", "thingTypes[]"),
        arn="thingTypeArn",
        name="thingTypeName",
        tags=tagged("iot:thingtype"),
        properties="description=thingTypeProperties.thingTypeDescription, "
        "searchableAttributes=thingTypeProperties.searchableAttributes, "
        "deprecated=thingTypeMetadata.deprecated, creationDate=thingTypeMetadata.creationDate",
    ),
    listing(
        "AWS::IoT::CACertificate",
        calls=(
            pages("iot", "ListCACertificates", "certificates[]"),
            # When it runs out, and what it lets in.
            each("iot", "DescribeCACertificate", certificateId="{certificateId}"),
        ),
        arn="certificateArn",
        tags=tagged("iot:cacert"),
        properties="State=status, "
        "autoRegistrationStatus=certificateDescription.autoRegistrationStatus, "
        "certificateMode=certificateDescription.certificateMode, "
        "notBefore=certificateDescription.validity.notBefore, "
        "notAfter=certificateDescription.validity.notAfter, creationDate",
        links="runs-as AWS::IAM::Role registrationConfig.roleArn, "
        "uses AWS::IoT::ProvisioningTemplate registrationConfig.templateName",
    ),
    listing(
        "AWS::IoT::TopicRule",
        calls=(
            pages("iot", "ListTopicRules", "rules[]"),
            # Where it sends what it sees.
            each("iot", "GetTopicRule", into="Detail", ruleName="{ruleName}"),
        ),
        arn="ruleArn",
        name="ruleName",
        tags=tagged("iot:rule"),
        properties="topicPattern, ruleDisabled, description=Detail.rule.description, "
        "awsIotSqlVersion=Detail.rule.awsIotSqlVersion, "
        "republishTopics=Detail.rule.actions[].republish.topic, createdAt",
        links=(*_sends_to("Detail.rule.actions[]"), *_sends_to("Detail.rule.errorAction")),
    ),
    listing(
        "AWS::IoTSiteWise::Asset",
        calls=(
            # All assets are told of one model at a time; without a model, the topmost only.
            pages("iotsitewise", "ListAssetModels", "assetModelSummaries[]"),
            each("iotsitewise", "ListAssets", "assetSummaries[]", assetModelId="{id}"),
        ),
        arn="arn:{partition}:iotsitewise:{region}:{account}:asset/{id}",
        name="name",
        tags=tagged("iotsitewise:asset"),
        properties="State=status.state, description, externalId, Hierarchies=hierarchies[].name, "
        "creationDate, lastUpdateDate",
        links="uses AWS::IoTSiteWise::AssetModel assetModelId",
    ),
    listing(
        "AWS::IoTSiteWise::AssetModel",
        calls=pages(
            "iotsitewise",
            "ListAssetModels",
            "assetModelSummaries[]",
            assetModelTypes=["ASSET_MODEL", "COMPONENT_MODEL", "INTERFACE"],
        ),
        arn="arn:{partition}:iotsitewise:{region}:{account}:asset-model/{id}",
        name="name",
        tags=tagged("iotsitewise:asset-model"),
        properties="State=status.state, assetModelType, description, externalId, version, "
        "creationDate, lastUpdateDate",
    ),
    listing(
        "AWS::IoTSiteWise::Gateway",
        calls=pages("iotsitewise", "ListGateways", "gatewaySummaries[]"),
        arn="arn:{partition}:iotsitewise:{region}:{account}:gateway/{gatewayId}",
        name="gatewayName",
        tags=tagged("iotsitewise:gateway"),
        properties="gatewayVersion, "
        "Capabilities=gatewayCapabilitySummaries[].capabilityNamespace, "
        "OperatingSystem=gatewayPlatform.greengrassV2.coreDeviceOperatingSystem, creationDate, "
        "lastUpdateDate",
        links="runs AWS::IoT::Thing gatewayPlatform.greengrassV2.coreDeviceThingName, "
        "runs AWS::IoT::Thing gatewayPlatform.siemensIE.iotCoreThingName",
    ),
    listing(
        "AWS::IoTSiteWise::Portal",
        calls=pages("iotsitewise", "ListPortals", "portalSummaries[]"),
        arn="arn:{partition}:iotsitewise:{region}:{account}:portal/{id}",
        name="name",
        tags=tagged("iotsitewise:portal"),
        properties="State=status.state, portalType, description, startUrl, creationDate, "
        "lastUpdateDate",
        links="runs-as AWS::IAM::Role roleArn",
    ),
)
