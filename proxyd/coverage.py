"""What was and what was not seen, added up shard by shard."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from proxyd.actions import ASSUMING
from proxyd.events import Gap, ScanCompleted, ShardEnded
from proxyd.model import Target
from proxyd.remedies import Refusal, refusals, remedies


class Coverage:
    """The ledger of one target's scan."""

    def __init__(self, shards: int) -> None:
        self.expected = shards
        self.statuses: Counter[str] = Counter()
        self.gaps: list[Gap] = []
        self.refused: set[str] = set()
        self.refusals: set[Refusal] = set()
        self.resources = 0
        self.calls = 0

    def add(self, shard: ShardEnded) -> None:
        """Take one ended shard into account."""
        self.statuses[shard.status] += 1
        self.resources += shard.resources
        self.calls += shard.calls
        self.refused.update(shard.actions or ())
        self.refusals |= refusals(shard)
        if shard.status == "denied" and shard.action is not None and shard.cause != "undeclared":
            self.refused.add(shard.action)
        if shard.status != "ok":
            self.gaps.append(
                Gap(type=shard.type, region=shard.region, status=shard.status, action=shard.action)
            )

    def lacks(self, refusal: Refusal) -> None:
        """Note an action of proxyd's own that was refused: it costs detail, and no shard."""
        self.refusals.add(refusal)
        if refusal.cause != "organization":
            self.refused.add(refusal.action)

    @property
    def complete(self) -> bool:
        """Whether every shard ended, and ended `ok`."""
        return self.statuses["ok"] == self.expected

    def missing_actions(self) -> list[str]:
        """Return the actions that the role's policy lacks.

        What an SCP forbids no policy can grant, and AssumeRole is for the trust policy.
        """
        return sorted(self.refused.difference(ASSUMING))

    def completed(self, *, scan: str, target: Target, calls: int, ms: int) -> ScanCompleted:
        """Sum it up; `calls` are those made outside of shards."""
        return ScanCompleted(
            scan=scan,
            target=target.name,
            complete=self.complete,
            resources=self.resources,
            shards=dict(sorted(self.statuses.items())),
            gaps=sorted(self.gaps, key=lambda gap: (gap.type, gap.region)),
            missing_actions=self.missing_actions(),
            remedies=remedies(self.refusals, target),
            calls=self.calls + calls,
            ms=ms,
        )


class Tally(NamedTuple):
    """What one scan came to so far: what was seen, and how many resources its reader has of it."""

    coverage: Coverage
    resources: int
