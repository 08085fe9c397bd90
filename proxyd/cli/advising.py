"""What to run where a target is not ready: commands that can be copied."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from proxyd.checking.report import TargetReport
from proxyd.cli.printing import clean
from proxyd.events import Statement
from proxyd.statements import document

GOOD, BAD, WARNING, DIM, PLAIN = "green", "red", "yellow", "dim", ""

MAX_INLINE = 10_240
"""Characters that the inline policies of a role may have."""


class Line(NamedTuple):
    """A line, and the style that it has where there are colours."""

    text: str
    style: str = PLAIN


def commands(code: str, report: TargetReport, again: str) -> Iterator[Line]:
    """Name the commands that print how it should be."""
    of_proxyd = Line(f"what proxyd's own identity needs: {proxyd('iam base', again)}")
    match code:
        case "own_policy":
            yield of_proxyd
        case "via_not_assumable":
            via = shlex.quote(clean(report.principal, None))
            yield Line(f"its trust policy: {proxyd(f'iam trust --via {via}', again)}")
            yield of_proxyd
        case "source_identity_refused":
            yield from trust(report, again)
        case "role_not_assumable":
            yield Line(f"the role as it should be: {template(report, again)}")
            yield of_proxyd


def trust(report: TargetReport, again: str) -> Iterator[Line]:
    """Name the commands that give a role that is there the trust policy that it needs.

    Deploying its stack again would not: what was changed by hand is no change of the template.
    """
    if report.organization is not None:
        yield Line(f"the role as it should be: {template(report, again)}")
        return
    printing = proxyd(f"iam trust --target {clean(report.target, None)}", again)
    yield Line(f"or replace it, by someone who may in account {report.account}:")
    yield Line(f"  {printing} > trust.json")
    yield Line(
        f"  aws iam update-assume-role-policy --role-name {shlex.quote(clean(report.role, None))} "
        "--policy-document file://trust.json"
    )


def template(report: TargetReport, again: str) -> str:
    """Return the command that prints what makes the role."""
    if report.organization is not None:
        return proxyd(f"iam stackset --organization {clean(report.organization, None)}", again)
    return proxyd(f"iam cloudformation --target {clean(report.target, None)}", again)


def proxyd(words: str, again: str) -> str:
    """Return a command of proxyd's that reads the same configuration."""
    return f"proxyd {words} {again}".rstrip()


def adding(statements: Sequence[Statement], report: TargetReport) -> Iterator[Line]:
    """Say how statements are added to the role's policies, where that fits into one command."""
    written = document(statements)
    if len(written) > MAX_INLINE:
        return
    # A name of its own: putting a policy replaces the one that has its name.
    name = f"proxyd-{hashlib.sha256(written.encode()).hexdigest()[:8]}"
    quoted = shlex.quote(clean(written, None)), shlex.quote(clean(report.role, None))
    yield Line(f"or, by someone who may in account {report.account}:")
    yield Line(
        f"  aws iam put-role-policy --role-name {quoted[1]} --policy-name {name} "
        f"--policy-document {quoted[0]}"
    )
