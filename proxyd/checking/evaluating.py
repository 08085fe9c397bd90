"""Policies of a role → what they allow, pure: as much of IAM's evaluation as tells one thing.

On what an action is allowed is not asked: an allowance counts with any resource and condition,
unless it is to count for everything, and a denial only where it has neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from proxyd.aws.role import Document, Policy, Role
from proxyd.checking.broad import CHANGING
from proxyd.errors import Cause

EVERYTHING = "*"


class Patterns:
    """Patterns of actions, by service: AWS's own policies have thousands."""

    def __init__(self, written: Iterable[str]) -> None:
        self.written = list(written)
        self._of: dict[str, list[str]] = defaultdict(list)
        for pattern in self.written:
            self._of[_service(pattern)].append(pattern)

    def match(self, action: str) -> bool:
        """Whether one of them covers an action, or a pattern."""
        near = (*self._of.get(_service(action), ()), *self._of.get(EVERYTHING, ()))
        return any(covers(pattern, action) for pattern in near)

    def touch(self, action: str) -> bool:
        """Whether one of them covers an action, or may cover some of what a pattern matches."""
        return any(overlap(pattern, action) for pattern in self.written)


def _service(pattern: str) -> str:
    """Return the service of a pattern, `*` where it may be any of several."""
    service = pattern.partition(":")[0].lower()
    return EVERYTHING if set(service) & set("*?") else service


class Statement:
    """One statement, as far as it is read."""

    def __init__(self, written: dict[str, Any]) -> None:
        self.allows = written.get("Effect") == "Allow"
        self.inverted = "NotAction" in written
        self._patterns = Patterns(_texts(written.get("NotAction" if self.inverted else "Action")))
        on = _texts(written.get("Resource"))
        self.always = not written.get("Condition") and EVERYTHING in on

    @property
    def actions(self) -> list[str]:
        """What it names, `*` where it names what it is not about."""
        return [EVERYTHING] if self.inverted else self._patterns.written

    def matches(self, action: str) -> bool:
        """Whether it is about an action, or about all that a pattern matches."""
        if self.inverted:
            return not self._patterns.touch(action)
        return self._patterns.match(action)


class Rules:
    """All statements of some policies."""

    def __init__(self, documents: Iterable[Document]) -> None:
        found = [s for document in documents for s in _statements(document)]
        self.allowing = [s for s in found if s.allows]
        self.denying = [s for s in found if not s.allows and s.always]

    def allows(self, action: str) -> bool:
        """Whether an action is allowed on anything."""
        return any(s.matches(action) for s in self.allowing) and not self.denies(action)

    def allows_always(self, action: str) -> bool:
        """Whether an action is allowed on everything, whatever the conditions."""
        allowed = any(s.matches(action) for s in self.allowing if s.always)
        return allowed and not self.denies(action)

    def denies(self, action: str) -> bool:
        """Whether an action is denied on everything, whatever the conditions."""
        return any(s.matches(action) for s in self.denying)

    def patterns(self) -> Iterator[str]:
        """Return what is allowed as it is written, but for what is denied altogether."""
        for statement in self.allowing:
            yield from (pattern for pattern in statement.actions if not self.denies(pattern))


def rules(policies: Iterable[Policy]) -> Rules:
    """Read those of some policies that have a document."""
    return Rules(policy.document for policy in policies if policy.document is not None)


class RoleRules:
    """What the policies of a role say, and its permissions boundary where it can be read."""

    def __init__(self, role: Role) -> None:
        self.own = rules(role.policies)
        self.bound = rules([role.boundary]) if role.boundary and role.boundary.document else None
        self._unbound = role.boundary is None
        self._all_known = all(policy.document is not None for policy in role.policies)

    def lets(self, action: str) -> bool:
        """Whether all of them are known, and allow an action on everything."""
        if not self._all_known or not self.own.allows_always(action):
            return False
        return self._unbound if self.bound is None else self.bound.allows_always(action)

    def causes(self, action: str) -> list[Cause]:
        """Return which of them refuse an action; none where that can not be told."""
        found: list[Cause] = []
        if self.own.denies(action):
            found.append("explicit_deny")
        elif self._all_known and not self.own.allows(action):
            found.append("policy")
        if self.bound is not None and not self.bound.allows(action):
            found.append("boundary")
        return found


def changing(pattern: str) -> bool:
    """Whether an action, or one that a pattern matches, changes something, by its name."""
    name = pattern.partition(":")[2] if ":" in pattern else pattern
    name = name.lower().removeprefix("batch")
    fixed = _fixed(name)
    if any(fixed.startswith(verb.lower()) for verb in CHANGING):
        return True
    return fixed != name and any(verb.lower().startswith(fixed) for verb in CHANGING)


def covers(pattern: str, action: str) -> bool:
    """Whether a pattern matches an action, or all that another pattern matches; in any case."""
    # A `?` stands for one character, and must not stand for a whole `*`.
    other = action.lower().replace("*", "\0\0").replace("?", "\0")
    return fnmatchcase(other, pattern.lower().replace("[", "[[]"))


def overlap(one: str, other: str) -> bool:
    """Whether some action may be matched by both of two patterns; a doubt is a yes."""
    one, other = one.lower(), other.lower()
    if not set(one + other) & set("*?"):
        return one == other
    if not set(other) & set("*?"):
        return covers(one, other)
    if not set(one) & set("*?"):
        return covers(other, one)
    heads = _fixed(one), _fixed(other)
    tails = _fixed(one[::-1]), _fixed(other[::-1])
    return all(a.startswith(b) or b.startswith(a) for a, b in (heads, tails))


def _fixed(pattern: str) -> str:
    return pattern.partition("*")[0].partition("?")[0]


def _statements(document: Document) -> list[Statement]:
    found = document.get("Statement", ())
    listed = [found] if isinstance(found, dict) else found
    return [Statement(each) for each in listed if isinstance(each, dict)]


def _texts(value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [each for each in listed if isinstance(each, str)]
