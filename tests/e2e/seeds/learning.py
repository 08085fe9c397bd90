"""Models, bots, things and video: what a scan of them has to find."""

from __future__ import annotations

from tests.e2e.oracle import Account

from . import REGION, Made
from .analytics import TAG_LIST, TAGS, TRUST, Around


def seed(account: Account) -> Made:
    """Make some of everything, with what it uses."""
    around = Around(account, "learning")
    made: Made = {}
    for more in (_notebooks, _endpoints, _bedrock, _language, _things, _rules, _video):
        made |= more(around)
    return made


def _notebooks(around: Around) -> Made:
    sagemaker = around.client("sagemaker")
    notebook = sagemaker.create_notebook_instance(
        NotebookInstanceName="bench",
        InstanceType="ml.t2.medium",
        SubnetId=around.subnet,
        SecurityGroupIds=[around.group],
        RoleArn=around.role,
        KmsKeyId=around.key,
        DirectInternetAccess="Disabled",
        Tags=TAG_LIST,
    )
    domain = sagemaker.create_domain(
        DomainName="studio",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": around.role},
        SubnetIds=[around.subnet],
        VpcId=around.vpc,
    )
    return {
        "AWS::SageMaker::NotebookInstance": {notebook["NotebookInstanceArn"]},
        "AWS::SageMaker::Domain": {domain["DomainArn"]},
    }


