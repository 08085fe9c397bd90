"""Whether a role can be assumed, why not, and whether it refuses those that it should.

AWS says of AssumeRole little more than no. So it is asked in other ways, of which only one thing
differs from what a scan asks, and what came of each tells where the trust policy is at fault.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from proxyd.aws.trust import Trust, Way
from proxyd.checking.report import Answer, ExternalId, Why
from proxyd.errors import AwsError
from proxyd.model import Target
from proxyd.refusals import not_assumed

FULL = "as a scan does"
_PLAIN = "without a source identity"
_TAGGED = "with a session tag"
_NO_ID = "without an external id"
_NO_ID_PLAIN = "without an external id and without a source identity"
_WRONG_ID = "with a wrong external id"
_WRONG_ID_PLAIN = "with a wrong external id and without a source identity"

_REFUSED = frozenset({"denied", "scp_denied"})

Answers = Mapping[str, AwsError | None]
"""What was asked, in words → why it was refused; None where the role was given."""


class Told(NamedTuple):
    """What a role's trust policy was found to do, and who asked: None where STS does not say."""

    principal: str | None
    why: Why | None
    external_id: ExternalId
    source_identity: Answer
    tags: Answer


class Asking(msgspec.Struct, frozen=True):
    """Who asks for what, as far as the words need it.

    Attributes:
        target: whose role.
        principal: who asks for it.
        hop: why the role in the middle is refused.
        expected: who was to ask for it, where that is somebody else.

    """

    target: Target
    principal: str
    hop: AwsError | None
    expected: str | None = None


async def told_by(trust: Trust, target: Target) -> Told:
    """Ask for a role in every way that tells something."""
    principal, refused_as_a_scan = await asyncio.gather(
        _principal(trust), trust.ask(Way(external_id=target.external_id))
    )
    answers = {FULL: refused_as_a_scan}
    hop = await trust.hop() if answers[FULL] is not None else None
    if hop is None and not _out_of_reach(answers[FULL]):
        ways = _ways(target, given=answers[FULL] is None)
        refused = await asyncio.gather(*map(trust.ask, ways.values()))
        answers |= dict(zip(ways, refused, strict=True))
    expected = trust.identity if principal not in {None, trust.identity} else None
    return Told(
        principal=principal,
        why=why(answers, Asking(target, principal or "proxyd's own identity", hop, expected)),
        external_id=external_id(answers),
        source_identity=source_identity(answers),
        tags=_answer(answers, _TAGGED),
    )


async def _principal(trust: Trust) -> str | None:
    try:
        return await trust.principal()
    except AwsError:
        return None


def _wrong(target: Target) -> str:
    """Make up an external id; for an account of an organization that of another account.

    A trust policy that takes whatever begins as theirs lets each of them stand in for all others.
    """
    prefix, dot, account = target.external_id.rpartition(".")
    if dot and account == target.account:
        return f"{prefix}.{secrets.randbelow(10**12):012}"
    return secrets.token_hex(16)


def not_given(refused: AwsError) -> Why:
    """Say why a role is not given to a scan that is given to who asks for it in the same way."""
    problem = not_assumed(refused)
    return Why(code=problem.code, detail=problem.detail, aws_code=refused.code, tried=[FULL])


def _ways(target: Target, *, given: bool) -> dict[str, Way]:
    """Return what else to ask: the weakest forms too, or a door behind another is not seen."""
    own, wrong = target.external_id, _wrong(target)
    return {
        _PLAIN: Way(external_id=own, identified=False),
        _TAGGED: Way(external_id=own, identified=given, tagged=True),
        _NO_ID: Way(external_id=None),
        _NO_ID_PLAIN: Way(external_id=None, identified=False),
        _WRONG_ID: Way(external_id=wrong),
        _WRONG_ID_PLAIN: Way(external_id=wrong, identified=False),
    }


def external_id(answers: Answers) -> ExternalId:
    """Say whether the external id is really asked for.

    A refusal says so only where the same is given with the right one.
    """
    return ExternalId(
        required=_shut(answers, {_NO_ID: FULL, _NO_ID_PLAIN: _PLAIN}),
        wrong_refused=_shut(answers, {_WRONG_ID: FULL, _WRONG_ID_PLAIN: _PLAIN}),
    )


