"""Read a trail again, and find every line that is not as it was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from proxyd.audit.chain import Chain, fingerprint_of_private, reveal, unseal
from proxyd.audit.records import ServiceStarted, ServiceStopped

MAX_LINE = 1024 * 1024
"""Bytes of a line that is looked at."""

_ZERO = "00" * 32


class Fault(msgspec.Struct, frozen=True, order=True):
    """What is wrong with one line; line 0 is the file as a whole."""

    line: int
    what: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        runs: of the daemon, whose records were there.
        clear: of those, how many have their key in the clear: a careful forger has it, too.

    """

    records: int
    runs: int
    clear: int
    faults: tuple[Fault, ...]


class UncheckableError(Exception):
    """It can not be checked with what was given."""


def verify(lines: Iterable[bytes], *, private: str | None = None, running: bool = False) -> Report:
    """Check a trail.

    Args:
        lines: the file's lines, with their ends; what a syslog server puts before each is
            passed over.
        private: the auditor's private key.
        running: whether the last run may still be going on.

    Raises:
        UncheckableError: the key that it takes was not given, or is another.

    """
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
            last.key(_key(entry, number, private))
        faults += last.add(number, entry)
    for run in runs.values():
        faults += run.end(running=running and run is last)
    if not runs:
        faults.append(Fault(0, "there is no audit record in it"))
    return Report(
        records=count,
        runs=len(runs),
        clear=sum(run.clear for run in runs.values()),
        faults=tuple(sorted(faults)),
    )


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    sequence: int
    code: str
    body: bytes
    seal: str
    unmapped: dict[str, Any]


class _Key(msgspec.Struct, frozen=True):
    """key(0) of a run, or why it is not there."""

    raw: bytes | None
    clear: bool = False


class _Keys:
    """Chains that stand before any line that is asked for; going back begins anew."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._chain, self._next = Chain(raw), 0

    def seal(self, sequence: int, previous: str, body: bytes) -> str:
        """Return the seal of a line after another."""
        if sequence < self._next:
            self._chain, self._next = Chain(self._raw), 0
        self._chain.skip(sequence - self._next)
        self._next = sequence + 1
        return self._chain.after(previous, body)


class _Run:
    """The records of one run of the daemon, in the order in which they stand in the file."""

    def __init__(self) -> None:
        self.clear = False
        self._keys: _Keys | None = None
        self._lines: dict[int, int] = {}
        self._seals: dict[int, set[str]] = {-1: {_ZERO}}
        self._waiting: dict[int, tuple[int, _Entry]] = {}
        self._highest = -1
        self._last_line = 0
        self._stopped = False

    def key(self, key: _Key) -> None:
        """Take the first key, which the first record holds."""
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
        missing = sorted(set(range(self._highest + 1)) - self._lines.keys())
        for first, last in _ranges(missing):
            after = self._lines.get(last + 1, self._last_line)
            which = f"record {first}" if first == last else f"records {first} to {last}"
            yield Fault(after, f"before this line {which} of its run should stand: missing")
            # What follows a gap can not be checked by itself, but what comes after it can.
            if last + 1 in self._waiting:
                _, entry = self._waiting.pop(last + 1)
                self._seals[last + 1] = {entry.seal}
                yield from self._check_from(last + 2)
        if self._keys is None and 0 in self._lines:
            yield Fault(self._lines[0], "the key of the chain in it is nonsense: edited")
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
        self._seals[entry.sequence] = {entry.seal}
        if self._keys is None:
            return
        right = {
            self._keys.seal(entry.sequence, previous, entry.body)
            for previous in self._seals[entry.sequence - 1]
        }
        if entry.seal not in right:
            # Where only the seal was edited, the next line rests on what it was.
            self._seals[entry.sequence] |= right
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


def _key(first: _Entry, number: int, private: str | None) -> _Key:
    """Find the key of a run in its first record."""
    if first.code != ServiceStarted.CODE:
        return _Key(None)
    written = str(first.unmapped.get("chain", ""))
    sealed_to = first.unmapped.get("sealed_to")
    if sealed_to is None:
        try:
            return _Key(bytes.fromhex(written), clear=True)
        except ValueError:
            return _Key(None)
    if private is None:
        raise UncheckableError(
            f"line {number}: the key of this chain is sealed to the public key {sealed_to}: "
            "give the private one that belongs to it with --private-key FILE"
        )
    try:
        if fingerprint_of_private(private) != sealed_to:
            raise UncheckableError(
                f"line {number}: the key of this chain is sealed to the public key {sealed_to}, "
                f"and the private key given belongs to {fingerprint_of_private(private)}"
            )
    except ValueError:
        raise UncheckableError("the private key given is none: see `proxyd audit key`") from None
    try:
        return _Key(reveal(written, private))
    except ValueError:
        return _Key(None)


def _ranges(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Write sorted numbers as ranges, ends included."""
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = list(map(itemgetter(1), group))
        yield run[0], run[-1]
