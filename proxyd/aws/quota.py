"""How fast AWS is asked: a token bucket for each account, region and service.

The buckets are shared by every scan, so that a hundred clients cost an account no more than
the configured rate, and they are fair: where several principals wait, they take turns, so
that one with a thousand calls can not starve one with a single call.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from proxyd.settings import Quota, Rate

DEFAULTS: dict[str, Rate] = {
    # EC2 API Reference, "Request throttling": Describe* has 100 tokens and 20 more a second.
    "ec2": Rate(rate=20, burst=100),
    # Route 53 Developer Guide, "Quotas": five requests a second for an account.
    "route53": Rate(rate=5, burst=5),
    "cloudfront": Rate(rate=5, burst=10),
    "iam": Rate(rate=15, burst=30),
    "lambda": Rate(rate=10, burst=15),
    "organizations": Rate(rate=2, burst=5),
    # STS allows 600 a second; what proxyd asks of it should leave the rest to others.
    "sts": Rate(rate=50, burst=100),
}
"""Requests a second, and at once, where AWS documents them."""

MAX_BUCKETS = 20_000


class Bucket:
    """Tokens that come back with time, given out in turns."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = float(rate.burst)
        self._at = clock()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether forgetting it would change nothing."""
        self._refill()
        return not self._waiting and self._tokens >= self._rate.burst

    @property
    def low(self) -> bool:
        """Whether more than half of what may be asked at once has been."""
        self._refill()
        return self._tokens < self._rate.burst / 2

    @property
    def wait(self) -> float:
        """Seconds, about, that one more would have to wait."""
        self._refill()
        ahead = sum(map(len, self._waiting.values()))
        return max(0.0, (ahead + 1 - self._tokens) / self._rate.rate)

    async def take(self, principal: str) -> None:
        """Take one token, waiting for it in turn with other principals."""
        self._refill()
        if not self._waiting and self._tokens >= 1:
            self._tokens -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(principal, deque()).append(turn)
        self._schedule()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._tokens += 1  # it was given in the moment of going
                self._schedule()
            raise

    def drain(self) -> None:
        """Empty it: AWS has throttled, so it counts differently."""
        self._refill()
        self._tokens = min(self._tokens, 0.0)

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._rate.burst, self._tokens + (now - self._at) * self._rate.rate)
        self._at = now

    def _schedule(self) -> None:
        if self._timer is None and self._waiting:
            delay = max(0.0, (1 - self._tokens) / self._rate.rate)
            self._timer = asyncio.get_running_loop().call_later(delay, self._give)

    def _give(self) -> None:
        """Give out what there is, one to each principal in turn."""
        self._timer = None
        self._refill()
        while self._tokens >= 1 and self._waiting:
            principal, turns = next(iter(self._waiting.items()))
            turn = turns.popleft()
            if turns:
                self._waiting.move_to_end(principal)
            else:
                del self._waiting[principal]
            if not turn.cancelled():
                turn.set_result(None)
                self._tokens -= 1
        self._schedule()


class Pacer:
    """One principal's way to the buckets of one account: `proxyd.aws.binding.Pace`."""

    __slots__ = ("_account", "_buckets", "_principal")

    def __init__(self, buckets: Buckets, account: str, principal: str) -> None:
        self._buckets = buckets
        self._account = account
        self._principal = principal

    async def wait(self, service: str, region: str) -> None:
        """Wait until one more request may be sent."""
        await self._buckets.bucket(self._account, region, service).take(self._principal)

    def expected(self, service: str, region: str) -> float:
        """Return the seconds, about, that one more request would wait."""
        return self._buckets.bucket(self._account, region, service).wait

    def low(self, service: str, region: str) -> bool:
        """Whether so many requests are made that some should be spared."""
        return self._buckets.bucket(self._account, region, service).low

    def throttled(self, service: str, region: str) -> None:
        """Note that AWS throttled a request: everyone waits until tokens have come back."""
        self._buckets.throttles += 1
        self._buckets.bucket(self._account, region, service).drain()


class Buckets:
    """The buckets of all accounts, made when they are first needed.

    Attributes:
        throttles: how often AWS has throttled a request, all in all.

    """

    def __init__(self, settings: Quota) -> None:
        self.throttles = 0
        self._default = settings.default
        self._rates = {**DEFAULTS, **settings.services}
        self._buckets: OrderedDict[tuple[str, str, str], Bucket] = OrderedDict()

    def bucket(self, account: str, region: str, service: str) -> Bucket:
        """Return the bucket of a service in a region of an account."""
        key = (account, region, service)
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget_idle()
            bucket = self._buckets[key] = Bucket(self._rates.get(service, self._default))
        self._buckets.move_to_end(key)
        return bucket

    def _forget_idle(self) -> None:
        while len(self._buckets) >= MAX_BUCKETS:
            key, oldest = next(iter(self._buckets.items()))
            if not oldest.idle:
                return
            del self._buckets[key]
