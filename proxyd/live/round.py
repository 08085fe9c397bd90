"""One round: some shards of a feed, run once by one right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from proxyd.aws.access import Access
from proxyd.engine import Engine, Work
from proxyd.errors import AwsError
from proxyd.events import Event, ShardEnded
from proxyd.live.feed import Feed, Held, Sweep
from proxyd.model import Resource, Scanner, Target
from proxyd.reach import enabled_regions, known_off, unseen
from proxyd.rights import DENIED, Right


class Ends(Protocol):
    """Who is told what comes of a round."""

    def found(self) -> None:
        """Hear that something was found."""
        ...

    def ended(self, held: Held, sweep: Sweep, ended: ShardEnded) -> None:
        """Hear how a shard ended; its sweep has not yet."""
        ...

    def refused(self, right: Right, shards: Sequence[Held]) -> bool:
        """Hear that the right failed and not the shards; return whether they have another."""
        ...


class Round:
    """Runs shards with one right."""

    def __init__(
        self,
        feed: Feed,
        target: Target,
        registry: Mapping[str, Scanner],
        *,
        engine: Engine,
        right: Right,
        ends: Ends,
    ) -> None:
        self._feed = feed
        self._target = target
        self._registry = registry
        self._engine = engine
        self._right = right
        self._ends = ends
        self._sweeps: dict[tuple[str, str], tuple[Held, Sweep]] = {}

    async def run(self, shards: Sequence[Held]) -> None:
        """Run them all."""
        access = self._right.access.again()
        refused = self._right.refused or await self._assume(access, shards)
        if refused is not None and self._ends.refused(self._right, shards):
            return
        works = await self._works(access, shards, refused)
        await self._engine.run(works, access.shard, self._emit)

    async def _assume(self, access: Access, shards: Sequence[Held]) -> AwsError | None:
        """See to it that there are sessions for these shards; return why there can be none."""
        try:
            await access.assume(held.type for held in shards)
        except AwsError as error:
            if error.status in DENIED:
                self._right.taken(error)
            return error
        return None

    async def _works(
        self, access: Access, shards: Sequence[Held], refused: AwsError | None
    ) -> list[Work]:
        """Return what is to be run; of what is known not to be seen it is told at once."""
        scanners = [self._registry[held.type] for held in shards]
        enabled = None
        if refused is None:
            enabled, _ = await enabled_regions(access, scanners)
        works = []
        for held, scanner in zip(shards, scanners, strict=True):
            sweep = Sweep(self._feed, held)
            known = refused or known_off(held.region, enabled)
            if known is None:
                works.append(Work(scanner, held.region))
                self._sweeps[held.type, held.region] = (held, sweep)
            else:
                told = unseen(self._target, held.type, held.region, known)
                self._ends.ended(held, sweep, told)
        return works

    async def _emit(self, work: Work, event: Event) -> None:
        held, sweep = self._sweeps[work.scanner.type, work.region]
        match event:
            case Resource():
                sweep.found(event)
                self._ends.found()
            case ShardEnded(action="sts:AssumeRole", status=status) if status in DENIED:
                # It is the right that failed; the shard may well be seen by another.
                self._right.taken(AwsError(status, event.code or "", action=event.action))
                if not self._ends.refused(self._right, [held]):
                    self._ends.ended(held, sweep, event)
            case ShardEnded():
                self._ends.ended(held, sweep, event)
