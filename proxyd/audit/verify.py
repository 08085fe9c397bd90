"""Read a trail again, and find every line that is not as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from proxyd.audit.chain import Chain, fingerprint_of_private, reveal, unseal
from proxyd.audit.records import ServiceStarted, ServiceStopped

MAX_LINE = 1024 * 1024
"""Bytes of a line that is looked at."""

MAX_JUMP = 1_000_000
"""Records that can be missing in one place; a line that claims more than that is wrong."""

_ZERO = "00" * 32
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


class Fault(msgspec.Struct, frozen=True, order=True):
    """What is wrong with one line; line 0 is the file as a whole."""

    line: int
    what: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        runs: of the daemon, whose records were there.
        clear: of those, how many have their key in the clear: a careful forger has it, too.
        begins: for each run its name and the seal of its first record, to compare with another
            sink's: whoever writes a whole run anew can not make these the same.

    """

    records: int
    runs: int
    clear: int
    begins: tuple[str, ...] = ()
    faults: tuple[Fault, ...]


class UncheckableError(Exception):
    """It can not be checked with what was given."""


def verify(lines: Iterable[bytes], *, private: Sequence[str] = (), running: bool = False) -> Report:
    """Check a trail.

    Args:
        lines: the file's lines, with their ends; what a syslog server puts before each is
            passed over.
        private: the auditor's private keys; with one, a run that is not sealed to it is bad.
        running: whether the last run may still be going on.

    Raises:
        UncheckableError: a key that it takes was not given, or what was given is none.

    """
    keys = _by_fingerprint(private)
    runs: dict[str, _Run] = {}
    faults: list[Fault] = []
    count, last = 0, None
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        count += 1
        entry = _read(raw)
        if entry is None:
            whole = raw.endswith(b"\n")
            faults.append(
                Fault(number, "no audit record" if whole else "cut off: its end is missing")
            )
            continue
        last = runs.setdefault(entry.run, _Run())
        if entry.code == ServiceStarted.CODE and entry.sequence == 0:
            last.key(_key(entry, number, keys))
        faults += last.add(number, entry)
    for run in runs.values():
        faults += run.end(running=running and run is last)
    if not runs:
        faults.append(Fault(0, "there is no audit record in it"))
    return Report(
        records=count,
        runs=len(runs),
        clear=sum(run.clear for run in runs.values()),
        begins=tuple(f"{name} {run.begins}" for name, run in runs.items() if run.begins),
        faults=tuple(sorted(faults)),
    )


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    sequence: Annotated[int, Meta(ge=0)]
    code: str
    body: bytes
    seal: str
    unmapped: dict[str, Any]


class _Key(msgspec.Struct, frozen=True):
    """The first key of a run, or why it is not there."""

    raw: bytes | None = None
    clear: bool = False
    wrong: str = "edited: the key of the chain in it is nonsense"


