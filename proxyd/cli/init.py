"""`proxyd init`: from nothing to a configuration, a role to be made, and the next command.

Three questions at most: which account, what it is called here, and who proxyd is in AWS.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from proxyd import config, forms, preflight, tables
from proxyd.auth import tokens
from proxyd.aws.access import actions_for
from proxyd.aws.identity import own_identity, same_identity
from proxyd.aws.regions import home_of
from proxyd.aws.shared import Shared
from proxyd.cli import beginning
from proxyd.cli.options import installed
from proxyd.errors import AwsError, ConfigError, StartupError
from proxyd.globs import expand
from proxyd.iam import identity as identities
from proxyd.iam import role, template
from proxyd.model import Scanner, Target
from proxyd.settings import Aws, Quota, Settings

CONFIGURATION = "proxyd.toml"

ASKING_SECONDS = 5.0
"""Seconds that finding proxyd's own identity may take: it only saves typing."""

_WITH_ITS_PATH = ", with its path, where it has one"
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_PRIVATE = 0o700
_SECRET = 0o600
_PUBLIC = 0o644


class _Proposed(NamedTuple):
    """What an answer may be taken from, and what has to be said of it in the question."""

    answer: str | None
    to_be_said: str = ""


def run(
    directory: Path,
    *,
    account: str | None,
    name: str | None,
    identity: str | None,
    regions: Sequence[str],
    types: Sequence[str],
    endpoint_url: str | None,
) -> None:
    """Ask what is not given, write the files, print the template, and say what comes next.

    Raises:
        StartupError: a file of that name is there already, or can not be written.
        ConfigError: the configuration that is there already is no good.
        BadParameter: an answer that can not be.

    """
    _check(lambda: tables.Aws(endpoint_url=endpoint_url))  # before anybody is asked there
    there = _there(directory)
    account = _answer(account, "account", "The AWS account to look into (12 digits)", _account)
    name = _answer(name, "name", "What it is called here", _name, lambda: _Proposed("production"))
    identity = _answer(
        identity,
        "identity",
        "The role or user that proxyd runs as (its ARN)",
        _identity,
        lambda: _Proposed(there.aws.identity) if there else _mine(endpoint_url),
    )
    role_arn = _role_arn(identity.split(":")[1], account, name, there)
    target = _target(role_arn, name, regions, types)
    scanners = installed()
    _check(lambda: _hold(target, scanners))
    made = _template(target, identity, scanners)
    if there is None:
        first = Aws(identity=identity, endpoint_url=endpoint_url)
        _begin(directory, target, made, first)
    else:
        _write(_files(directory, target, made))
        _say(made, beginning.added(directory, target))


def _begin(directory: Path, target: Target, made: str, aws: Aws) -> None:
    """Write a configuration as well, with a token that is shown this once."""
    token = tokens.new_token()
    text = beginning.configuration(target, aws, principal=_principal(), token=token)
    _write({**_files(directory, target, made), directory / CONFIGURATION: text})
    _say(made, beginning.begun(directory, target, token))


def _files(directory: Path, target: Target, made: str) -> dict[Path, str]:
    return {
        directory / "credentials" / beginning.credential(target): target.external_id + "\n",
        directory / f"{target.name}.role.json": made,
    }


def _say(made: str, says: str) -> None:
    """Print the template to where it can be redirected, and what comes next to the person."""
    sys.stdout.write(made)
    sys.stdout.flush()
    sys.stderr.write(says)


def _role_arn(partition: str, account: str, name: str, there: Settings | None) -> str:
    """Name the role, apart from one that is there: each asks for an external id of its own."""
    arn = f"arn:{partition}:iam::{account}:role/{role.NAME}"
    if there is None:
        return arn
    taken = {target.role_arn for target in there.targets}
    taken |= {each.role_arn.replace("{account}", account) for each in there.organizations}
    return f"{arn}-{name}" if any(same_identity(arn, each) for each in taken) else arn


