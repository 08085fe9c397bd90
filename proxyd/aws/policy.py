"""Policies, pure: the least that some scanners need, packed into as few sessions as fit.

STS takes a session policy of at most 2,048 characters (AssumeRole, parameter `Policy`),
and counts a packed, binary form against a second limit of which it only tells a
percentage: `split()` is for when that one is hit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from proxyd.actions import ASSUMING
from proxyd.events import Statement
from proxyd.statements import allowing, document

MAX_SESSION_POLICY = 2048
"""Characters of a session policy."""


class SessionPolicy(msgspec.Struct, frozen=True):
    """One session's worth: the types whose scanners go out with it, and their exact actions."""

    types: tuple[str, ...]
    actions: tuple[str, ...]

    @property
    def document(self) -> str:
        """The policy as STS takes it, without a character too many."""
        return _document(self.actions)


def pack(
    needs: Mapping[str, Iterable[str]], limit: int = MAX_SESSION_POLICY
) -> list[SessionPolicy]:
    """Pack types and the actions that each needs into as few policies as fit.

    Types that share actions are kept together: sorted by their actions they are neighbours.

    Raises:
        ValueError: one type alone needs more than fits.

    """
    packs: list[tuple[list[str], set[str]]] = []
    for name, actions in sorted(needs.items(), key=lambda item: (sorted(item[1]), item[0])):
        wanted = set(actions)
        if len(_document(wanted)) > limit:
            raise ValueError(f"{name} alone needs more actions than fit in a session policy")
        for types, held in packs:
            if len(_document(held | wanted)) <= limit:
                types.append(name)
                held.update(wanted)
                break
        else:
            packs.append(([name], wanted))
    return [SessionPolicy(tuple(types), tuple(sorted(held))) for types, held in packs]


def split(policy: SessionPolicy, needs: Mapping[str, Iterable[str]]) -> list[SessionPolicy]:
    """Cut a policy in two, by types: STS found its packed form too large.

    Raises:
        ValueError: it holds one type only.

    """
    if len(policy.types) < 2:  # noqa: PLR2004 - two halves need two
        raise ValueError("a session policy for one type can not be split")
    middle = len(policy.types) // 2
    halves = policy.types[:middle], policy.types[middle:]
    return [
        SessionPolicy(half, tuple(sorted({a for name in half for a in needs[name]})))
        for half in halves
    ]


def queue_policy(arn: str) -> str:
    """Make the session policy of who reads a target's events: one action on one queue."""
    return document([Statement(action=["sqs:ReceiveMessage"], resource=arn)])


def via_policy(role_arn: str) -> str:
    """Make the session policy of a chained role: it may go on to one role, and no more."""
    return document([Statement(action=list(ASSUMING), resource=role_arn)])


def _document(actions: Iterable[str]) -> str:
    return document(allowing(actions))
