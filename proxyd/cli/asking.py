"""What a person is asked by `proxyd init`, unless a flag says it."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from typing import NamedTuple

import typer

from proxyd import forms
from proxyd.aws.identity import own_identity
from proxyd.aws.regions import home_of
from proxyd.aws.shared import Shared
from proxyd.errors import AwsError, StartupError, UsageError
from proxyd.iam import identity as identities
from proxyd.settings import Aws, Quota

ASKING_SECONDS = 5.0
"""Seconds that finding proxyd's own identity may take: it only saves typing."""

_WITH_ITS_PATH = ", with its path, where it has one"
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


class Proposed(NamedTuple):
    """What an answer may be taken from, and what has to be said of it in the question."""

    answer: str | None
    to_be_said: str = ""


def answer(
    given: str | None,
    flag: str,
    question: str,
    check: Callable[[str], str],
    default: Callable[[], Proposed] = lambda: Proposed(None),
) -> str:
    """Take what a flag says, or ask a person until the answer is good.

    Raises:
        BadParameter: what the flag says can not be, or there is nobody to ask.
        StartupError: there is no answer.

    """
    if given:
        return check(given)
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            f"--{flag}: not given, and there is no terminal to ask: {question}"
        )
    proposed, to_be_said = default()
    question += to_be_said
    while True:
        # Not to stdout, as input() does: that is for the template.
        sys.stderr.write(f"{question} [{proposed}]: " if proposed else f"{question}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise StartupError(f"--{flag}: no answer")
        try:
            return check(line.strip() or proposed or "")
        except typer.BadParameter as error:
            sys.stderr.write(f"  {error.message}\n")


def account(text: str) -> str:
    """Take an account number."""
    if not _ACCOUNT.fullmatch(text):
        raise typer.BadParameter(f"--account: {text!r} is not the 12 digits of an account")
    return text


def name(text: str) -> str:
    """Take the name of a target."""
    if not forms.is_name(text):
        raise typer.BadParameter(f"--name: {text!r}: {forms.NAME_EXPECTED}")
    return text


def identity(text: str) -> str:
    """Take the ARN of whom proxyd runs as."""
    try:
        return identities.checked(text)
    except UsageError as error:
        raise typer.BadParameter(str(error)) from None


def mine(endpoint_url: str | None) -> Proposed:
    """Return who the credentials of this shell are, to be confirmed; None where they are nobody's.

    Those of a person who has logged in (IAM Identity Center) are not proxyd's. A role is known
    by its session, and what STS says of one leaves out the role's path.
    """
    try:
        found = asyncio.run(_asked(Aws(endpoint_url=endpoint_url, connect_timeout=2.0)))
        identities.checked(found)
    except (AwsError, TimeoutError, UsageError):
        return Proposed(None)
    if "/AWSReservedSSO_" in found:
        return Proposed(None)
    return Proposed(found, _WITH_ITS_PATH if ":role/" in found else "")


async def _asked(aws: Aws) -> str:
    async with asyncio.timeout(ASKING_SECONDS), Shared(aws, Quota()) as shared:
        return await own_identity(shared, home_of("aws"))
