"""EventBridge: buses, the rules and pipes that carry events on, and schedules.

What matches an event and what a target is given are not told: both may quote anything.
"""

from proxyd.plugin import each, listing, pages, tagged


def _triggers(path: str) -> tuple[str, ...]:
    """Link to a target, whose ARN tells its type.

    The colons keep out what a schedule may have instead: `arn:aws:scheduler:::aws-sdk:sqs:...`.
    """
    return (
        f"triggers AWS::Lambda::Function {path} ~ arn:*:lambda:*:function:*",
        f"triggers AWS::Lambda::Function {path} ~ (arn:*:lambda:*:function:*):*",
        f"triggers AWS::SQS::Queue {path} ~ arn:*:sqs:*:*:*",
        f"triggers AWS::SNS::Topic {path} ~ arn:*:sns:*:*:*",
        f"triggers AWS::StepFunctions::StateMachine {path} ~ arn:*:states:*:stateMachine:*",
        f"triggers AWS::StepFunctions::StateMachine {path} ~ (arn:*:states:*:stateMachine:*):*",
        f"triggers AWS::Kinesis::Stream {path} ~ arn:*:kinesis:*:stream/*",
        f"triggers AWS::KinesisFirehose::DeliveryStream {path} ~ arn:*:firehose:*:deliverystream/*",
        f"triggers AWS::Events::EventBus {path} ~ arn:*:events:*:event-bus/*",
        f"triggers AWS::Events::ApiDestination {path} ~ arn:*:events:*:api-destination/*",
        f"triggers AWS::ECS::Cluster {path} ~ arn:*:ecs:*:cluster/*",
        f"triggers AWS::Batch::JobQueue {path} ~ arn:*:batch:*:job-queue/*",
        f"triggers AWS::Logs::LogGroup {path} ~ arn:*:logs:*:log-group:*[!*]",
        f"triggers AWS::Logs::LogGroup {path} ~ (arn:*:logs:*:log-group:*):[*]",
        f"triggers AWS::ApiGateway::RestApi {path} ~ arn:*:execute-api:*[0-9]:(*)/*",
        f"triggers AWS::CodeBuild::Project {path} ~ arn:*:codebuild:*:project/*",
        f"triggers AWS::CodePipeline::Pipeline {path} ~ arn:*:codepipeline:*:*:*",
        f"triggers AWS::Glue::Workflow {path} ~ arn:*:glue:*:workflow/*",
        f"triggers AWS::SageMaker::Pipeline {path} ~ arn:*:sagemaker:*:pipeline/*",
        f"triggers AWS::Redshift::Cluster {path} ~ arn:*:redshift:*:cluster:*",
        f"triggers AWS::RedshiftServerless::Workgroup {path} "
        "~ arn:*:redshift-serverless:*:workgroup/*",
        # With an account's number: the others are AWS's own.
        f"triggers AWS::SSM::Document {path} ~ arn:*:ssm:*[0-9]:document/*",
    )


