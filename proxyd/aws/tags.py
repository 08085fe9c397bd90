"""Tags from the tagging API: one call for all kinds of a region, where that tells everything.

Many services tell the tags of a resource one resource at a time, and the tagging API a hundred
at a time, of one kind or of several. Most regions of most accounts have fewer in all: so the
first shard of a region that wants tags asks for those of every kind which the scan wants. Only
where there are more does each shard read its own kind, page after page and side by side.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from proxyd.errors import AwsError

SERVICE, OPERATION = "resourcegroupstaggingapi", "GetResources"
PAGE = 100
"""Resources that one answer holds at most."""

MAX_KINDS = 100
"""Kinds that one call may name, as the API's reference has it."""

Answer = dict[str, Any]
Ask = Callable[[list[str]], Awaitable[Answer]]
Mappings = list[dict[str, Any]]


class _Look:
    """One look at all tags of some kinds; whoever comes first makes it for all."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self._kinds = list(kinds)
        self._lock = asyncio.Lock()
        self._found: Mappings | AwsError | None = None
        self._looked = False

    async def mappings(self, ask: Ask) -> Mappings | None:
        """Return the mappings of all kinds; None where they are more than one answer holds.

        Raises:
            AwsError: the role may not ask for tags, or they can not be had.

        """
        async with self._lock:
            if not self._looked:
                self._found = await self._look(ask)
                self._looked = True
        if isinstance(self._found, AwsError):
            raise self._found
        return self._found

    async def _look(self, ask: Ask) -> Mappings | AwsError | None:
        try:
            answer = await ask(self._kinds)
        except AwsError as error:
            # It may be the fault of one kind: let each shard find out about its own.
            return None if error.status == "failed" else error
        if answer.get("PaginationToken"):
            return None
        found: Mappings = answer.get("ResourceTagMappingList", [])
        return found


class RegionTags:
    """The tags of one region, for all shards of a scan that want some."""

    def __init__(self, kinds: Iterable[str]) -> None:
        several = sorted(set(kinds))
        self._looks: dict[str, _Look] = {}
        for start in range(0, len(several) if len(several) > 1 else 0, MAX_KINDS):
            group = several[start : start + MAX_KINDS]
            self._looks |= dict.fromkeys(group, _Look(group))

    async def mappings(self, kind: str, ask: Ask) -> Mappings | None:
        """Return the mappings of a kind, and perhaps of others; None where it has to be asked for.

        Raises:
            AwsError: the role may not ask for tags, or they can not be had.

        """
        look = self._looks.get(kind)
        return None if look is None else await look.mappings(ask)
