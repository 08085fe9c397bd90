"""What of requests and streams goes on the audit trail: names, counts and codes, nothing found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proxyd.admission import Caller
from proxyd.audit.records import (
    LoginRefused,
    Refused,
    RequestRefused,
    ScanStarted,
    request_ids,
)
from proxyd.audit.streams import Sum
from proxyd.aws.access import actions_for
from proxyd.aws.session import session_name, source_identity
from proxyd.coverage import Tally
from proxyd.errors import Problem
from proxyd.plan import Plan, Query
from proxyd.rights import Right

_REFUSING = frozenset({401, 403, 421, 429})
_HIDING = frozenset({"no_such_target", "no_such_stream"})
"""Codes that may stand for what is there, but not for whoever asks."""

_OF_LOGINS = frozenset({"unauthenticated", "too_many_failures", "login_failed"})


def started(
    caller: Caller, query: Query, plans: Sequence[Plan], scans: Sequence[str], stream: str
) -> list[ScanStarted]:
    """Say what is about to be scanned, a record for each target."""
    return [
        ScanStarted(
            principal=caller.principal.name,
            address=caller.address,
            stream=stream,
            scan=scan,
            target=plan.target.name,
            account=plan.target.account,
            partition=plan.target.partition,
            mode=query.mode,
            detail=query.detail,
            filtered=query.where is not None,
            session_name=session_name(scan),
            source_identity=source_identity(caller.principal.name),
            **{name: tuple(values) for name, values in plan.extent.asked.items()},
        )
        for plan, scan in zip(plans, scans, strict=True)
    ]


def sums(
    tallies: Mapping[str, Tally], rights: Mapping[str, Right], *, whole: bool
) -> dict[str, Sum]:
    """Add up what each scan came to.

    Args:
        tallies: what was seen, by scan.
        rights: the role of each scan.
        whole: whether the stream ended as it was meant to, so that its reader has all of it.

    """
    return {scan: _sum(tallies.get(scan), right, whole=whole) for scan, right in rights.items()}


def refusal(problem: Problem, principal: str | None, address: str) -> Refused | None:
    """Say who was refused what; None where it is nothing to be told of."""
    if problem.status not in _REFUSING and problem.code not in _HIDING:
        return None
    kind = LoginRefused if problem.code in _OF_LOGINS else RequestRefused
    return kind(reason=problem.code, address=address, principal=principal)


def _declared(right: Right) -> frozenset[str]:
    return frozenset(actions_for(right.access.purpose.scanners))


def _sum(tally: Tally | None, right: Right, *, whole: bool) -> Sum:
    calls = right.access.meter.calls
    ids = request_ids(right.access.request_ids)
    if tally is None:
        return Sum(calls=calls, aws_request_ids=ids)
    coverage = tally.coverage
    return Sum(
        complete=whole and coverage.complete,
        resources=tally.resources,
        calls=calls,
        shards=dict(sorted(coverage.statuses.items())),
        # What AWS says is refused is on the wire; here only what is declared is believed.
        missing_actions=tuple(a for a in coverage.missing_actions() if a in _declared(right)),
        aws_request_ids=ids,
    )