def _shut(answers: Answers, doors: Mapping[str, str]) -> bool | None:
    """Whether doors are shut, each of which has one beside it that the right key opens."""
    if any(door in answers and answers[door] is None for door in doors):
        return False
    telling = [door for door, beside in doors.items() if answers.get(beside, _NOT) is None]
    shut = [error for door in telling if (error := answers.get(door)) is not None]
    told = bool(shut) and all(error.status in _REFUSED for error in shut)
    return True if told else None


_NOT = AwsError("cancelled", "NotAsked")


def source_identity(answers: Answers) -> Answer:
    """Say whether the trust policy lets a source identity be set."""
    if answers[FULL] is None:
        return "allowed"
    return "refused" if answers.get(_PLAIN, _NOT) is None else "unknown"


def _answer(answers: Answers, asked: str) -> Answer:
    error = answers.get(asked, _NOT)
    if error is None:
        return "allowed"
    return "refused" if error.status in _REFUSED else "unknown"


def why(answers: Answers, asking: Asking) -> Why | None:
    """Say why a scan would not get the role; None where it would."""
    refused = answers[FULL]
    if refused is None:
        return None
    code, detail = _reason(refused, answers, asking)
    return Why(code=code, detail=detail, aws_code=refused.code, tried=list(answers))


def _reason(refused: AwsError, answers: Answers, asking: Asking) -> tuple[str, str]:
    if _out_of_reach(refused):
        problem = not_assumed(refused)
        return problem.code, problem.detail
    if asking.hop is not None:
        return _in_the_middle(asking.target, asking.hop)
    if answers.get(_PLAIN, _NOT) is None:
        return "source_identity_refused", (
            "it can be assumed, but not with a source identity, by which CloudTrail tells for whom "
            f"a scan is: let the trust policy of the role allow {asking.principal} "
            "sts:SetSourceIdentity beside sts:AssumeRole. Where proxyd's own credentials have a "
            "source identity already, AWS lets no session have another: give it some without"
        )
    return _refused_altogether(refused, asking)


def _in_the_middle(target: Target, hop: AwsError) -> tuple[str, str]:
    if _out_of_reach(hop):
        problem = not_assumed(hop)
        return problem.code, problem.detail
    return "via_not_assumable", (
        f"the role in the middle, {target.via}, can not be assumed: look at its name, at whether "
        "its trust policy names proxyd's own identity and allows sts:SetSourceIdentity, and "
        "whether proxyd may call sts:AssumeRole on it"
    )


def _refused_altogether(refused: AwsError, asking: Asking) -> tuple[str, str]:
    who, role = asking.principal, asking.target.role_arn
    match refused.cause:
        case "organization":
            return "organization", (
                "a policy of the organization forbids sts:AssumeRole or the region that STS is "
                f"asked in: no policy of the role {role} can mend that"
            )
        case _ if asking.expected is not None and refused.status in _REFUSED:
            return "another_identity", (
                f"this is run as {who}, but by aws.identity proxyd runs as {asking.expected}, and "
                "its roles are made for that one: check with the credentials that proxyd has, or "
                "correct aws.identity and make the role anew"
            )
        case "policy" | "boundary" | "explicit_deny" | "session_policy":
            return "own_policy", (
                f"no policy of {who} lets it call sts:AssumeRole and sts:SetSourceIdentity on the "
                f"role {role}: that is mended where proxyd runs, not in the account"
            )
        case "endpoint_policy":
            return "endpoint_policy", (
                "the policy of the VPC endpoint for STS that proxyd goes through refuses it"
            )
        case _ if refused.status not in _REFUSED:
            return "role_not_assumable", "AWS STS answered AssumeRole with an error"
    return "role_not_assumable", (
        "AWS refused it in every way that was tried. One of these is not as it should be: "
        f"the role {role} exists, by that name and path; its trust policy names {who} as "
        "principal; its external id is the configured one; its other conditions let a session in "
        "that is called proxyd-… and has the source identity proxyd-check; and a policy of "
        "proxyd's own identity allows it sts:AssumeRole on the role"
    )


def _out_of_reach(refused: AwsError | None) -> bool:
    """Whether it is proxyd's credentials or the way to STS that fails: then all ways do."""
    return refused is not None and not_assumed(refused).code != "role_not_assumable"
