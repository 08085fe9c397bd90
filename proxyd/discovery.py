"""The accounts of the configured organizations: listed at the start, and again and again.

What was listed last holds as long as AWS does not answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

import msgspec

from proxyd.aws.organization import Directory
from proxyd.aws.shared import Shared
from proxyd.errors import AwsError
from proxyd.logs import get_logger, where
from proxyd.model import Account
from proxyd.settings import Organization

log = get_logger(__name__)

RETRY = 30.0
"""Seconds after which an organization that did not answer is asked again, at most."""

PATIENCE = 600.0
"""Seconds that listing one organization may take: its units are asked for one by one, slowly."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an organization; `code` says why it could not be listed last time."""

    accounts: int
    state: Literal["current", "stale", "unavailable"]
    code: str | None = None


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
        self.states: dict[str, Listed] = {}
        self._shared = shared
        self._organizations = organizations
        self._found = found
        self._changed = asyncio.Event()
        self._looked = asyncio.Event()

    async def first(self, seconds: float) -> None:
        """Wait until they have been listed once, whatever came of it, but not for ever."""
        try:
            async with asyncio.timeout(seconds):
                await self._looked.wait()
        except TimeoutError:
            log.warning("organizations not listed yet", seconds=seconds)

    def again(self) -> None:
        """List now: the configuration has changed."""
        self._changed.set()

    async def _look(self) -> None:
        """List the accounts of all organizations, side by side."""
        organizations = self._organizations()
        names = {organization.name for organization in organizations}
        self.states = {name: state for name, state in self.states.items() if name in names}
        await asyncio.gather(*map(self._list, organizations))

    async def run(self) -> None:
        """List them, again and again."""
        while True:
            self._changed.clear()
            await self._look()
            self._looked.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._changed.wait()

    def _pause(self) -> float | None:
        """Return the seconds until they are listed again, None where there is nothing to list."""
        pauses = [organization.refresh_seconds for organization in self._organizations()]
        if any(state.code is not None for state in self.states.values()):
            pauses.append(RETRY)
        return min(pauses, default=None)

    async def _list(self, organization: Organization) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                accounts = await Directory(self._shared, organization).accounts()
        except TimeoutError:
            self._failed(organization, "ListingTimeout", None)
        except AwsError as error:
            self._failed(organization, error.code, error.action)
        except Exception as error:  # noqa: BLE001 - what was listed before holds on
            log.error("organization can not be read", name=organization.name, **where(error))
            self._failed(organization, type(error).__name__, None)
        else:
            name = organization.name
            self.states[name] = Listed(accounts=len(accounts), state="current")
            self._found(organization, accounts)

    def _failed(self, organization: Organization, code: str, action: str | None) -> None:
        name = organization.name
        known = self.states.get(name, Listed(accounts=0, state="unavailable"))
        if known.state == "current":
            known = Listed(accounts=known.accounts, state="stale")
        self.states[name] = msgspec.structs.replace(known, code=code)
        log.warning(
            "organization not listed", name=name, code=code, action=action, state=known.state
        )
