"""Functions with their log groups, queues, topics and tables."""

from __future__ import annotations

import io
import json
import zipfile

from .company import App
from .site import Site, pairs


def make_serverless(site: Site) -> None:
    """Make what each application has without a machine of its own."""
    code = _code()
    for app in site.apps:
        for function in app.functions:
            _make_function(site, app, function, code)
        if app.queues:
            _make_topic(site, app)
        for table in app.tables:
            _make_table(site, app, table)


def _code() -> bytes:
    """Return the one archive that all functions have: nobody ever calls them."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        # A fixed date, so that the code's hash is the same each time.
        zipped.writestr(zipfile.ZipInfo("app.py"), "def handler(event, context):\n    return {}\n")
    return archive.getvalue()


def _make_function(site: Site, app: App, function: str, code: bytes) -> None:
    name = f"{app.name}-{function}"
    make_log_group(site, f"/aws/lambda/{site.name(name)}", app.team)
    site.aws("lambda").create_function(
        FunctionName=site.name(name),
        Description=site.text(f"{function.replace('-', ' ').capitalize()} for {app.name}"),
        Runtime="python3.12",
        Handler="app.handler",
        Role=site.role(f"{app.name}-functions"),
        Code={"ZipFile": code},
        MemorySize=256,
        Timeout=15,
        Environment={"Variables": {"API_KEY": site.confidential}},
        Tags=site.tags(name, app.team),
    )
    site.made["AWS::Lambda::Function"] += 1


def make_log_group(site: Site, name: str, team: str) -> None:
    """Make a log group that keeps a month."""
    logs = site.aws("logs")
    logs.create_log_group(logGroupName=name, tags=site.tags(name, team))
    logs.put_retention_policy(logGroupName=name, retentionInDays=30)
    site.made["AWS::Logs::LogGroup"] += 1


def _make_topic(site: Site, app: App) -> None:
    """Make the application's topic, and the queues that it fills."""
    sns, name = site.aws("sns"), f"{app.name}-events"
    topic = sns.create_topic(Name=site.name(name), Tags=pairs(site.tags(name, app.team)))
    site.made["AWS::SNS::Topic"] += 1
    for queue in app.queues:
        endpoint = _make_queue(site, app, queue)
        sns.subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=endpoint)
        site.made["AWS::SNS::Subscription"] += 1


def _make_queue(site: Site, app: App, queue: str) -> str:
    """Make the queue, and the one that takes what it could not deliver."""
    sqs, name = site.aws("sqs"), f"{app.name}-{queue}"
    dead = f"{name}-dlq"
    sqs.create_queue(QueueName=site.name(dead), tags=site.tags(dead, app.team))
    redrive = {"deadLetterTargetArn": site.arn("sqs", site.name(dead)), "maxReceiveCount": 5}
    sqs.create_queue(
        QueueName=site.name(name),
        Attributes={"VisibilityTimeout": "60", "RedrivePolicy": json.dumps(redrive)},
        tags=site.tags(name, app.team),
    )
    site.made["AWS::SQS::Queue"] += 2
    return site.arn("sqs", site.name(name))


def _make_table(site: Site, app: App, table: str) -> None:
    name = f"{app.name}-{table}"
    site.aws("dynamodb").create_table(
        TableName=site.name(name),
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=pairs(site.tags(name, app.team)),
    )
    site.made["AWS::DynamoDB::Table"] += 1
