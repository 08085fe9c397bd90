"""A role's own policies, read by itself where it may: each session holds only what that takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine, Iterable
from contextlib import aclosing
from typing import Any
from urllib.parse import unquote

import msgspec
from botocore import xform_name

from proxyd.actions import actions_of
from proxyd.aws.binding import Binding, Meter, calling
from proxyd.aws.outcome import translated
from proxyd.aws.quota import Pacer
from proxyd.aws.regions import home_of
from proxyd.aws.session import Session, open_session
from proxyd.aws.shared import Shared
from proxyd.errors import AwsError
from proxyd.events import Statement
from proxyd.model import GLOBAL, Operation, Target
from proxyd.statements import document

GET_ROLE = Operation("iam", "GetRole")
LIST_ATTACHED = Operation("iam", "ListAttachedRolePolicies")
LIST_INLINE = Operation("iam", "ListRolePolicies")
GET_INLINE = Operation("iam", "GetRolePolicy")
GET_POLICY = Operation("iam", "GetPolicy")
GET_VERSION = Operation("iam", "GetPolicyVersion")
GET_ACCOUNT = Operation("iam", "GetAccountAuthorizationDetails")

_OF_ROLE = (GET_ROLE, LIST_ATTACHED, LIST_INLINE, GET_INLINE)
_OF_POLICY = (GET_POLICY, GET_VERSION)
OPERATIONS = frozenset({*_OF_ROLE, *_OF_POLICY, GET_ACCOUNT})
"""All that reading a role takes."""

ACTIONS = actions_of((*_OF_ROLE, *_OF_POLICY))
"""What would let a role read its own policies."""

MAX_PAGES = 100
"""Pages that are read of a list: an account has at most some thousands of roles."""

_KINDS = ["Role", "LocalManagedPolicy", "AWSManagedPolicy"]

Document = dict[str, Any]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy of a role: inline where it has no ARN, not readable where it has no document."""

    name: str
    arn: str | None = None
    document: Document | None = None


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """What a role may do, and who may become it."""

    policies: tuple[Policy, ...]
    boundary: Policy | None
    trust: Document


