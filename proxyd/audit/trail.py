"""The trail: numbers records, seals them, has every sink write them, and knows when none does."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from proxyd import settings
from proxyd.audit import chain, ocsf, sinks
from proxyd.audit.denials import Denials
from proxyd.audit.outlet import PATIENCE, Outlet
from proxyd.audit.records import (
    Heartbeat,
    Record,
    Refused,
    ServiceStarted,
    ServiceStopped,
    SinkFailed,
    SinkRecovered,
    checked,
    phrase,
)
from proxyd.logs import get_logger, where

log = get_logger(__name__)

TICK = 0.25
GRACE = 2.5
"""Seconds without any sink that streams may go on for: a collector that is restarted is back."""

FLUSH = 2.0
"""Seconds that the last lines have to be written in."""

STILL = 20.0
"""Seconds after which a thread that has not even tried to write is called stuck."""


Make = Callable[[str, settings.Audit], sinks.Sink]
"""How a sink is made from what the configuration calls it."""


class UnavailableError(Exception):
    """No sink takes records: nothing may be done that has to be on the trail first."""


def kind_of(sink: str) -> str:
    """Return the kind of a sink: what its name begins with."""
    return sink.partition(":")[0]


class Trail:
    """The audit trail of one run; none of its threads is there before `begin`."""

    def __init__(self, audit: settings.Audit, make: Make = sinks.make) -> None:
        self._lost: Callable[[], object] = lambda: None
        self._failed: Callable[[str], object] = lambda _: None
        self._streams: Callable[[], int] = lambda: 0
        self._audit = audit
        self._run = secrets.token_hex(8)
        self._sequence = -1
        key = chain.new_key()
        self._first_key = key
        self._chain = chain.Chain(key)
        self._outlets = [Outlet(s, make(s, audit), self._moved) for s in audit.sinks]
        self._known: dict[str, str | None] = {}
        self._denials = Denials(time.monotonic)
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []
        self._lost_since: float | None = None
        self._beat_at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking: asyncio.Task[None] | None = None

    def tell(
        self,
        *,
        lost: Callable[[], object],
        failed: Callable[[str], object],
        streams: Callable[[], int],
    ) -> None:
        """Say whom to tell of what.

        Args:
            lost: called when no sink has taken anything for a while, and again while that lasts.
            failed: called with the kind of a sink whenever one stops to take lines.
            streams: how many streams are open, for the heartbeat.

        """
        self._lost, self._failed, self._streams = lost, failed, streams

    async def begin(self, started: ServiceStarted) -> None:
        """Start to write, and wait a while for the first record to be taken."""
        self._loop = asyncio.get_running_loop()
        for outlet in self._outlets:
            outlet.start()
        self._beat_at = time.monotonic() + self._audit.heartbeat_seconds
        self._ticking = asyncio.create_task(self._tick())
        with suppress(UnavailableError):  # it serves and refuses streams until there is a sink
            await self.accept([self._with_key(started)])

    async def end(self) -> None:
        """Write the last record, and wait a while for all to be written."""
        if self._ticking is not None:
            self._ticking.cancel()
        for record in self._denials.rest():
            self.write(record)
        self.write(ServiceStopped())
        await asyncio.gather(*(asyncio.to_thread(outlet.end, FLUSH) for outlet in self._outlets))

    def write(self, record: Record) -> int:
        """Have a record written, and return its number; it is not waited for."""
        self._sequence += 1
        place = ocsf.Place(self._run, self._sequence, datetime.now(UTC))
        line = chain.seal(self._chain, ocsf.line(checked(record), place))
        for outlet in self._outlets:
            outlet.put(self._sequence, line)
        return self._sequence

    async def accept(self, records: Sequence[Record]) -> None:
        """Write records, and return when a sink has taken all of them.

        Raises:
            UnavailableError: none takes any: each has had `sinks.SECONDS`.

        """
        if not self.available:
            raise UnavailableError
        numbers = list(map(self.write, records))
        future = asyncio.get_running_loop().create_future()
        self._waiters.append((numbers[0], numbers[-1], future))
        self._resolve()
        try:
            async with asyncio.timeout(PATIENCE):
                await future
        except TimeoutError:
            raise UnavailableError from None

    def refused(self, record: Refused, place: str) -> None:
        """Have a refusal written, or added to those of this minute that are like it."""
        now = self._denials.note(record, place)
        if now is not None:
            self.write(now)

    @property
    def available(self) -> bool:
        """Whether any sink takes records."""
        return any(outlet.failure is None for outlet in self._outlets)

    @property
    def turning(self) -> bool:
        """Whether it is looked after the sinks, and their threads do something, be it in vain.

        One that hangs (where a name is looked up, say) and is known to has no say while others
        move.
        """
        now = time.monotonic()
        still = [outlet for outlet in self._outlets if now - outlet.turned >= STILL]
        if self._ticking is None or self._ticking.done() or len(still) == len(self._outlets):
            return False
        return all(outlet.failure is not None for outlet in still)

    def failures(self) -> dict[str, str]:
        """Return what is wrong with sinks, by name."""
        found = {outlet.name: outlet.failure for outlet in self._outlets}
        return {name: failure for name, failure in found.items() if failure is not None}

    def state(self) -> dict[str, str]:
        """Return how sinks are, by their kind: not where they are, nor why."""
        failed = {kind_of(name) for name in self.failures()}
        return {
            kind: "failed" if kind in failed else "ok"
            for kind in sorted(kind_of(outlet.name) for outlet in self._outlets)
        }

    def _with_key(self, started: ServiceStarted) -> ServiceStarted:
        """Add what it takes to check the chain, and forget it."""
        key, self._first_key = self._first_key, b""
        if self._audit.public_key is None:
            return msgspec.structs.replace(started, chain=key.hex())
        auditor = chain.public_key(self._audit.public_key)
        return msgspec.structs.replace(
            started, chain=chain.conceal(key, auditor), sealed_to=chain.fingerprint(auditor)
        )

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            for step in (self._judge, self._tell_denials, self._beat):
                try:
                    step()
                except Exception as error:  # noqa: BLE001 - the others have to go on
                    log.error("audit", **where(error))

    def _tell_denials(self) -> None:
        for record in self._denials.due():
            self.write(record)

    def _beat(self) -> None:
        if time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + self._audit.heartbeat_seconds
            self.write(Heartbeat(streams=self._streams(), head=self._chain.head))

    def _judge(self) -> None:
        """Notice which sinks take records, and end the streams when none has for a while."""
        for outlet in self._outlets:
            failure = outlet.failure
            if (failure is None) != (self._known.get(outlet.name) is None):
                self._known[outlet.name] = failure
                self._tell(outlet, failure)
            elif failure is None and outlet.lost:
                self._tell(outlet, None)
        now = time.monotonic()
        if self.available:
            self._lost_since = None
            return
        self._resolve()
        for _, _, future in self._waiters:
            if not future.done():
                future.set_exception(UnavailableError())
        if self._lost_since is None:
            self._lost_since = now
        elif now - self._lost_since >= GRACE:
            self._lost_since = now
            self._lost()

    def _tell(self, outlet: Outlet, failure: str | None) -> None:
        if failure is None:
            lost, outlet.lost = outlet.lost, 0
            log.info("audit sink takes records again", sink=outlet.name, lost=lost)
            self.write(SinkRecovered(sink=outlet.name, lost=lost))
            return
        log.error("audit sink failed", sink=outlet.name, why=failure)
        self._failed(kind_of(outlet.name))
        self.write(SinkFailed(sink=outlet.name, reason=phrase(failure)))

    def _moved(self) -> None:
        """Note, from a sink's thread, that it has written something or failed to."""
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop is closed: it was the last line
            self._loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        """Wake those whose records are written."""
        waiting = []
        for first, last, future in self._waiters:
            if future.done():
                continue
            if any(outlet.took(first, last) for outlet in self._outlets):
                future.set_result(None)
            else:
                waiting.append((first, last, future))
        self._waiters = waiting
