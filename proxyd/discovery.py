"""The accounts of the configured organizations: listed at the start, and again and again.

What was listed last holds as long as AWS does not answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

import msgspec

from proxyd.aws.organization import PATIENCE, Directory
from proxyd.aws.shared import Shared
from proxyd.errors import AwsError
from proxyd.logs import get_logger, where
from proxyd.members import lists_as
from proxyd.model import Account
from proxyd.settings import Organization

log = get_logger(__name__)

RETRY = 30.0
"""Seconds after which an organization that did not answer is asked again, at most."""

AT_START = 10.0
"""Seconds that the start waits for the accounts: a client may ask for one of them at once."""

ListingState = Literal["listing", "current", "stale", "unavailable"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an organization.

    Attributes:
        terms: by which it was asked.
        state: "listing" until it was asked once, "stale" when it did not answer last time, and
            "unavailable" when it never has.

    """

    terms: Organization
    state: ListingState = "listing"


class Discovery:
    """Lists the accounts of organizations and tells of them.

    Attributes:
        states: what is known of each organization, by name.

    """

    def __init__(
        self,
        shared: Shared,
        organizations: Callable[[], Sequence[Organization]],
        found: Callable[[Organization, Sequence[Account]], None],
    ) -> None:
        """Make it.

        Args:
            shared: how AWS is reached.
            organizations: those of the configuration as it is then.
            found: called with the accounts of one, each time that they were listed.

        """
        self.states: dict[str, Told] = {}
        self._shared = shared
        self._organizations = organizations
        self._found = found
        self._changed = asyncio.Event()
        self._listed = asyncio.Event()

    def again(self) -> None:
        """List now: the configuration has changed."""
        self._changed.set()

    async def first(self) -> None:
        """Wait until each has been listed once, whatever came of it, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(AT_START):
                await self._listed.wait()

    async def run(self) -> None:
        """List them again and again, each by itself: one that is slow keeps no other waiting."""
        while True:
            self._changed.clear()
            organizations = self._organizations()
            self._forget(organizations)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._keep(each)) for each in organizations]
                await self._changed.wait()
                for task in tasks:
                    task.cancel()

    def _forget(self, organizations: Sequence[Organization]) -> None:
        """Keep what is known of those that are listed as before."""
        self.states = {
            each.name: told
            if (told := self.states.get(each.name)) and lists_as(told.terms, each)
            else Told(terms=each)
            for each in organizations
        }
        self._look()

    def _look(self) -> None:
        if all(told.state != "listing" for told in self.states.values()):
            self._listed.set()

    async def _keep(self, organization: Organization) -> None:
        while True:
            good = await self._list(organization)
            self._look()
            refresh = organization.refresh_seconds
            await asyncio.sleep(refresh if good else min(refresh, RETRY))

    async def _list(self, organization: Organization) -> bool:
        """List one, and return whether it answered."""
        try:
            async with asyncio.timeout(PATIENCE):
                accounts = await Directory(self._shared, organization).accounts()
            self._set(organization, "current")
            self._found(organization, accounts)
        except TimeoutError:
            self._failed(organization, "ListingTimeout", None)
        except AwsError as error:
            self._failed(organization, error.code, error.action)
        except Exception as error:  # noqa: BLE001 - what was listed before holds on
            log.error("organization can not be read", name=organization.name, **where(error))
            self._failed(organization, type(error).__name__, None)
        else:
            return True
        return False

    def _failed(self, organization: Organization, code: str, action: str | None) -> None:
        known = self.states[organization.name].state
        state: ListingState = "stale" if known in {"current", "stale"} else "unavailable"
        self._set(organization, state)
        name = organization.name
        log.warning("organization not listed", name=name, code=code, action=action, state=state)

    def _set(self, organization: Organization, state: ListingState) -> None:
        self.states[organization.name] = Told(terms=organization, state=state)