class RoleReader:
    """Reads the policies of one target's role.

    Attributes:
        meter: all that was asked.

    """

    def __init__(self, shared: Shared, target: Target, *, principal: str, scan: str) -> None:
        self.meter = Meter()
        self._shared = shared
        self._target = target
        self._principal, self._scan = principal, scan
        self._name = target.role_arn.rpartition("/")[2]
        self._region = home_of(target.partition, "iam")
        self._pace = Pacer(shared.buckets, target.account, principal)

    async def read(self) -> Role:
        """Read them one by one, or else out of the list of the whole account.

        Raises:
            AwsError: the role may do neither.

        """
        with translated(GET_ROLE, GLOBAL):
            try:
                return await self._own()
            except AwsError as error:
                if error.status not in {"denied", "scp_denied"}:
                    raise
            return await self._of_account()

    async def _own(self) -> Role:
        binding = self._binding(
            [
                Statement(action=list(actions_of(_OF_ROLE)), resource=self._target.role_arn),
                Statement(action=list(actions_of(_OF_POLICY))),
            ],
            (*_OF_ROLE, *_OF_POLICY),
        )
        role = (await self._call(binding, GET_ROLE, RoleName=self._name))["Role"]
        attached = await self._all(binding, LIST_ATTACHED, "AttachedPolicies")
        inline = await self._all(binding, LIST_INLINE, "PolicyNames")
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        managed = [policy["PolicyArn"] for policy in attached] + ([boundary] if boundary else [])
        read = await _side_by_side(
            [
                *(self._inline(binding, name) for name in inline),
                *(self._managed(binding, arn) for arn in managed),
            ]
        )
        return Role(
            policies=tuple(read[:-1] if boundary else read),
            boundary=read[-1] if boundary else None,
            trust=_document(role.get("AssumeRolePolicyDocument")) or {},
        )

    async def _inline(self, binding: Binding, name: str) -> Policy:
        answer = await self._call(binding, GET_INLINE, RoleName=self._name, PolicyName=name)
        return Policy(name=name, document=_document(answer["PolicyDocument"]))

    async def _managed(self, binding: Binding, arn: str) -> Policy:
        """Read a managed policy; one that may not be read is there all the same."""
        name = arn.rpartition("/")[2]
        try:
            policy = (await self._call(binding, GET_POLICY, PolicyArn=arn))["Policy"]
            version = policy["DefaultVersionId"]
            answer = await self._call(binding, GET_VERSION, PolicyArn=arn, VersionId=version)
        except AwsError:
            return Policy(name=name, arn=arn)
        return Policy(name=name, arn=arn, document=_document(answer["PolicyVersion"]["Document"]))

    async def _of_account(self) -> Role:
        statement = Statement(action=list(actions_of((GET_ACCOUNT,))))
        binding = self._binding([statement], (GET_ACCOUNT,))
        roles: dict[str, Any] = {}
        documents: dict[str, Document | None] = {}
        async with aclosing(self._pages(binding, GET_ACCOUNT, Filter=_KINDS)) as pages:
            async for page in pages:
                roles |= {role["Arn"]: role for role in page.get("RoleDetailList", ())}
                documents |= {p["Arn"]: _newest(p) for p in page.get("Policies", ())}
        if self._target.role_arn not in roles:
            raise AwsError("failed", "RoleNotListed")
        return _listed(roles[self._target.role_arn], documents)

    async def _all(self, binding: Binding, operation: Operation, key: str) -> list[Any]:
        found: list[Any] = []
        async with aclosing(self._pages(binding, operation, RoleName=self._name)) as pages:
            async for page in pages:
                found += page.get(key, ())
        return found

    async def _pages(
        self, binding: Binding, operation: Operation, **params: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        for _ in range(MAX_PAGES):
            answer = await self._call(binding, operation, **params)
            yield answer
            if not answer.get("IsTruncated") or not answer.get("Marker"):
                return
            params["Marker"] = answer["Marker"]

    async def _call(self, binding: Binding, operation: Operation, **params: Any) -> dict[str, Any]:
        with translated(operation, GLOBAL):
            client = await self._shared.clients.get("iam", self._region)
            with calling(binding, operation):
                answer: dict[str, Any] = await getattr(client, xform_name(operation.name))(**params)
        return answer

    def _binding(self, allowed: Iterable[Statement], operations: Iterable[Operation]) -> Binding:
        return Binding(
            credentials=self._session(document(allowed)),
            operations=frozenset(operations),
            meter=self.meter,
            pace=self._pace,
        )

    def _session(self, policy: str) -> Session:
        return open_session(
            self._shared.clients,
            self._shared.sts_region or home_of(self._target.partition),
            self._target,
            principal=self._principal,
            scan=self._scan,
            policy=policy,
            meter=self.meter,
            pace=self._pace,
            request_ids=[],
        )


async def _side_by_side(calls: list[Coroutine[Any, Any, Policy]]) -> list[Policy]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


def _listed(role: dict[str, Any], documents: dict[str, Document | None]) -> Role:
    """Put a role together from the list of an account."""
    inline = [
        Policy(name=policy["PolicyName"], document=_document(policy["PolicyDocument"]))
        for policy in role.get("RolePolicyList", ())
    ]
    attached = [_named(p["PolicyArn"], documents) for p in role.get("AttachedManagedPolicies", ())]
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return Role(
        policies=(*attached, *inline),
        boundary=_named(boundary, documents) if boundary else None,
        trust=_document(role.get("AssumeRolePolicyDocument")) or {},
    )


def _named(arn: str, documents: dict[str, Document | None]) -> Policy:
    return Policy(name=arn.rpartition("/")[2], arn=arn, document=documents.get(arn))


def _newest(policy: dict[str, Any]) -> Document | None:
    versions = policy.get("PolicyVersionList", ())
    return next((_document(v.get("Document")) for v in versions if v.get("IsDefaultVersion")), None)


def _document(answered: object) -> Document | None:
    """Read a policy, which IAM sends as JSON in the form of a URL."""
    try:
        read = json.loads(unquote(answered)) if isinstance(answered, str) else answered
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
