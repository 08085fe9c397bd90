"""The report of a check, laid out for a person: what works in a line, what does not in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from proxyd.aws.role import ACTIONS as READING
from proxyd.checking.report import (
    Beyond,
    OrganizationReport,
    Region,
    RegionStatus,
    Scanned,
    TargetReport,
)
from proxyd.checking.verdict import words
from proxyd.cli.advising import (
    BAD,
    DIM,
    GOOD,
    PLAIN,
    WARNING,
    Line,
    adding,
    commands,
    proxyd,
    template,
    trust,
)
from proxyd.cli.printing import clean, counted, mending, wrapped
from proxyd.errors import Cause
from proxyd.remedies import REFUSED

_BY_ADDING_TO_THE_ROLE: frozenset[Cause | None] = frozenset({"policy", None})


HEADER = ("service", "type", "region", "status", "action", "refused by")

_CAUSES: dict[Cause | None, str] = {
    "policy": "no policy of the role allows it",
    "boundary": "the role's permissions boundary",
    "explicit_deny": "an explicit deny in a policy of the role",
    "session_policy": "proxyd's own session policy",
    "resource_policy": "the resource's own policy",
    "endpoint_policy": "the policy of a VPC endpoint",
    "organization": "a policy of the organization",
    "elsewhere": "none of the role's own policies",
    "undeclared": "beyond what the scanner asks for",
}
_REGIONS: dict[RegionStatus, str] = {
    "allowed": "allowed",
    "denied": "denied",
    "denied_by_organization": "denied by the organization",
    "off": "off",
    "no_answer": "no answer",
    "unknown": "not tried",
}


def summary(report: TargetReport) -> Line:
    """Say in a line whether a target is ready, or what is wrong."""
    name = f"{clean(report.target)} · account {report.account} · role {clean(report.role, None)}"
    figures = f"{counted(report.calls, 'AWS call')} · {report.ms / 1000:.1f} s"
    if report.ok:
        ready = "its role is given" if report.brief else "ready"
        return Line(f"{name}: {ready} · {figures}", GOOD)
    return Line(f"{name}: NOT READY: {words(report.problems)} · {figures}", BAD)


def of_organization(report: OrganizationReport, again: str) -> Line:
    """Say how many accounts an organization has, or why that is not known."""
    name = f"organization {clean(report.organization)}"
    if report.code is not None:
        told = f"{name}: NOT LISTED: {clean(report.code, None)}"
        if report.action is None:
            return Line(told, BAD)
        by = f"{proxyd('iam base', again)}, or iam lister where it has a list_role_arn"
        return Line(f"{told}: {clean(report.action, None)} is refused; what it takes: {by}", BAD)
    if not report.accounts:
        return Line(f"{name}: NO ACCOUNT: look at its units and at what is left out", BAD)
    told = "one is tried in full, of the others the role; --target NAME tries another"
    return Line(f"{name}: {counted(report.accounts, 'account')}: {told}", GOOD)


def before(report: TargetReport, again: str) -> Iterator[Line]:
    """Say what stands before the table: whether the role is given, and to whom it should not be.

    `again` are the options that lead a command to the same configuration.
    """
    if report.why is not None:
        yield Line(f"AssumeRole: {report.why.aws_code}", BAD)
        yield from _all(wrapped(report.why.detail))
        if len(report.why.tried) > 1:
            yield from _all(wrapped(f"tried: {', '.join(report.why.tried)}"), DIM)
        yield from commands(report.why.code, report, again)
    yield from _open_doors(report, again)


def _open_doors(report: TargetReport, again: str) -> Iterator[Line]:
    """Say how to shut a role to those who have another's external id, or none."""
    doors = {
        "without any external id": report.external_id.required,
        "with a wrong external id": report.external_id.wrong_refused,
    }
    opened = [how for how, shut in doors.items() if shut is False]
    if report.assumable and None in doors.values():
        yield Line("external id: whether it is needed could not be told; ask again", WARNING)
    if not opened:
        return
    yield Line(f"external id: the role is given {' and '.join(opened)}", BAD)
    yield from _all(
        wrapped(
            "whoever may have proxyd's identity assume roles can reach this account through it "
            "(a confused deputy). Put into every statement of its trust policy that allows "
            "sts:AssumeRole:"
        )
    )
    said = f"(the external id of target {clean(report.target)})"
    yield Line(f'    "Condition": {{"StringEquals": {{"sts:ExternalId": "{said}"}}}}')
    yield from trust(report, again)


def rows(report: TargetReport) -> list[tuple[str, ...]]:
    """Return what was not seen, by service: one row for each scanner and action."""
    why = {action: each.cause for each in reversed(report.remedies) for action in each.actions}
    return [
        (
            *_named(scanned.type),
            clean(scanned.region),
            scanned.status,
            clean(action or scanned.code or "", None),
            _refused_by(scanned, action, why.get(action)),
        )
        for scanned in report.scanners
        if scanned.status != "ok"
        for action in scanned.actions or [scanned.action or ""]
    ]


