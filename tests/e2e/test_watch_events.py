"""Changes that AWS tells by itself: EventBridge's events in a queue, read under the same role."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import Estate
from .daemon import Daemon, running, settings
from .watcher import Watcher, watching

ACCOUNT = "222222222222"
REGION = "eu-west-1"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:proxyd-events"
SELDOM = {"minimum_seconds": 600, "default_seconds": 600, "maximum_seconds": 600}
ALL: dict[str, Any] = {
    "target": ["production"],
    "type": ["AWS::SQS::Queue", "AWS::SNS::Topic"],
    "region": [REGION],
}


class Events:
    """The account's own side: it makes things, and CloudTrail and EventBridge tell of it."""

    def __init__(self, estate: Estate) -> None:
        self.account = estate.account(ACCOUNT)
        self.sqs = self.account.client("sqs", REGION)
        self.iam = self.account.client("iam", "us-east-1")
        self.url = ""

    def allow(self) -> None:
        """Make the queue, and let the role read it."""
        attributes = {"MessageRetentionPeriod": "300"}
        self.url = self.sqs.create_queue(QueueName="proxyd-events", Attributes=attributes)[
            "QueueUrl"
        ]
        statement = {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": QUEUE}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_role_policy(
            RoleName="proxyd-read", PolicyName="proxyd-events", PolicyDocument=document
        )

    def undo(self) -> None:
        """Leave the account as it was."""
        self.iam.delete_role_policy(RoleName="proxyd-read", PolicyName="proxyd-events")
        self.sqs.delete_queue(QueueUrl=self.url)

    def tell(self, source: str, name: str, **detail: Any) -> None:
        """Put what EventBridge would make of a CloudTrail event into the queue."""
        self.send(
            {
                "version": "0",
                "detail-type": "AWS API Call via CloudTrail",
                "source": f"aws.{source}",
                "account": ACCOUNT,
                "region": REGION,
                "detail": {
                    "eventSource": f"{source}.amazonaws.com",
                    "eventName": name,
                    "awsRegion": REGION,
                    "readOnly": False,
                    **detail,
                },
            }
        )

    def send(self, body: object) -> None:
        """Put a message into the queue."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.url, MessageBody=text)


@pytest.fixture
def events(estate: Estate) -> Any:
    """Let the account tell of its changes."""
    made = Events(estate)
    made.allow()
    yield made
    made.undo()


@asynccontextmanager
async def listening(estate: Estate, directory: Path, **more: Any) -> AsyncGenerator[Daemon, None]:
    """Run a daemon that looks so seldom that it only sees what it is told of."""
    target = next(t for t in estate.targets if t["name"] == "production")
    config = settings(
        [target | {"events": QUEUE}],
        estate.endpoint,
        watch=SELDOM,
        aws={"connect_timeout": 30.0},
        **more,
    )
    async with running(config, directory, environment=estate.environment) as daemon:
        yield daemon


def _told(client: Watcher) -> Any:
    return client.named("scan.completed")[-1]["news"]


async def _hears(client: Watcher) -> None:
    """Wait until it is told of changes."""
    await client.marked()
    await client.until(lambda: _told(client) == {"by": "events"})


async def test_a_change_that_is_told_shows_within_two_seconds(
    estate: Estate, events: Events, tmp_path: Path
) -> None:
    """Made, changed, deleted: each shows soon after its event, though nobody looks."""
    async with listening(estate, tmp_path) as daemon, watching(daemon, **ALL) as client:
        await _hears(client)
        url = events.sqs.create_queue(QueueName="told")["QueueUrl"]
        started = time.monotonic()
        events.tell("sqs", "CreateQueue", requestParameters={"queueName": "told"})
        await client.until(lambda: any(arn.endswith(":told") for arn in client.held))
        assert time.monotonic() - started <= 2.0
        events.sqs.tag_queue(QueueUrl=url, Tags={"stage": "later"})
        events.tell("sqs", "TagQueue", requestParameters={"queueUrl": url})
        await client.until(
            lambda: any(r["tags"].get("stage") == "later" for r in client.held.values())
        )
        events.sqs.delete_queue(QueueUrl=url)
        events.tell("sqs", "DeleteQueue", requestParameters={"queueUrl": url})
        await client.until(lambda: not any(arn.endswith(":told") for arn in client.held))
        assert client.names.count("resource.removed") == 1
        rounds = [done["calls"] for done in client.named("scan.completed")]
        assert len(rounds) >= 4


@pytest.mark.alone
async def test_a_thousand_watchers_see_it_within_two_seconds(
    estate: Estate, events: Events, tmp_path: Path
) -> None:
    """From the change in AWS to the last of a thousand streams."""
    crowd = 1000
    limits = {"streams_per_principal": crowd + 10, "streams": crowd + 10}
    ready, made = asyncio.Semaphore(0), asyncio.Event()
    arrived: list[float] = []

    async def watch(daemon: Daemon) -> None:
        async with watching(daemon, **ALL) as client:
            await client.marked()
            ready.release()
            await client.until(lambda: any(arn.endswith(":crowd") for arn in client.held), 60)
            arrived.append(time.monotonic())
            await made.wait()

    async with listening(estate, tmp_path, limits=limits) as daemon:
        async with watching(daemon, **ALL) as first, asyncio.TaskGroup() as group:
            await _hears(first)
            for _ in range(crowd):
                group.create_task(watch(daemon))
            for _ in range(crowd):
                await asyncio.wait_for(ready.acquire(), 60)
            started = time.monotonic()
            url = events.sqs.create_queue(QueueName="crowd")["QueueUrl"]
            events.tell("sqs", "CreateQueue")
            async with asyncio.timeout(30):
                while len(arrived) < crowd:  # noqa: ASYNC110 - a thousand tasks fill it
                    await asyncio.sleep(0.02)
            made.set()
        events.sqs.delete_queue(QueueUrl=url)
    took = max(arrived) - started
    assert took <= 2.0, f"{took:.2f} s"


async def test_what_is_not_an_event_of_use_is_passed_over(
    estate: Estate, events: Events, tmp_path: Path
) -> None:
    """Poison, reads, failed calls and other accounts cost nothing; what comes after is heard."""
    async with listening(estate, tmp_path) as daemon, watching(daemon, **ALL) as client:
        await _hears(client)
        for poison in ("", "{", "[]", '{"detail": 1}', "null", '"text"', "x" * 100_000):
            events.send(poison or " ")
        events.tell("sqs", "GetQueueAttributes", readOnly=True)
        events.tell("sqs", "CreateQueue", errorCode="AccessDenied")
        events.tell("nothing", "DoesNotExist", requestParameters={"a": [{"b": ["c"] * 500}]})
        url = events.sqs.create_queue(QueueName="after")["QueueUrl"]
        events.tell("sqs", "CreateQueue")
        await client.until(lambda: any(arn.endswith(":after") for arn in client.held))
        events.sqs.delete_queue(QueueUrl=url)
        _, text = await daemon.get("/metrics")
        counts = dict(
            line.rsplit(" ", 1)
            for line in text.decode().splitlines()
            if "pushed_events_total{" in line
        )
        assert counts['proxyd_pushed_events_total{outcome="unreadable"}'] == "7.0"
        assert counts['proxyd_pushed_events_total{outcome="of_no_use"}'] == "3.0"


async def test_a_flood_of_events_is_a_few_looks(
    estate: Estate, events: Events, tmp_path: Path
) -> None:
    """Two hundred events about one type cost a look every two seconds, and none is forgotten."""
    async with listening(estate, tmp_path) as daemon, watching(daemon, **ALL) as client:
        await _hears(client)
        before = await _calls(daemon)
        for number in range(200):
            events.tell("sns", "Publish" if number % 2 else "SetTopicAttributes")
        arn = events.account.client("sns", REGION).create_topic(Name="last-of-all")["TopicArn"]
        events.tell("sns", "CreateTopic")
        await client.until(lambda: arn in client.held)
        topics = sum(":sns:" in held for held in client.held)
        looks = (await _calls(daemon) - before) / (topics + 2)
        assert looks < 40, "each look is a page, and a call or two for each topic"
        events.account.client("sns", REGION).delete_topic(TopicArn=arn)


async def _calls(daemon: Daemon) -> float:
    _, text = await daemon.get("/metrics")
    (line,) = [
        row for row in text.decode().splitlines() if row.startswith("proxyd_aws_calls_total ")
    ]
    return float(line.rpartition(" ")[2])


async def test_without_the_queue_it_looks_and_says_so(estate: Estate, tmp_path: Path) -> None:
    """A queue that is not there, or not allowed, is told with a code; the stream goes on."""
    async with listening(estate, tmp_path) as daemon, watching(daemon, **ALL) as client:
        await client.marked()
        await client.until(lambda: "code" in _told(client))
        assert _told(client)["by"] == "looking"
        assert await _said(daemon, '"event": "events"')
        assert not client.ended.is_set()


async def _said(daemon: Daemon, text: str) -> bool:
    await asyncio.wait_for(daemon.says(text), 5)
    return True
