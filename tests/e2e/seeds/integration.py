"""Messaging, events, streams, workflows and APIs: what a scan of them has to find."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.e2e.oracle import Account

from . import REGION, Made

_TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
_TAGS = {"team": "integration", "stage": "test"}
_TAG_LIST = [{"Key": key, "Value": value} for key, value in _TAGS.items()]
_MACHINE = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})


class _Around:
    """What the resources of this domain use and others list."""

    def __init__(self, account: Account) -> None:
        self.account = account
        ec2, iam = account.client("ec2", REGION), account.client("iam", REGION)
        vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.7.{n}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        self.group = ec2.create_security_group(
            GroupName="integration", Description="brokers", VpcId=vpc
        )["GroupId"]
        role = iam.create_role(RoleName="integration", AssumeRolePolicyDocument=_TRUST)
        self.role = role["Role"]["Arn"]
        key = self.client("kms").create_key(Description="integration")["KeyMetadata"]
        self.key, self.key_id = key["Arn"], key["KeyId"]
        self.bucket = f"integration-{account.account}"
        self.client("s3").create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.function = self.client("lambda").create_function(
            FunctionName="integration",
            Runtime="python3.12",
            Role=self.role,
            Handler="main.handler",
            Code={"ZipFile": _archive()},
        )["FunctionArn"]

    def client(self, service: str) -> Any:
        return self.account.client(service, REGION)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{REGION}:{self.account.account}:{rest}"

    def gateway(self, rest: str) -> str:
        return f"arn:aws:apigateway:{REGION}::/{rest}"


def _archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): ...")
    return packed.getvalue()


def seed(account: Account) -> Made:
    """Make one or two of every type that moto has."""
    around = _Around(account)
    made: Made = {}
    for make in (_messaging, _brokers, _streams, _workflows, _mail, _appsync, _rest, _http):
        made |= make(around)
    return made | _events(around, made)


def _messaging(around: _Around) -> Made:
    sqs, sns = around.client("sqs"), around.client("sns")
    sqs.create_queue(QueueName="dead", tags=_TAGS)
    dead = around.arn("sqs", "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 3})
    url = sqs.create_queue(
        QueueName="jobs",
        Attributes={"KmsMasterKeyId": around.key_id, "RedrivePolicy": redrive},
    )["QueueUrl"]
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    jobs = asked["Attributes"]["QueueArn"]
    topic = sns.create_topic(
        Name="orders", Attributes={"KmsMasterKeyId": around.key}, Tags=_TAG_LIST
    )["TopicArn"]
    subscriptions = {
        sns.subscribe(
            TopicArn=topic, Protocol=protocol, Endpoint=endpoint, ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        for protocol, endpoint in (("sqs", dead), ("lambda", around.function))
    }
    return {
        "AWS::SQS::Queue": {dead, jobs},
        "AWS::SNS::Topic": {topic},
        "AWS::SNS::Subscription": subscriptions,
    }


def _brokers(around: _Around) -> Made:
    mq, kafka = around.client("mq"), around.client("kafka")
    configuration = mq.create_configuration(
        Name="broker", EngineType="ACTIVEMQ", EngineVersion="5.18", Tags=_TAGS
    )
    broker = mq.create_broker(
        BrokerName="bus",
        EngineType="ACTIVEMQ",
        EngineVersion="5.18",
        DeploymentMode="SINGLE_INSTANCE",
        HostInstanceType="mq.m5.large",
        AutoMinorVersionUpgrade=True,
        PubliclyAccessible=False,
        Configuration={"Id": configuration["Id"], "Revision": 1},
        EncryptionOptions={"KmsKeyId": around.key, "UseAwsOwnedKey": False},
        SubnetIds=around.subnets[:1],
        SecurityGroups=[around.group],
        Logs={"General": True},
        Users=[{"Username": "admin", "Password": "not-a-real-password"}],
        Tags=_TAGS,
    )
    network = {"ClientSubnets": around.subnets, "SecurityGroups": [around.group]}
    provisioned = kafka.create_cluster(
        ClusterName="events",
        KafkaVersion="3.7.x",
        NumberOfBrokerNodes=2,
        BrokerNodeGroupInfo=network | {"InstanceType": "kafka.m5.large"},
        EncryptionInfo={"EncryptionAtRest": {"DataVolumeKMSKeyId": around.key}},
        Tags=_TAGS,
    )
    serverless = kafka.create_cluster_v2(
        ClusterName="small",
        Serverless={
            "VpcConfigs": [{"SubnetIds": around.subnets, "SecurityGroupIds": [around.group]}]
        },
        Tags=_TAGS,
    )
    return {
        "AWS::AmazonMQ::Broker": {broker["BrokerArn"]},
        "AWS::AmazonMQ::Configuration": {configuration["Arn"]},
        "AWS::MSK::Cluster": {provisioned["ClusterArn"]},
        "AWS::MSK::ServerlessCluster": {serverless["ClusterArn"]},
    }


def _streams(around: _Around) -> Made:
    kinesis, firehose = around.client("kinesis"), around.client("firehose")
    for name in ("clicks", "views"):
        kinesis.create_stream(StreamName=name, ShardCount=2, Tags=_TAGS)
    kinesis.start_stream_encryption(StreamName="clicks", EncryptionType="KMS", KeyId=around.key_id)
    described = [
        kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]
        for name in ("clicks", "views")
    ]
    delivery = firehose.create_delivery_stream(
        DeliveryStreamName="archive",
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={
            "KinesisStreamARN": described[0],
            "RoleARN": around.role,
        },
        ExtendedS3DestinationConfiguration={
            "RoleARN": around.role,
            "BucketARN": f"arn:aws:s3:::{around.bucket}",
        },
        Tags=_TAG_LIST,
    )
    flink = around.client("kinesisanalyticsv2").create_application(
        ApplicationName="counts",
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole=around.role,
        Tags=_TAG_LIST,
    )
    return {
        "AWS::Kinesis::Stream": set(described),
        "AWS::KinesisFirehose::DeliveryStream": {delivery["DeliveryStreamARN"]},
        "AWS::KinesisAnalyticsV2::Application": {flink["ApplicationDetail"]["ApplicationARN"]},
    }


def _workflows(around: _Around) -> Made:
    states = around.client("stepfunctions")
    tags = [{"key": key, "value": value} for key, value in _TAGS.items()]
    machines = {
        states.create_state_machine(
            name=f"order-{kind.lower()}",
            definition=_MACHINE,
            roleArn=around.role,
            type=kind,
            tags=tags,
        )["stateMachineArn"]
        for kind in ("STANDARD", "EXPRESS")
    }
    activity = states.create_activity(name="approve", tags=tags)["activityArn"]
    return {
        "AWS::StepFunctions::StateMachine": machines,
        "AWS::StepFunctions::Activity": {activity},
    }


def _events(around: _Around, made: Made) -> Made:
    events, pipes = around.client("events"), around.client("pipes")
    scheduler = around.client("scheduler")
    topic, *_ = made["AWS::SNS::Topic"]
    queue = around.arn("sqs", "dead")
    machine, *_ = sorted(made["AWS::StepFunctions::StateMachine"])
    bus = events.create_event_bus(Name="orders", Tags=_TAG_LIST)["EventBusArn"]
    rules = set()
    for name in ("default", "orders"):
        pattern = json.dumps({"source": ["shop"]})
        rules.add(
            events.put_rule(Name="shop", EventBusName=name, EventPattern=pattern, Tags=_TAG_LIST)[
                "RuleArn"
            ]
        )
        events.put_targets(
            Rule="shop",
            EventBusName=name,
            Targets=[
                {"Id": "1", "Arn": around.function, "DeadLetterConfig": {"Arn": queue}},
                {"Id": "2", "Arn": machine, "RoleArn": around.role},
                {"Id": "3", "Arn": topic},
            ],
        )
    archive = events.create_archive(ArchiveName="orders", EventSourceArn=bus, RetentionDays=7)
    # An archive is fed by a rule that EventBridge makes for itself on the bus.
    rules.add(around.arn("events", "rule/orders/Events-Archive-orders"))
    connection = events.create_connection(
        Name="partner",
        AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "not-a-real-key"}
        },
    )["ConnectionArn"]
    destination = events.create_api_destination(
        Name="partner",
        ConnectionArn=connection,
        InvocationEndpoint="https://example.com/hook",
        HttpMethod="POST",
    )["ApiDestinationArn"]
    pipe = pipes.create_pipe(
        Name="jobs", Source=queue, Target=machine, RoleArn=around.role, Tags=_TAGS
    )["Arn"]
    group = scheduler.create_schedule_group(Name="nightly", Tags=_TAG_LIST)["ScheduleGroupArn"]
    schedules = {
        scheduler.create_schedule(
            Name="clean",
            GroupName=name,
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": around.function, "RoleArn": around.role},
        )["ScheduleArn"]
        for name in ("default", "nightly")
    }
    return {
        # AWS makes one bus and one group in every region.
        "AWS::Events::EventBus": {around.arn("events", "event-bus/default"), bus},
        "AWS::Events::Rule": rules,
        "AWS::Events::Archive": {archive["ArchiveArn"]},
        "AWS::Events::Connection": {connection},
        "AWS::Events::ApiDestination": {destination},
        "AWS::Pipes::Pipe": {pipe},
        "AWS::Scheduler::ScheduleGroup": {
            around.arn("scheduler", "schedule-group/default"),
            group,
        },
        "AWS::Scheduler::Schedule": schedules,
    }


def _mail(around: _Around) -> Made:
    sesv2, ses = around.client("sesv2"), around.client("ses")
    for identity in ("example.com", "who@example.org"):
        sesv2.create_email_identity(EmailIdentity=identity, Tags=_TAG_LIST)
    sesv2.create_configuration_set(
        ConfigurationSetName="news",
        DeliveryOptions={"TlsPolicy": "REQUIRE"},
        Tags=_TAG_LIST,
    )
    ses.create_template(
        Template={"TemplateName": "hello", "SubjectPart": "Hello", "TextPart": "Hello"}
    )
    ses.create_receipt_rule_set(RuleSetName="incoming")
    ses.create_receipt_rule(
        RuleSetName="incoming",
        Rule={
            "Name": "keep",
            "Recipients": ["example.com"],
            "Actions": [
                {"S3Action": {"BucketName": around.bucket, "KmsKeyArn": around.key}},
                {"LambdaAction": {"FunctionArn": around.function}},
            ],
        },
    )
    return {
        "AWS::SES::EmailIdentity": {
            around.arn("ses", "identity/example.com"),
            around.arn("ses", "identity/who@example.org"),
        },
        "AWS::SES::ConfigurationSet": {around.arn("ses", "configuration-set/news")},
        "AWS::SES::Template": {around.arn("ses", "template/hello")},
        "AWS::SES::ReceiptRuleSet": {around.arn("ses", "receipt-rule-set/incoming")},
    }


def _appsync(around: _Around) -> Made:
    pool = around.client("cognito-idp").create_user_pool(PoolName="people")["UserPool"]["Id"]
    api = around.client("appsync").create_graphql_api(
        name="shop",
        authenticationType="AMAZON_COGNITO_USER_POOLS",
        userPoolConfig={"userPoolId": pool, "awsRegion": REGION, "defaultAction": "ALLOW"},
        logConfig={"fieldLogLevel": "ERROR", "cloudWatchLogsRoleArn": around.role},
        xrayEnabled=True,
        tags=_TAGS,
    )["graphqlApi"]
    return {"AWS::AppSync::GraphQLApi": {api["arn"]}}


def _rest(around: _Around) -> Made:
    gateway, arn = around.client("apigateway"), around.gateway
    api = gateway.create_rest_api(
        name="shop", endpointConfiguration={"types": ["REGIONAL"]}, tags=_TAGS
    )["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    orders = gateway.create_resource(restApiId=api, parentId=root, pathPart="orders")["id"]
    path = f"lambda:path/2015-03-31/functions/{around.function}/invocations"
    authorizer = gateway.create_authorizer(
        restApiId=api,
        name="callers",
        type="TOKEN",
        authorizerUri=f"arn:aws:apigateway:{REGION}:{path}",
        identitySource="method.request.header.Authorization",
    )["id"]
    for verb in ("GET", "POST"):
        where = {"restApiId": api, "resourceId": orders, "httpMethod": verb}
        gateway.put_method(**where, authorizationType="CUSTOM", authorizerId=authorizer)
        gateway.put_integration(
            **where,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:{path}",
            credentials=around.role,
        )
    deployment = gateway.create_deployment(restApiId=api, description="first")["id"]
    gateway.create_stage(restApiId=api, stageName="live", deploymentId=deployment, tags=_TAGS)
    plan = gateway.create_usage_plan(
        name="silver", apiStages=[{"apiId": api, "stage": "live"}], tags=_TAGS
    )["id"]
    key = gateway.create_api_key(name="customer", enabled=True, tags=_TAGS)["id"]
    balancer = around.client("elbv2").create_load_balancer(
        Name="inside", Subnets=around.subnets, Type="network", Scheme="internal"
    )["LoadBalancers"][0]["LoadBalancerArn"]
    link = gateway.create_vpc_link(name="inside", targetArns=[balancer], tags=_TAGS)["id"]
    gateway.create_domain_name(
        domainName="api.example.com", endpointConfiguration={"types": ["REGIONAL"]}, tags=_TAGS
    )
    method = f"restapis/{api}/resources/{orders}/methods"
    return {
        "AWS::ApiGateway::RestApi": {arn(f"restapis/{api}")},
        "AWS::ApiGateway::Resource": {
            arn(f"restapis/{api}/resources/{resource}") for resource in (root, orders)
        },
        "AWS::ApiGateway::Method": {arn(f"{method}/GET"), arn(f"{method}/POST")},
        "AWS::ApiGateway::Authorizer": {arn(f"restapis/{api}/authorizers/{authorizer}")},
        "AWS::ApiGateway::Deployment": {arn(f"restapis/{api}/deployments/{deployment}")},
        "AWS::ApiGateway::Stage": {arn(f"restapis/{api}/stages/live")},
        "AWS::ApiGateway::UsagePlan": {arn(f"usageplans/{plan}")},
        "AWS::ApiGateway::ApiKey": {arn(f"apikeys/{key}")},
        "AWS::ApiGateway::VpcLink": {arn(f"vpclinks/{link}")},
        "AWS::ApiGateway::DomainName": {arn("domainnames/api.example.com")},
    }


def _http(around: _Around) -> Made:
    gateway, arn = around.client("apigatewayv2"), around.gateway
    api = gateway.create_api(Name="shop", ProtocolType="HTTP", Tags=_TAGS)["ApiId"]
    link = gateway.create_vpc_link(
        Name="shop", SubnetIds=around.subnets, SecurityGroupIds=[around.group], Tags=_TAGS
    )["VpcLinkId"]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=around.function,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    route = gateway.create_route(
        ApiId=api, RouteKey="GET /orders", Target=f"integrations/{integration}"
    )["RouteId"]
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True, Tags=_TAGS)
    return {
        "AWS::ApiGatewayV2::Api": {arn(f"apis/{api}")},
        "AWS::ApiGatewayV2::Stage": {arn(f"apis/{api}/stages/$default")},
        "AWS::ApiGatewayV2::Route": {arn(f"apis/{api}/routes/{route}")},
        "AWS::ApiGatewayV2::Integration": {arn(f"apis/{api}/integrations/{integration}")},
        "AWS::ApiGatewayV2::VpcLink": {arn(f"vpclinks/{link}")},
    }