def _target(role_arn: str, name: str, regions: Sequence[str], types: Sequence[str]) -> Target:
    """Make the target, with an external id of its own."""
    return Target(
        name=name,
        role_arn=role_arn,
        external_id=secrets.token_hex(32),
        regions=tuple(regions) or ("*",),
        types=tuple(types) or ("*",),
    )


def _there(directory: Path) -> Settings | None:
    """Read the configuration that the directory has already, if it has one."""
    path = directory / CONFIGURATION
    try:
        path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StartupError(f"{path}: can not be read: {error.strerror}") from None
    return config.load(path, directory / "credentials")


def _check(question: Callable[[], object]) -> None:
    """Refuse what the configuration would be refused for, before anything is written."""
    try:
        question()
    except (ValueError, ConfigError) as error:
        raise typer.BadParameter(str(error).removeprefix("targets[0].")) from None


def _hold(target: Target, scanners: Mapping[str, Scanner]) -> None:
    """Hold a target against what the configuration may say."""
    tables.Target(
        name=target.name,
        role_arn=target.role_arn,
        external_id=target.external_id,
        regions=list(target.regions),
        types=list(target.types),
    )
    preflight.check(Settings(targets=(target,)), scanners)


def _write(files: Mapping[Path, str]) -> None:
    """Write files, the configuration last, which all have to be new; all of them or none."""
    for path in files:
        if path.exists():
            raise StartupError(
                f"{path}: is there already, and nothing was changed: choose a --name"
            )
    made: list[Path] = []
    for path, text in files.items():
        try:
            descriptor = _new(path)
            made.append(path)  # before anything is in it: a full disk leaves half of a file
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
        except OSError as error:
            for each in made:
                each.unlink(missing_ok=True)
            where = error.filename or path  # an error of writing names no file
            raise StartupError(f"{where}: can not be written: {error.strerror}") from None


def _new(path: Path) -> int:
    """Open a new file; but for the configuration only its owner can read them."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=_PRIVATE)
    mode = _PUBLIC if path.name == CONFIGURATION else _SECRET
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)


def _template(target: Target, identity: str, scanners: Mapping[str, Scanner]) -> str:
    actions = actions_for(scanners[name] for name in expand(target.types, scanners))
    made = template.template(role.of_target(target, actions, identity))
    return json.dumps(made, indent=2) + "\n"


def _answer(
    given: str | None,
    flag: str,
    question: str,
    check: Callable[[str], str],
    default: Callable[[], _Proposed] = lambda: _Proposed(None),
) -> str:
    """Take what a flag says, or ask a person until the answer is good."""
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


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise typer.BadParameter(f"--account: {text!r} is not the 12 digits of an account")
    return text


def _name(text: str) -> str:
    if not forms.is_name(text):
        raise typer.BadParameter(f"--name: {text!r}: {forms.NAME_EXPECTED}")
    return text


def _identity(text: str) -> str:
    try:
        return identities.checked(text)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None


def _principal() -> str:
    """Call the first principal as the person is called on this machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return "admin"
    return name if forms.is_name(name) else "admin"


def _mine(endpoint_url: str | None) -> _Proposed:
    """Return who the credentials of this shell are, to be confirmed; None where they are nobody's.

    Those of a person who has logged in (IAM Identity Center) are not proxyd's. A role is known
    by its session, and what STS says of one leaves out the role's path.
    """
    try:
        found = asyncio.run(_asked(Aws(endpoint_url=endpoint_url, connect_timeout=2.0)))
        identities.checked(found)
    except (AwsError, TimeoutError, ConfigError):
        return _Proposed(None)
    if "/AWSReservedSSO_" in found:
        return _Proposed(None)
    return _Proposed(found, _WITH_ITS_PATH if ":role/" in found else "")


async def _asked(aws: Aws) -> str:
    async with asyncio.timeout(ASKING_SECONDS), Shared(aws, Quota()) as shared:
        return await own_identity(shared, home_of("aws"))
