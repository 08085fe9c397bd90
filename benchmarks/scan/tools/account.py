"""What there is in the emulated account: 200 resources of seven services in each region."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import boto3

REGIONS = ("eu-west-1", "us-east-1", "us-west-2")
ACCOUNT = "222222222222"
SERVICES = ("dynamodb", "ec2", "lambda", "rds", "s3", "sns", "sqs")

_INSTANCES, _FUNCTIONS, _QUEUES, _TOPICS = 60, 30, 30, 30
_BUCKETS, _TABLES, _DATABASES = 20, 20, 10
PER_REGION = _INSTANCES + _FUNCTIONS + _QUEUES + _TOPICS + _BUCKETS + _TABLES + _DATABASES

_TAGS = [{"Key": "team", "Value": "platform"}]


def fill(endpoint: str) -> None:
    """Make it all. The emulator takes an access key of twelve digits as that account's."""
    for region in REGIONS:
        session = boto3.Session(
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="secret",  # noqa: S106 - an emulator's
            region_name=region,
        )
        clients = {name: session.client(name, endpoint_url=endpoint) for name in SERVICES}
        _compute(clients, region)
        _messages(clients)
        _data(clients, region)


def _compute(clients: dict[str, Any], region: str) -> None:
    clients["ec2"].run_instances(
        ImageId="ami-12345678",
        InstanceType="t3.micro",
        MinCount=_INSTANCES,
        MaxCount=_INSTANCES,
        TagSpecifications=[{"ResourceType": "instance", "Tags": _TAGS}],
    )
    code = _code()
    for n in range(_FUNCTIONS):
        clients["lambda"].create_function(
            FunctionName=f"function-{region}-{n}",
            Runtime="python3.12",
            Role=f"arn:aws:iam::{ACCOUNT}:role/function",
            Handler="app.handler",
            Code={"ZipFile": code},
        )


def _messages(clients: dict[str, Any]) -> None:
    for n in range(_QUEUES):
        clients["sqs"].create_queue(QueueName=f"queue-{n}")
    for n in range(_TOPICS):
        clients["sns"].create_topic(Name=f"topic-{n}")


def _data(clients: dict[str, Any], region: str) -> None:
    for n in range(_BUCKETS):
        place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        where = {} if region == "us-east-1" else place
        clients["s3"].create_bucket(Bucket=f"bucket-{region}-{n}", **where)
    for n in range(_TABLES):
        clients["dynamodb"].create_table(
            TableName=f"table-{n}",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    for n in range(_DATABASES):
        clients["rds"].create_db_instance(
            DBInstanceIdentifier=f"database-{n}",
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="master",
            MasterUserPassword="not-a-secret",
        )


def _code() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return None\n")
    return content.getvalue()