SCANNERS = (
    listing(
        "AWS::Events::EventBus",
        calls=pages("events", "ListEventBuses", "EventBuses[]"),
        arn="Arn",
        # A partner's bus has slashes in its name.
        id="Name",
        tags=tagged("events:event-bus"),
        properties="Description, CreationTime, LastModifiedTime",
    ),
    listing(
        "AWS::Events::Rule",
        calls=(
            pages("events", "ListEventBuses", "EventBuses[]"),
            each("events", "ListRules", "Rules[]", EventBusName="{Name}"),
            # A rule is what it triggers, and no list call tells that.
            each(
                "events",
                "ListTargetsByRule",
                "Targets[]",
                into="Targets",
                Rule="{Name}",
                EventBusName="{EventBusName}",
            ),
        ),
        arn="Arn",
        name="Name",
        tags=tagged("events:rule"),
        properties="State, Description, ScheduleExpression, EventBusName, ManagedBy, "
        "TargetArns=Targets[].Arn",
        links=(
            "member-of AWS::Events::EventBus EventBusName",
            *_triggers("Targets[].Arn"),
            "runs AWS::ECS::TaskDefinition Targets[].EcsParameters.TaskDefinitionArn",
            "uses AWS::SQS::Queue Targets[].DeadLetterConfig.Arn",
            "runs-as AWS::IAM::Role RoleArn",
            "runs-as AWS::IAM::Role Targets[].RoleArn",
        ),
    ),
    listing(
        "AWS::Events::ApiDestination",
        calls=pages("events", "ListApiDestinations", "ApiDestinations[]"),
        arn="ApiDestinationArn",
        id="Name",
        tags=None,
        # Not the address: webhooks have their secret in it.
        properties="State=ApiDestinationState, HttpMethod, InvocationRateLimitPerSecond, "
        "CreationTime, LastModifiedTime",
        links="uses AWS::Events::Connection ConnectionArn",
    ),
    listing(
        "AWS::Events::Connection",
        calls=pages("events", "ListConnections", "Connections[]"),
        arn="ConnectionArn",
        id="Name",
        tags=None,
        properties="State=ConnectionState, StateReason, AuthorizationType, CreationTime, "
        "LastModifiedTime",
    ),
    listing(
        "AWS::Events::Archive",
        calls=pages("events", "ListArchives", "Archives[]"),
        arn="arn:{partition}:events:{region}:{account}:archive/{ArchiveName}",
        name="ArchiveName",
        tags=None,
        properties="State, StateReason, RetentionDays, CreationTime",
        links="member-of AWS::Events::EventBus EventSourceArn",
    ),
    listing(
        "AWS::Events::Endpoint",
        calls=pages("events", "ListEndpoints", "Endpoints[]"),
        arn="Arn",
        name="Name",
        tags=None,
        properties="State, StateReason, Description, EndpointId, EndpointUrl, "
        "ReplicationState=ReplicationConfig.State, "
        "SecondaryRegion=RoutingConfig.FailoverConfig.Secondary.Route, CreationTime",
        links=(
            "routes-to AWS::Events::EventBus EventBuses[].EventBusArn",
            "uses AWS::Route53::HealthCheck RoutingConfig.FailoverConfig.Primary.HealthCheck",
            "runs-as AWS::IAM::Role RoleArn",
        ),
    ),
    listing(
        "AWS::Pipes::Pipe",
        calls=pages("pipes", "ListPipes", "Pipes[]"),
        arn="Arn",
        name="Name",
        tags=tagged("pipes:pipe"),
        properties="State=CurrentState, DesiredState, StateReason, CreationTime, LastModifiedTime",
        links=(
            "uses AWS::SQS::Queue Source ~ arn:*:sqs:*:*:*",
            "uses AWS::Kinesis::Stream Source ~ arn:*:kinesis:*:stream/*",
            "uses AWS::DynamoDB::Table Source ~ (arn:*:dynamodb:*:table/*)/stream/*",
            "uses AWS::MSK::Cluster Source ~ arn:*:kafka:*:cluster/*",
            "uses AWS::AmazonMQ::Broker Source ~ arn:*:mq:*:broker:*",
            "uses AWS::Lambda::Function Enrichment ~ arn:*:lambda:*:function:*",
            "uses AWS::Lambda::Function Enrichment ~ (arn:*:lambda:*:function:*):*",
            "uses AWS::StepFunctions::StateMachine Enrichment ~ arn:*:states:*:stateMachine:*",
            "uses AWS::Events::ApiDestination Enrichment ~ arn:*:events:*:api-destination/*",
            "uses AWS::ApiGateway::RestApi Enrichment ~ arn:*:execute-api:*[0-9]:(*)/*",
            *_triggers("Target"),
        ),
    ),
    listing(
        "AWS::Scheduler::Schedule",
        calls=pages("scheduler", "ListSchedules", "Schedules[]"),
        arn="Arn",
        name="Name",
        tags=None,
        properties="State, GroupName, TargetArn=Target.Arn, CreationDate, LastModificationDate",
        links=("member-of AWS::Scheduler::ScheduleGroup GroupName", *_triggers("Target.Arn")),
    ),
    listing(
        "AWS::Scheduler::ScheduleGroup",
        calls=pages("scheduler", "ListScheduleGroups", "ScheduleGroups[]"),
        arn="Arn",
        name="Name",
        tags=tagged("scheduler:schedule-group"),
        properties="State, CreationDate, LastModificationDate",
    ),
)
