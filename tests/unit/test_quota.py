"""Token buckets, on a clock that the tests move; only what waits uses the loop's own time."""

from __future__ import annotations

import asyncio

from proxyd.aws.quota import DEFAULTS, MAX_BUCKETS, Bucket, Buckets, Pacer
from proxyd.settings import Quota, Rate

FAST = Rate(rate=1000, burst=2)
SLOW = Rate(rate=1e-6, burst=1)
PLAIN = Quota(default=Rate(rate=1, burst=1), services={"s3": FAST})


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


async def test_a_burst_is_given_at_once() -> None:
    """After a while of none, as many as the burst go without waiting."""
    bucket = Bucket(Rate(rate=1e-6, burst=3), Clock())
    for _ in range(3):
        await bucket.take("me")
    assert not bucket.idle


async def test_tokens_come_back_with_time_but_not_beyond_the_burst() -> None:
    """Time gives back what the rate says, and no more than the bucket holds."""
    clock = Clock()
    bucket = Bucket(Rate(rate=2, burst=2), clock)
    await bucket.take("me")
    await bucket.take("me")
    clock.now = 0.5
    await bucket.take("me")
    assert not bucket.idle
    clock.now = 1000
    assert bucket.idle


async def test_who_waits_gets_a_turn() -> None:
    """More than the burst are all served, a little later."""
    bucket = Bucket(FAST)
    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(bucket.take("me"))


async def test_principals_take_turns() -> None:
    """One that asks once is not behind all of one that asks often."""
    bucket = Bucket(Rate(rate=200, burst=1))
    await bucket.take("first")
    served: list[str] = []

    async def take(principal: str) -> None:
        await bucket.take(principal)
        served.append(principal)

    async with asyncio.TaskGroup() as group:
        for principal in ["greedy"] * 5 + ["modest"]:
            group.create_task(take(principal))
    assert served.index("modest") == 1
    assert served.count("greedy") == 5


async def test_who_gives_up_waiting_takes_nothing() -> None:
    """A cancelled wait leaves its token to the others, and the turn passes on."""
    bucket = Bucket(Rate(rate=200, burst=1))
    await bucket.take("first")
    gone = asyncio.create_task(bucket.take("gone"))
    stays = asyncio.create_task(bucket.take("stays"))
    await asyncio.sleep(0)
    gone.cancel()
    await stays
    assert gone.cancelled()


async def test_a_drained_bucket_is_empty() -> None:
    """Once AWS throttles nobody goes at once any more, whatever was saved up."""
    bucket = Bucket(SLOW, Clock())
    bucket.drain()
    waiting = asyncio.create_task(bucket.take("me"))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_accounts_regions_and_services_have_buckets_of_their_own() -> None:
    """AWS counts for each account, region and service, and so are buckets kept."""
    buckets = Buckets(PLAIN)
    keys = [("1", "r", "ec2"), ("2", "r", "ec2"), ("1", "q", "ec2"), ("1", "r", "s3")]
    found = [buckets.bucket(*key) for key in keys]
    assert len({id(bucket) for bucket in found}) == 4
    assert [buckets.bucket(*key) for key in keys] == found


async def test_a_pacer_waits_at_the_bucket_of_its_account() -> None:
    """Two principals of one account share a bucket; a throttled one drains it for both."""
    buckets = Buckets(Quota(default=SLOW))
    one, other = Pacer(buckets, "1", "a"), Pacer(buckets, "1", "b")
    await one.wait("sqs", "r")
    waiting = asyncio.create_task(other.wait("sqs", "r"))
    await other.wait("sns", "r")
    one.throttled("kms", "r")
    third = asyncio.create_task(other.wait("kms", "r"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert not third.done()
    for task in (waiting, third):
        task.cancel()
    await asyncio.wait([waiting, third])


async def test_configured_rates_win_over_those_that_aws_documents() -> None:
    """The default is for services without a rate of their own."""
    bucket = Buckets(Quota(default=SLOW, services={"ec2": Rate(rate=1e-6, burst=2)})).bucket(
        "1", "r", "ec2"
    )
    await bucket.take("me")
    assert DEFAULTS["ec2"].burst > 2
    await bucket.take("me")
    waiting = asyncio.create_task(bucket.take("me"))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_idle_buckets_are_forgotten_when_there_are_too_many() -> None:
    """The table of buckets does not grow without end."""
    buckets = Buckets(PLAIN)
    first = buckets.bucket("0", "r", "sqs")
    for number in range(1, MAX_BUCKETS + 1):
        buckets.bucket(str(number), "r", "sqs")
    assert buckets.bucket("0", "r", "sqs") is not first