def _endpoints(around: Around) -> Made:
    sagemaker = around.client("sagemaker")
    model = sagemaker.create_model(
        ModelName="churn",
        ExecutionRoleArn=around.role,
        PrimaryContainer={
            "Image": f"{around.account.account}.dkr.ecr.{REGION}.amazonaws.com/churn:1",
            "ModelDataUrl": f"s3://{around.bucket}/churn.tar.gz",
            "Environment": {"TOKEN": "secret"},
        },
        VpcConfig={"SecurityGroupIds": [around.group], "Subnets": [around.subnet]},
        Tags=TAG_LIST,
    )
    variant = {
        "VariantName": "all",
        "ModelName": "churn",
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    config = sagemaker.create_endpoint_config(
        EndpointConfigName="churn-1", ProductionVariants=[variant], KmsKeyId=around.key
    )
    endpoint = sagemaker.create_endpoint(EndpointName="churn", EndpointConfigName="churn-1")
    return {
        "AWS::SageMaker::Model": {model["ModelArn"]},
        "AWS::SageMaker::EndpointConfig": {config["EndpointConfigArn"]},
        "AWS::SageMaker::Endpoint": {endpoint["EndpointArn"]},
    }


def _bedrock(around: Around) -> Made:
    bedrock = around.client("bedrock-agent")
    base = bedrock.create_knowledge_base(
        name="manuals",
        roleArn=around.role,
        knowledgeBaseConfiguration={
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {
                "embeddingModelArn": f"arn:aws:bedrock:{REGION}::foundation-model/titan"
            },
        },
        storageConfiguration={
            "type": "OPENSEARCH_SERVERLESS",
            "opensearchServerlessConfiguration": {
                "collectionArn": around.arn("aoss", "collection/a1b2c3d4e5f6g7h8i9j0"),
                "vectorIndexName": "manuals",
                "fieldMapping": {
                    "vectorField": "vector",
                    "textField": "text",
                    "metadataField": "metadata",
                },
            },
        },
    )
    # An agent's knowledge bases moto can not list.
    return {"AWS::Bedrock::KnowledgeBase": {base["knowledgeBase"]["knowledgeBaseArn"]}}


def _language(around: Around) -> Made:
    lex, comprehend = around.client("lexv2-models"), around.client("comprehend")
    bot = lex.create_bot(
        botName="desk",
        roleArn=around.role,
        dataPrivacy={"childDirected": False},
        idleSessionTTLInSeconds=300,
        botTags=TAGS,
    )["botId"]
    lex.create_bot_alias(botAliasName="live", botId=bot)
    # One more comes with every bot, for its tests.
    aliases = lex.list_bot_aliases(botId=bot)["botAliasSummaries"]
    trained = {"DataAccessRoleArn": around.role, "LanguageCode": "en"}
    classifier = comprehend.create_document_classifier(
        DocumentClassifierName="mails",
        InputDataConfig={"S3Uri": f"s3://{around.bucket}/mails/"},
        **trained,
    )
    recognizer = comprehend.create_entity_recognizer(
        RecognizerName="products",
        InputDataConfig={
            "EntityTypes": [{"Type": "PRODUCT"}],
            "Documents": {"S3Uri": f"s3://{around.bucket}/products/"},
        },
        **trained,
    )
    return {
        "AWS::Lex::Bot": {around.arn("lex", f"bot/{bot}")},
        "AWS::Lex::BotAlias": {
            around.arn("lex", f"bot-alias/{bot}/{alias['botAliasId']}") for alias in aliases
        },
        "AWS::Comprehend::DocumentClassifier": {classifier["DocumentClassifierArn"]},
        "AWS::Comprehend::EntityRecognizer": {recognizer["EntityRecognizerArn"]},
    }


def _things(around: Around) -> Made:
    iot = around.client("iot")
    kind = iot.create_thing_type(
        thingTypeName="sensor", thingTypeProperties={"thingTypeDescription": "measures"}
    )
    thing = iot.create_thing(
        thingName="sensor-1",
        thingTypeName="sensor",
        attributePayload={"attributes": {"serial": "1"}},
    )
    parent = iot.create_thing_group(thingGroupName="plant")
    group = iot.create_thing_group(thingGroupName="hall", parentGroupName="plant")
    certificate = iot.create_keys_and_certificate(setAsActive=True)
    policy = iot.create_policy(policyName="publish", policyDocument=TRUST)
    return {
        "AWS::IoT::ThingType": {kind["thingTypeArn"]},
        "AWS::IoT::Thing": {thing["thingArn"]},
        "AWS::IoT::ThingGroup": {parent["thingGroupArn"], group["thingGroupArn"]},
        "AWS::IoT::Certificate": {certificate["certificateArn"]},
        "AWS::IoT::Policy": {policy["policyArn"]},
    }


def _rules(around: Around) -> Made:
    queue = f"https://sqs.{REGION}.amazonaws.com/{around.account.account}/readings"
    around.client("iot").create_topic_rule(
        ruleName="readings",
        topicRulePayload={
            "sql": "SELECT * FROM 'plant/#'",
            "actions": [{"sqs": {"roleArn": around.role, "queueUrl": queue}}],
        },
    )
    return {"AWS::IoT::TopicRule": {around.arn("iot", "rule/readings")}}


def _video(around: Around) -> Made:
    live, package = around.client("medialive"), around.client("mediapackage")
    source = live.create_input(Name="camera", Type="RTMP_PUSH", Tags=TAGS)["Input"]
    packaged = package.create_channel(Id="evening", Description="news", Tags=TAGS)
    channel = live.create_channel(
        Name="evening",
        ChannelClass="SINGLE_PIPELINE",
        InputAttachments=[{"InputId": source["Id"]}],
        Destinations=[{"Id": "d", "MediaPackageSettings": [{"ChannelId": "evening"}]}],
        RoleArn=around.role,
        Tags=TAGS,
    )["Channel"]
    endpoint = package.create_origin_endpoint(
        Id="evening-hls", ChannelId="evening", ManifestName="index", Tags=TAGS
    )
    return {
        "AWS::MediaLive::Input": {source["Arn"]},
        "AWS::MediaLive::Channel": {channel["Arn"]},
        "AWS::MediaPackage::Channel": {packaged["Arn"]},
        "AWS::MediaPackage::OriginEndpoint": {endpoint["Arn"]},
    }
