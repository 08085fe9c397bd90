"""A role's trust policy, asked: who gets the role, told by AssumeRole in other ways than a scan's.

What is got so is good for nothing: its session policy denies everything, and nobody keeps it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from proxyd.aws.binding import Meter
from proxyd.aws.identity import own_identity, same_identity
from proxyd.aws.policy import via_policy
from proxyd.aws.quota import Pacer
from proxyd.aws.regions import home_of
from proxyd.aws.session import AssumeRole, Session, session_name, source_identity
from proxyd.aws.shared import Shared
from proxyd.errors import AwsError
from proxyd.events import Statement
from proxyd.model import Target
from proxyd.statements import document

USELESS = document([Statement(effect="Deny", action=["*"])])
"""The session policy of what is only asked for to see whether it is given."""

_TAG = {"Key": "proxyd-check", "Value": "1"}


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way to ask for a role.

    Attributes:
        external_id: what is told as the external id; None: nothing.
        identified: whether a source identity is set.
        tagged: whether the session gets a tag.

    """

    external_id: str | None
    identified: bool = True
    tagged: bool = False


class _Asked(AssumeRole, frozen=True):
    """The parameters of AssumeRole, where some may be left out."""

    tagged: bool = False

    def parameters(self) -> dict[str, Any]:
        """Return them as STS names them."""
        parameters = AssumeRole.parameters(self)
        if not self.source_identity:
            del parameters["SourceIdentity"]
        if self.tagged:
            parameters["Tags"] = [_TAG]
        return parameters


class Trust:
    """Asks for one target's role, as proxyd itself or through the role that it names as `via`.

    Attributes:
        meter: all that was asked.
        identity: as whom proxyd runs, as the configuration has it; of a chained role the one that
            it is assumed through.

    """

    def __init__(
        self,
        shared: Shared,
        target: Target,
        *,
        identity: str | None = None,
        principal: str,
        scan: str,
        seconds: float,
    ) -> None:
        """Make it.

        Args:
            shared: how AWS is reached.
            target: whose role is asked for.
            identity: as whom proxyd runs, as the configuration has it: with its path.
            principal: for whom the role is asked.
            scan: what the sessions are called by.
            seconds: for which an answer is waited for.

        """
        self.meter = Meter()
        self._shared = shared
        self.identity = target.via or identity
        self._region = shared.sts_region or home_of(target.partition)
        self._target = target
        self._name = session_name(scan)
        self._identity = source_identity(principal)
        self._seconds = seconds
        self._pace = Pacer(shared.buckets, target.account, principal)

    async def ask(self, way: Way) -> AwsError | None:
        """Ask in one way, and return why the role is refused; None where it is given."""
        return await self._refused(self._session(way))

    async def hop(self) -> AwsError | None:
        """Ask for the role in the middle, and return why that is refused."""
        return await self._refused(self._via(Way(external_id=None)))

    async def principal(self) -> str:
        """Return the ARN that the trust policy has to name: who asks for the role.

        Raises:
            AwsError: STS does not say who proxyd is.

        """
        if self._target.via is not None:
            return self._target.via
        try:
            async with asyncio.timeout(self._seconds):
                found = await own_identity(self._shared, self._region)
        except TimeoutError:
            raise AwsError("timeout", "CallerIdentityTimeout") from None
        # STS leaves out the path of a role.
        return self.identity if self.identity and same_identity(self.identity, found) else found

    async def _refused(self, session: Session | None) -> AwsError | None:
        if session is None:
            return None
        try:
            async with asyncio.timeout(self._seconds):
                await session.current()
        except AwsError as error:
            return error
        except TimeoutError:
            return AwsError("timeout", "AssumeRoleTimeout", action="sts:AssumeRole")
        return None

    def _session(self, way: Way) -> Session:
        target = self._target
        asked = _Asked(
            target.role_arn,
            self._name,
            self._identity if way.identified else "",
            target.duration,
            USELESS,
            way.external_id,
            way.tagged,
        )
        return self._opened(asked, self._via(way))

    def _via(self, way: Way) -> Session | None:
        """Open the role in the middle: a source identity that it has goes on with it."""
        target = self._target
        if target.via is None:
            return None
        policy = via_policy(target.role_arn)
        identity = self._identity if way.identified else ""
        return self._opened(_Asked(target.via, self._name, identity, target.duration, policy))

    def _opened(self, asked: _Asked, via: Session | None = None) -> Session:
        return Session(
            self._shared.clients,
            self._region,
            asked,
            meter=self.meter,
            pace=self._pace,
            request_ids=[],
            via=via,
        )