class _Keys:
    """Chains that stand before any line that is asked for; going back begins anew."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._chain, self._next = Chain(raw), 0

    def seals(self, sequence: int, previous: Iterable[str], body: bytes) -> list[str]:
        """Return what the seal of a line can be, after each of these before it."""
        if sequence < self._next:
            self._chain, self._next = Chain(self._raw), 0
        self._chain.skip(sequence - self._next)
        self._next = sequence
        return [self._chain.after(before, body) for before in previous]


class _Run:
    """The records of one run of the daemon, in the order in which they stand in the file."""

    def __init__(self) -> None:
        self.clear = False
        self._keys: _Keys | None = None
        self._wrong = "edited: it is the first of its run, and no service.started"
        self._lines: dict[int, int] = {}
        self._seals: dict[int, list[str]] = {-1: [_ZERO]}
        self._waiting: dict[int, tuple[int, _Entry]] = {}
        self._highest = -1
        self._last_line = 0
        self._stopped = False

    @property
    def begins(self) -> str:
        """The seal of its first record."""
        return next(iter(self._seals.get(0, ())), "")

    def key(self, key: _Key) -> None:
        """Take the first key, which the first record holds."""
        self._wrong = key.wrong
        if self._keys is None and key.raw is not None:
            self._keys, self.clear = _Keys(key.raw), key.clear

    def add(self, number: int, entry: _Entry) -> Iterator[Fault]:
        """Take a line, and say what is wrong with it, as far as that is known by now."""
        sequence = entry.sequence
        if sequence in self._lines:
            yield Fault(
                number, f"a duplicate: record {sequence} is in line {self._lines[sequence]}"
            )
            return
        if sequence > self._highest + MAX_JUMP:
            yield Fault(number, f"edited: it claims to be record {sequence}")
            return
        if sequence < self._highest:
            before = self._lines[self._highest]
            yield Fault(
                number,
                f"out of order: record {sequence} comes after {self._highest}, line {before}",
            )
        self._lines[sequence] = number
        self._last_line = max(number, self._last_line)
        self._highest = max(self._highest, sequence)
        self._stopped = self._stopped or entry.code == ServiceStopped.CODE
        self._waiting[sequence] = (number, entry)
        if sequence - 1 in self._seals:
            yield from self._check_from(sequence)

    def end(self, *, running: bool) -> Iterator[Fault]:
        """Say what is missing."""
        for first, last in _gaps(sorted(self._lines)):
            after = self._lines.get(last + 1, self._last_line)
            which = f"record {first}" if first == last else f"records {first} to {last}"
            yield Fault(after, f"before this line {which} of its run should stand: missing")
            # What follows a gap can not be checked by itself, but what comes after it can.
            if last + 1 in self._waiting:
                _, entry = self._waiting.pop(last + 1)
                self._seals[last + 1] = [entry.seal]
                yield from self._check_from(last + 2)
        if self._keys is None and 0 in self._lines:
            yield Fault(self._lines[0], self._wrong)
        if not self._stopped and not running:
            yield Fault(
                self._last_line,
                "truncated: it is the last of its run, which did not end here in order "
                "(the daemon was killed, still runs, or lines after this one are missing)",
            )

    def _check_from(self, sequence: int) -> Iterator[Fault]:
        while sequence in self._waiting:
            yield from self._check(*self._waiting.pop(sequence))
            sequence += 1

    def _check(self, number: int, entry: _Entry) -> Iterator[Fault]:
        self._seals[entry.sequence] = [entry.seal]
        if self._keys is None:
            return
        right = self._keys.seals(entry.sequence, self._seals[entry.sequence - 1], entry.body)
        if entry.seal not in right:
            # Where only the seal was edited, the next line rests on what it was.
            self._seals[entry.sequence].append(right[0])
            yield Fault(number, f"edited: the seal of record {entry.sequence} is not its own")


def _read(raw: bytes) -> _Entry | None:
    start = raw.find(b"{")
    found = unseal(raw[start:].rstrip(b"\r\n")) if start >= 0 and len(raw) <= MAX_LINE else None
    if found is None:
        return None
    body, seal = found
    try:
        event = json.loads(body)
        return msgspec.convert(
            {
                "run": event["unmapped"]["run"],
                "sequence": event["metadata"]["sequence"],
                "code": event["metadata"]["event_code"],
                "body": body,
                "seal": seal,
                "unmapped": event["unmapped"],
            },
            _Entry,
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _by_fingerprint(private: Sequence[str]) -> dict[str, str]:
    try:
        return {fingerprint_of_private(key): key for key in private}
    except ValueError:
        raise UncheckableError("a private key given is none: see `proxyd audit key`") from None


def _key(first: _Entry, number: int, private: Mapping[str, str]) -> _Key:
    """Find the key of a run in its first record."""
    written = str(first.unmapped.get("chain", ""))
    sealed_to = str(first.unmapped.get("sealed_to", ""))
    try:
        if not sealed_to:
            if private:
                return _Key(wrong="the key of its run is not sealed to the auditor: forged, or old")
            return _Key(bytes.fromhex(written), clear=True)
        if not _FINGERPRINT.fullmatch(sealed_to):
            return _Key()
        if not private:
            raise UncheckableError(
                f"line {number}: the key of this chain is sealed to the public key {sealed_to}: "
                "give the private one that belongs to it with --private-key FILE"
            )
        if sealed_to not in private:
            return _Key(wrong=f"the key of its run is sealed to another public key, {sealed_to}")
        return _Key(reveal(written, private[sealed_to]))
    except ValueError:
        return _Key()


def _gaps(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the ranges, ends included, that are missing among sorted numbers from 0."""
    for before, after in pairwise([-1, *numbers]):
        if after > before + 1:
            yield before + 1, after - 1
