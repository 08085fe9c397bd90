"""Which IAM action an API operation needs.

Nearly always the action has the operation's own name under the service's signing name.
The exceptions are here, one table each; both are checked in the test suite against the
IAM reference for every operation that a scanner declares.
"""

from __future__ import annotations

from proxyd.model import Operation

_PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "amp": "aps",
    "apigatewayv2": "apigateway",
    "cloudhsmv2": "cloudhsm",
    "connectcampaigns": "connect-campaigns",
    "customer-profiles": "profile",
    "docdb": "rds",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "greengrassv2": "greengrass",
    "keyspaces": "cassandra",
    "kinesisanalyticsv2": "kinesisanalytics",
    "lex-models": "lex",
    "lexv2-models": "lex",
    "location": "geo",
    "mwaa": "airflow",
    "neptune": "rds",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "pinpoint": "mobiletargeting",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "service-quotas": "servicequotas",
    "servicecatalog-appregistry": "servicecatalog",
    "sesv2": "ses",
    "sso-admin": "sso",
    "stepfunctions": "states",
    "timestream-query": "timestream",
    "timestream-write": "timestream",
    "workspaces-thin-client": "thinclient",
}
"""botocore's service name → IAM prefix, where they differ."""

_ACTIONS = {
    Operation("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    Operation("s3", "HeadBucket"): "s3:ListBucket",
    Operation("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    Operation("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    Operation("s3", "GetBucketReplication"): "s3:GetReplicationConfiguration",
    Operation("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    Operation("s3", "GetBucketNotificationConfiguration"): "s3:GetBucketNotification",
}
"""The operations whose action has another name."""


def action_of(operation: Operation) -> str:
    """Return the IAM action that an operation is authorised by: `ec2:DescribeVpcs`."""
    known = _ACTIONS.get(operation)
    if known is not None:
        return known
    return f"{_PREFIXES.get(operation.service, operation.service)}:{operation.name}"


def actions_of(operations: tuple[Operation, ...]) -> tuple[str, ...]:
    """Return the distinct actions of some operations, sorted."""
    return tuple(sorted({action_of(op) for op in operations}))
