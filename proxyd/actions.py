"""Which IAM action an API operation needs.

Nearly always the action has the operation's own name under the service's signing name.
The exceptions are here, one table each; both are checked in the test suite against the
IAM reference for every operation that a scanner declares.
"""

from __future__ import annotations

from collections.abc import Iterable

from proxyd.model import Operation

PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "amp": "aps",
    "apigatewayv2": "apigateway",
    "appintegrations": "app-integrations",
    "application-insights": "applicationinsights",
    "backupsearch": "backup-search",
    "bedrock-agent": "bedrock",
    "bedrock-agentcore-control": "bedrock-agentcore",
    "bedrock-data-automation": "bedrock",
    "chime-sdk-identity": "chime",
    "chime-sdk-media-pipelines": "chime",
    "chime-sdk-meetings": "chime",
    "chime-sdk-messaging": "chime",
    "chime-sdk-voice": "chime",
    "cleanroomsml": "cleanrooms-ml",
    "cloudcontrol": "cloudformation",
    "cloudhsmv2": "cloudhsm",
    "codeguruprofiler": "codeguru-profiler",
    "connect-contact-lens": "connect",
    "connectcampaigns": "connect-campaigns",
    "connectcampaignsv2": "connect-campaigns",
    "connectcases": "cases",
    "customer-profiles": "profile",
    "docdb": "rds",
    "dynamodbstreams": "dynamodb",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "greengrassv2": "greengrass",
    "iot-managed-integrations": "iotmanagedintegrations",
    "ivs-realtime": "ivs",
    "keyspaces": "cassandra",
    "keyspacesstreams": "cassandra",
    "kinesisanalyticsv2": "kinesisanalytics",
    "launch-wizard": "launchwizard",
    "lex-models": "lex",
    "lexv2-models": "lex",
    "location": "geo",
    "mailmanager": "ses",
    "marketplace-agreement": "aws-marketplace",
    "marketplace-catalog": "aws-marketplace",
    "marketplace-deployment": "aws-marketplace",
    "marketplace-entitlement": "aws-marketplace",
    "marketplace-reporting": "aws-marketplace",
    "migration-hub-refactor-spaces": "refactor-spaces",
    "migrationhub-config": "mgh",
    "migrationhuborchestrator": "migrationhub-orchestrator",
    "migrationhubstrategy": "migrationhub-strategy",
    "mwaa": "airflow",
    "neptune": "rds",
    "notificationscontacts": "notifications-contacts",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "pinpoint": "mobiletargeting",
    "pinpoint-email": "ses",
    "pinpoint-sms-voice": "sms-voice",
    "pinpoint-sms-voice-v2": "sms-voice",
    "qconnect": "wisdom",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "s3outposts": "s3-outposts",
    "service-quotas": "servicequotas",
    "servicecatalog-appregistry": "servicecatalog",
    "sesv2": "ses",
    "socialmessaging": "social-messaging",
    "sso-admin": "sso",
    "stepfunctions": "states",
    "supplychain": "scn",
    "support-app": "supportapp",
    "taxsettings": "tax",
    "timestream-query": "timestream",
    "timestream-write": "timestream",
    "voice-id": "voiceid",
    "workspaces-thin-client": "thinclient",
}
"""botocore's service name → IAM prefix, where they differ."""

_ACTIONS = {
    Operation("keyspaces", "ListKeyspaces"): "cassandra:Select",
    Operation("keyspaces", "ListTables"): "cassandra:Select",
    Operation("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    Operation("s3", "HeadBucket"): "s3:ListBucket",
    Operation("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    Operation("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    Operation("s3", "GetBucketReplication"): "s3:GetReplicationConfiguration",
    Operation("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    Operation("s3", "GetBucketNotificationConfiguration"): "s3:GetBucketNotification",
    Operation("apigateway", "GetApiKeys"): "apigateway:GET",
    Operation("apigateway", "GetAuthorizers"): "apigateway:GET",
    Operation("apigateway", "GetClientCertificates"): "apigateway:GET",
    Operation("apigateway", "GetDeployments"): "apigateway:GET",
    Operation("apigateway", "GetDomainNames"): "apigateway:GET",
    Operation("apigateway", "GetResources"): "apigateway:GET",
    Operation("apigateway", "GetRestApis"): "apigateway:GET",
    Operation("apigateway", "GetStages"): "apigateway:GET",
    Operation("apigateway", "GetUsagePlans"): "apigateway:GET",
    Operation("apigateway", "GetVpcLinks"): "apigateway:GET",
    Operation("apigatewayv2", "GetApis"): "apigateway:GET",
    Operation("apigatewayv2", "GetIntegrations"): "apigateway:GET",
    Operation("apigatewayv2", "GetRoutes"): "apigateway:GET",
    Operation("apigatewayv2", "GetStages"): "apigateway:GET",
    Operation("apigatewayv2", "GetVpcLinks"): "apigateway:GET",
    Operation("budgets", "DescribeBudgets"): "budgets:ViewBudget",
    Operation("memorydb", "DescribeACLs"): "memorydb:DescribeAcls",
}
"""The operations whose action has another name."""


_BESIDES = {
    Operation("cloudformation", "DescribeStacks"): Operation("cloudformation", "ListStacks"),
    Operation("timestream-write", "ListDatabases"): Operation(
        "timestream-write", "DescribeEndpoints"
    ),
    Operation("timestream-write", "ListTables"): Operation("timestream-write", "DescribeEndpoints"),
}
"""What calling an operation takes besides it: describing all stacks needs the right to list them,
and botocore asks Timestream where the account's databases are before it asks for them."""


ASSUMING = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
"""What it takes to assume a role for somebody.

proxyd sends no tags, but its own session may have some that go on with each session after it
(EKS Pod Identity's do), and those are let on by `sts:TagSession` only.
"""

RESOURCES = {
    "cassandra:Select": (
        "arn:*:cassandra:*:*:/keyspace/system*",
        "arn:*:cassandra:*:*:/keyspace/*/",
    ),
}
"""Actions that would also read data → the resources that they may be used on, and no others.

Keyspaces has one action for asking what tables there are and for reading them: it is allowed on
the system's keyspaces and on keyspaces themselves, whose ARNs end in `/`, never on a table.
"""


def with_besides(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return some operations, and those that calling them takes besides."""
    listed = tuple(operations)
    return tuple(dict.fromkeys([*listed, *(_BESIDES[op] for op in listed if op in _BESIDES)]))


def action_of(operation: Operation) -> str:
    """Return the IAM action that an operation is authorised by: `ec2:DescribeVpcs`."""
    known = _ACTIONS.get(operation)
    if known is not None:
        return known
    return f"{PREFIXES.get(operation.service, operation.service)}:{operation.name}"


def actions_of(operations: tuple[Operation, ...]) -> tuple[str, ...]:
    """Return the distinct actions of some operations, sorted."""
    return tuple(sorted({action_of(op) for op in operations}))
