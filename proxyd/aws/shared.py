"""What all scans share: the clients, the quota and the lists of regions. Nothing of one scan."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Self

from proxyd.aws.clients import Clients
from proxyd.aws.quota import Buckets
from proxyd.settings import Aws, Quota

Regions = dict[str, bool]
"""Region → whether it is enabled for the account."""

REMEMBERED = 300.0
"""Seconds for which an account's list of regions is good: a new one shows within that."""


class RegionLists:
    """Which regions each account has, asked once for all who want to know at the same time."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Regions]] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, account: str, ask: Callable[[], Awaitable[Regions]]) -> Regions:
        """Return an account's list, asking for it where it is not known or too old.

        Whoever waits for another's answer asks for themselves where that one failed or went.
        """
        async with self._asking[account]:
            known = self._known.get(account)
            if known is None or known[0] < time.monotonic():
                known = (time.monotonic() + REMEMBERED, await ask())
                self._known[account] = known
            return known[1]


class Shared:
    """Made once by the daemon, handed to every scan."""

    def __init__(self, settings: Aws, quota: Quota) -> None:
        self.sts_region = settings.region
        self.clients = Clients(settings)
        self.buckets = Buckets(quota)
        self.regions = RegionLists()

    async def __aenter__(self) -> Self:
        await self.clients.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.clients.__aexit__(*exc)
