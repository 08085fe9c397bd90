"""Alarms and logs, builds and pipelines, stacks: what operations is made of."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.oracle import Account

from . import REGION, Made

_TEMPLATE = json.dumps({"Resources": {"Group": {"Type": "AWS::Logs::LogGroup"}}})
_SERVICES = ["codebuild.amazonaws.com", "codedeploy.amazonaws.com", "codepipeline.amazonaws.com"]


def seed(account: Account) -> Made:
    """Make some of everything, with what it uses."""
    made = _shared(account)
    (key,), (role,) = made["AWS::KMS::Key"], made["AWS::IAM::Role"]
    (topic,) = made["AWS::SNS::Topic"]
    for more in (
        _alarms(account, topic),
        _prometheus(account, key),
        _canaries(account, role),
        _builds(account, key, role),
        _deployments(account),
        _stacks(account, topic, role),
        _logs(account, key, role),  # after the stacks, which have log groups too
    ):
        made |= more
    return made


def _shared(account: Account) -> Made:
    key = account.client("kms", REGION).create_key()["KeyMetadata"]["Arn"]
    topic = account.client("sns", REGION).create_topic(Name="operations")["TopicArn"]
    role = account.client("iam", REGION).create_role(
        RoleName="operations",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": service},
                        "Action": "sts:AssumeRole",
                    }
                    for service in _SERVICES
                ],
            }
        ),
    )["Role"]["Arn"]
    account.client("s3", REGION).create_bucket(
        Bucket=f"artifacts-{account.account}",
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    return {
        "AWS::KMS::Key": {key},
        "AWS::SNS::Topic": {topic},
        "AWS::IAM::Role": {role},
        "AWS::S3::Bucket": {f"arn:aws:s3:::artifacts-{account.account}"},
    }


def _alarms(account: Account, topic: str) -> Made:
    cloudwatch = account.client("cloudwatch", REGION)
    cloudwatch.put_metric_alarm(
        AlarmName="busy",
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "InstanceId", "Value": "i-0123456789abcdef0"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        Threshold=90,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
        Tags=[{"Key": "team", "Value": "operations"}],
    )
    cloudwatch.put_metric_alarm(
        AlarmName="of/two: metrics",
        Metrics=[
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {"Namespace": "shop", "MetricName": "orders"},
                    "Period": 300,
                    "Stat": "Sum",
                },
                "ReturnData": False,
            },
            {"Id": "e1", "Expression": "m1 / 2"},
        ],
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
    )
    cloudwatch.put_insight_rule(
        RuleName="talkers",
        RuleState="ENABLED",
        RuleDefinition=json.dumps({"Schema": {"Name": "CloudWatchLogRule", "Version": 1}}),
    )
    account.client("cloudwatch", "us-east-1").put_dashboard(
        DashboardName="overview", DashboardBody=json.dumps({"widgets": []})
    )
    head = f"arn:aws:cloudwatch:{REGION}:{account.account}"
    return {
        "AWS::CloudWatch::Alarm": {f"{head}:alarm:busy", f"{head}:alarm:of/two: metrics"},
        "AWS::CloudWatch::InsightRule": {f"{head}:insight-rule/talkers"},
        "AWS::CloudWatch::Dashboard": {f"arn:aws:cloudwatch::{account.account}:dashboard/overview"},
    }


def _logs(account: Account, key: str, role: str) -> Made:
    logs = account.client("logs", REGION)
    logs.create_log_group(logGroupName="/shop/orders", kmsKeyId=key, tags={"team": "operations"})
    logs.create_log_group(logGroupName="plain")
    logs.put_retention_policy(logGroupName="plain", retentionInDays=7)
    logs.put_metric_filter(
        logGroupName="/shop/orders",
        filterName="errors",
        filterPattern="ERROR",
        metricTransformations=[
            {"metricName": "errors", "metricNamespace": "shop", "metricValue": "1"}
        ],
    )
    stream = f"arn:aws:kinesis:{REGION}:{account.account}:stream/central"
    logs.put_destination(destinationName="central", targetArn=stream, roleArn=role)
    logs.put_resource_policy(policyName="route53", policyDocument=json.dumps({"Statement": []}))
    head = f"arn:aws:logs:{REGION}:{account.account}"
    groups = logs.describe_log_groups()["logGroups"]
    return {
        "AWS::Logs::LogGroup": {group["arn"].removesuffix(":*") for group in groups},
        "AWS::Logs::MetricFilter": {f"{head}:log-group:/shop/orders:metric-filter:errors"},
        "AWS::Logs::Destination": {f"{head}:destination:central"},
        "AWS::Logs::ResourcePolicy": {f"{head}:resource-policy:route53"},
    }


def _prometheus(account: Account, key: str) -> Made:
    amp = account.client("amp", REGION)
    workspaces = [
        amp.create_workspace(alias="shop", kmsKeyArn=key, tags={"team": "operations"}),
        amp.create_workspace(),
    ]
    rules = amp.create_rule_groups_namespace(
        workspaceId=workspaces[0]["workspaceId"], name="slow", data=b"groups: []"
    )
    return {
        "AWS::APS::Workspace": {workspace["arn"] for workspace in workspaces},
        "AWS::APS::RuleGroupsNamespace": {rules["arn"]},
    }


def _canaries(account: Account, role: str) -> Made:
    account.client("synthetics", REGION).create_canary(
        Name="homepage",
        Code={"Handler": "index.handler", "S3Bucket": "code", "S3Key": "canary.zip"},
        ArtifactS3Location=f"s3://artifacts-{account.account}/canary",
        ExecutionRoleArn=role,
        Schedule={"Expression": "rate(5 minutes)"},
        RuntimeVersion="syn-nodejs-puppeteer-9.1",
        Tags={"team": "operations"},
    )
    arn = f"arn:aws:synthetics:{REGION}:{account.account}:canary:homepage"
    return {"AWS::Synthetics::Canary": {arn}}


def _builds(account: Account, key: str, role: str) -> Made:
    project = account.client("codebuild", REGION).create_project(
        name="shop-build",
        source={"type": "S3", "location": f"artifacts-{account.account}/shop.zip"},
        artifacts={"type": "S3", "location": f"artifacts-{account.account}"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "PASSWORD", "value": "secret"}],
        },
        logsConfig={"cloudWatchLogs": {"status": "ENABLED", "groupName": "plain"}},
        serviceRole=role,
        encryptionKey=key,
        tags=[{"key": "team", "value": "operations"}],
    )["project"]
    account.client("codepipeline", REGION).create_pipeline(
        pipeline=_pipeline(account, key, role), tags=[{"key": "team", "value": "operations"}]
    )
    pipeline = f"arn:aws:codepipeline:{REGION}:{account.account}:shop"
    return {
        "AWS::CodeBuild::Project": {project["arn"]},
        "AWS::CodePipeline::Pipeline": {pipeline},
    }


def _pipeline(account: Account, key: str, role: str) -> dict[str, Any]:
    bucket = f"artifacts-{account.account}"
    return {
        "name": "shop",
        "roleArn": role,
        "artifactStore": {
            "type": "S3",
            "location": bucket,
            "encryptionKey": {"id": key, "type": "KMS"},
        },
        "stages": [
            _stage("Source", "S3", {"S3Bucket": bucket, "S3ObjectKey": "shop.zip"}),
            _stage("Build", "CodeBuild", {"ProjectName": "shop-build"}),
            _stage("Deploy", "CloudFormation", {"StackName": "shop", "ActionMode": "REPLACE"}),
        ],
    }


def _stage(category: str, provider: str, configuration: dict[str, str]) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    action = {"name": provider, "actionTypeId": kind, "configuration": configuration}
    return {"name": category, "actions": [action]}


def _deployments(account: Account) -> Made:
    codedeploy = account.client("codedeploy", REGION)
    names = ("shop", "till")
    for name in names:
        codedeploy.create_application(applicationName=name, computePlatform="Server")
    head = f"arn:aws:codedeploy:{REGION}:{account.account}:application"
    return {"AWS::CodeDeploy::Application": {f"{head}:{name}" for name in names}}


def _stacks(account: Account, topic: str, role: str) -> Made:
    cloudformation = account.client("cloudformation", REGION)
    stacks = [
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=_TEMPLATE,
            RoleARN=role,
            NotificationARNs=[topic],
            Tags=[{"Key": "team", "Value": "operations"}],
        )
        for name in ("shop", "till", "gone")
    ]
    cloudformation.delete_stack(StackName="gone")
    everywhere = cloudformation.create_stack_set(
        StackSetName="everywhere",
        TemplateBody=_TEMPLATE,
        AdministrationRoleARN=role,
        Tags=[{"Key": "team", "Value": "operations"}],
    )["StackSetId"]
    head = f"arn:aws:cloudformation:{REGION}:{account.account}:stackset"
    return {
        "AWS::CloudFormation::Stack": {stack["StackId"] for stack in stacks[:2]},
        "AWS::CloudFormation::StackSet": {f"{head}/{everywhere}"},
    }
