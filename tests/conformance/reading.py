"""What a client has read of a stream: events in order, other signs, and what it ends up with."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

SECONDS = 30.0
"""What a test waits for at most, unless it says otherwise."""


class Event(NamedTuple):
    """One event as a client gave it, and when that was."""

    name: str
    id: str
    data: str
    at: float

    @property
    def value(self) -> dict[str, Any]:
        """What the data says."""
        value: dict[str, Any] = json.loads(self.data)
        return value


class Reading:
    """One client at work."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self.events: list[Event] = []
        self.signs: list[dict[str, Any]] = []
        self.protocols: list[str] = []
        self.over = False
        self._told = asyncio.Event()

    def take(self, line: dict[str, Any]) -> None:
        """Note an event, or a sign."""
        if "sign" in line:
            self.signs.append(line)
        else:
            event = Event(line["event"], line["id"], line["data"], time.time())
            self.all.append(event)
            if event.data:
                self.events.append(event)
        self._told.set()

    def end(self) -> None:
        """Note that the client has nothing more to tell."""
        self.over = True
        self._told.set()

    async def until(self, condition: Callable[[Reading], object], seconds: float = SECONDS) -> None:
        """Wait until a condition over what was read holds."""
        async with asyncio.timeout(seconds):
            while not condition(self):
                assert not self.over, f"it ended before: {self.signs} {self.names()[-5:]}"
                self._told.clear()
                await self._told.wait()

    async def ended(self, seconds: float = SECONDS) -> None:
        """Wait until the client has ended, or has closed for good."""
        async with asyncio.timeout(seconds):
            while not self.over and self.last_sign != "closed":
                self._told.clear()
                await self._told.wait()

    @property
    def blanks(self) -> int:
        """How many empty messages a client has made up: proxyd sends none."""
        return len(self.all) - len(self.events)

    @property
    def last_sign(self) -> str | None:
        """What it told last, apart from events."""
        return self.signs[-1]["sign"] if self.signs else None

    @property
    def last(self) -> str | None:
        """The name of the last event."""
        return self.events[-1].name if self.events else None

    def names(self) -> list[str]:
        """Return the events' names."""
        return [event.name for event in self.events]

    def named(self, name: str) -> list[Event]:
        """Return the events of one name."""
        return [event for event in self.events if event.name == name]

    def held(self, until: int | None = None) -> dict[str, dict[str, Any]]:
        """Return what a thin client that does as the events say holds, by ARN.

        Args:
            until: how many events it has had, if not all.

        """
        holds: dict[str, dict[str, Any]] = {}
        for event in self.events[:until]:
            match event.name:
                case "resource":
                    holds[event.value["arn"]] = event.value
                case "resource.removed":
                    del holds[event.value["arn"]]
                case "reset":
                    holds.clear()
        return holds