def _named(type_: str) -> tuple[str, str]:
    """Cut a type into its service and the rest: `AWS::EC2::VPC` is the VPC of EC2."""
    service, _, rest = type_.removeprefix("AWS::").partition("::")
    return clean(service, None), clean(rest, None)


def _refused_by(scanned: Scanned, action: str, otherwise: Cause | None) -> str:
    if scanned.status not in REFUSED:
        return ""
    return _CAUSES.get(scanned.cause if action == scanned.action else otherwise, "")


def after(report: TargetReport, again: str) -> Iterator[Line]:
    """Say what stands after the table: counts, regions, what to change, and what is too much."""
    if not report.assumable or report.brief:
        return
    yield from _counts(report)
    yield from _regions(report.regions)
    yield from _remedies(report, again)
    yield from _beyond(report)
    if report.tags == "refused":
        none = "proxyd sends none, but an identity of EKS Pod Identity brings some along"
        yield Line(f"session tags: refused: {none}", DIM)


def _counts(report: TargetReport) -> Iterator[Line]:
    counts = Counter(scanned.status for scanned in report.scanners)
    where = f" in {report.region}" if report.region else ""
    told = " · ".join(f"{status} {count}" for status, count in sorted(counts.items()))
    yield Line(f"types{where}: {told or 'none'}")
    untried = {action for scanned in report.scanners for action in scanned.untried or ()}
    if untried:
        yield Line(
            f"actions not tried: {len(untried)}, as nothing is there to try them on, or an earlier "
            "one was refused (--json lists them)",
            DIM,
        )


def _regions(regions: Sequence[Region]) -> Iterator[Line]:
    by_status: dict[str, list[str]] = {}
    for region in regions:
        by_status.setdefault(region.status, []).append(region.region)
    for status, names in by_status.items():
        few = status != "off"
        told = ", ".join(map(clean, names)) if few else str(len(names))
        style = {"allowed": PLAIN, "denied": BAD, "off": DIM}.get(status, WARNING)
        yield Line(f"regions {_REGIONS[status]}: {told}", style)  # type: ignore[index] # they are statuses


def _remedies(report: TargetReport, again: str) -> Iterator[Line]:
    for remedy in report.remedies:
        yield from _all(mending([remedy]))
        if remedy.cause in _BY_ADDING_TO_THE_ROLE and remedy.statements is not msgspec.UNSET:
            yield from adding(remedy.statements, report)
    if any(remedy.cause in _BY_ADDING_TO_THE_ROLE for remedy in report.remedies):
        anew = template(report, again)
        yield Line(f"where the stack of the role is older than what it needs: {anew}")
    if report.foreseen:
        told = "not tried, as nothing is there, but would be refused too: "
        yield from _all(wrapped(told + ", ".join(report.foreseen)), WARNING)


def _beyond(report: TargetReport) -> Iterator[Line]:
    found = report.beyond
    if not found.readable:
        yield from _all(
            wrapped(
                "what the role grants beyond need is not known: it may not read its own policies "
                f"({clean(found.code or 'no answer')}); {', '.join(READING)} on itself would let it"
            ),
            DIM,
        )
        return
    yield from _too_much(found)
    if found.trusts:
        told = ", ".join(clean(each, None) for each in found.trusts)
        besides = f" besides {clean(report.principal, None)}" if report.principal else ""
        yield from _all(wrapped(f"who may assume it{besides}: {told}"), WARNING)


def _too_much(found: Beyond) -> Iterator[Line]:
    if found.unread:
        names = ", ".join(clean(name, None) for name in found.unread)
        yield from _all(wrapped(f"policies of the role that it may not read: {names}"), WARNING)
    if not (found.patterns or found.managed or found.exposes or found.changes or found.unread):
        yield Line("the role grants nothing that proxyd does not need", GOOD)
        return
    if not (found.patterns or found.managed or found.exposes or found.changes):
        return
    yield Line("the role grants more than proxyd needs:", WARNING)
    for what, told in (
        ("policies of AWS's own", found.managed),
        ("reads data, secrets or credentials", found.exposes),
        ("changes things", found.changes),
    ):
        if told:
            yield from _all(wrapped(f"{what}: {', '.join(clean(t, None) for t in told)}"), WARNING)
    yield from _all(
        wrapped(
            f"in all, actions and patterns beyond need: {found.patterns}. The session policy keeps "
            "every session of proxyd from using any of it; whoever else may assume the role has it"
        )
    )


def _all(lines: Iterable[str], style: str = PLAIN) -> Iterator[Line]:
    for line in lines:
        yield Line(line, style)
