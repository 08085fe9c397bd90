"""What is more than proxyd needs, reviewed by hand: AWS's broad policies, and reading of data."""

from __future__ import annotations

MANAGED = {
    "AdministratorAccess": ("*",),
    "PowerUserAccess": ("*",),
    "ReadOnlyAccess": (
        "codeartifact:GetAuthorizationToken",
        "codecommit:GetFile",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "ec2:GetConsoleOutput",
        "ec2:GetPasswordData",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "kinesis:GetRecords",
        "lambda:GetFunction",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "s3:GetObject",
        "sqs:ReceiveMessage",
        "ssm:GetParameter",
        "ssm:GetParameters",
        "ssm:GetParametersByPath",
    ),
    "job-function/ViewOnlyAccess": (),
    "SecurityAudit": (),
}
"""AWS's policies by the path under `arn:PARTITION:iam::aws:policy/` → what of `EXPOSING` is known
to be in them, for when they can not be read."""

EXPOSING = (
    "appconfig:GetLatestConfiguration",
    "athena:GetQueryResults",
    "cloudformation:GetTemplate",
    "codeartifact:GetAuthorizationToken",
    "codecommit:GetFile",
    "codecommit:GitPull",
    "cognito-idp:ListUsers",
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "ebs:GetSnapshotBlock",
    "ec2:GetConsoleOutput",
    "ec2:GetPasswordData",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "glue:GetConnection",
    "kinesis:GetRecords",
    "kms:Decrypt",
    "lambda:GetFunction",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetQueryResults",
    "logs:Unmask",
    "rds:DownloadDBLogFilePortion",
    "redshift:GetClusterCredentials",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "sqs:ReceiveMessage",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:AssumeRole",
    "sts:GetSessionToken",
    "support:DescribeCommunications",
    "xray:BatchGetTraces",
)
"""Actions that read data, secrets or code, or give out credentials, though IAM calls them Read."""

CHANGING = (
    *("Accept", "Activate", "Add", "Allocate", "Assign", "Associate", "Attach", "Authorize"),
    *("Cancel", "Change", "Clone", "Copy", "Create", "Deactivate", "Delete", "Deploy"),
    *("Deregister", "Detach", "Disable", "Disassociate", "Enable", "Execute", "Import", "Invoke"),
    *("Modify", "Move", "Pass", "Promote", "Publish", "Purge", "Put", "Reboot", "Register"),
    *("Reject", "Release", "Remove", "Replace", "Reset", "Restore", "Resume", "Revoke", "Rotate"),
    *("Run", "Schedule", "Send", "Set", "Start", "Stop", "Suspend", "Tag", "Terminate"),
    *("Untag", "Update", "Upload", "Write"),
)
"""What the names of actions begin with that change something."""
