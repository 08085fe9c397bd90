"""What all scans share: the clients, the quota and the lists of regions. Nothing of one scan."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Self

from proxyd.aws.clients import Clients
from proxyd.aws.packing import Packings
from proxyd.aws.quota import Buckets
from proxyd.errors import AwsError
from proxyd.flight import Flight
from proxyd.model import Operation
from proxyd.settings import Aws, Quota

Regions = dict[str, bool]
"""Region → whether it is enabled for the account."""

REMEMBERED = 300.0
"""Seconds for which an account's list of regions is good: a new one shows within that."""

FAILURE_REMEMBERED = 10.0
"""Seconds for which nobody asks again where asking failed."""

PATIENCE = 5.0
"""Seconds that the answer may take: a scan waits for it."""


class _Asking:
    """One question to AWS, and how long its answer is good."""

    def __init__(self, ask: Callable[[], Awaitable[Regions]]) -> None:
        self._flight = Flight(_within(ask))
        self._until = time.monotonic() + REMEMBERED

    async def answer(self) -> Regions:
        """Wait for the answer."""
        try:
            return await self._flight.join()
        except AwsError:
            self._until = min(self._until, time.monotonic() + FAILURE_REMEMBERED)
            raise

    @property
    def good(self) -> bool:
        """Whether it may still be waited for, or its answer used."""
        return not self._flight.dropped and time.monotonic() < self._until


async def _within(ask: Callable[[], Awaitable[Regions]]) -> Regions:
    try:
        async with asyncio.timeout(PATIENCE):
            return await ask()
    except TimeoutError:
        raise AwsError("timeout", "RegionsTimeout") from None


class RegionLists:
    """Which regions each account has, asked once for all who want to know at the same time."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asking] = {}

    async def of(self, account: str, ask: Callable[[], Awaitable[Regions]]) -> Regions:
        """Return an account's list, asking for it where it is not known or too old.

        Raises:
            AwsError: it can not be had.

        """
        asking = self._asked.get(account)
        if asking is None or not asking.good:
            asking = self._asked[account] = _Asking(ask)
        return await asking.answer()


class Shared:
    """Made once by the daemon, handed to every scan."""

    def __init__(
        self, settings: Aws, quota: Quota, operations: Iterable[Operation] | None = None
    ) -> None:
        self.sts_region = settings.region
        self.clients = Clients(settings, operations)
        self.buckets = Buckets(quota)
        self.regions = RegionLists()
        self.packings = Packings()

    async def __aenter__(self) -> Self:
        await self.clients.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.clients.__aexit__(*exc)
