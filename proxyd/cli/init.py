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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import typer

from proxyd import forms
from proxyd.auth import tokens
from proxyd.aws.access import actions_for
from proxyd.aws.identity import own_identity
from proxyd.aws.regions import home_of
from proxyd.aws.shared import Shared
from proxyd.cli.options import installed
from proxyd.errors import AwsError, ConfigError, StartupError
from proxyd.globs import expand
from proxyd.iam import identity as identities
from proxyd.iam import role, template
from proxyd.model import Target
from proxyd.settings import Aws, Quota

ASKING_SECONDS = 5.0
"""Seconds that finding proxyd's own identity may take: it only saves typing."""

_ACCOUNT = re.compile(r"\d{12}")
_PRIVATE = 0o700
_SECRET = 0o600


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known to begin."""

    account: str
    name: str
    identity: str
    regions: Sequence[str] = ("*",)
    types: Sequence[str] = ("*",)
    endpoint_url: str | None = None

    def target(self, external_id: str) -> Target:
        """Return the target that they describe; its partition is that of proxyd."""
        partition = self.identity.split(":")[1]
        return Target(
            name=self.name,
            role_arn=f"arn:{partition}:iam::{self.account}:role/{role.NAME}",
            external_id=external_id,
            regions=tuple(self.regions),
            types=tuple(self.types),
        )


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
        StartupError: there is a configuration already, or it can not be written.
        BadParameter: an answer that can not be.

    """
    _check_free(directory / "proxyd.toml")
    answers = Answers(
        account=_answer(account, "account", "The AWS account to look into (12 digits)", _account),
        name=_answer(name, "name", "What it is called here", _name, lambda: "production"),
        identity=_answer(
            identity,
            "identity",
            "The role or user that proxyd runs as (its ARN)",
            _identity,
            lambda: _mine(endpoint_url),
        ),
        regions=tuple(regions) or ("*",),
        types=tuple(types) or ("*",),
        endpoint_url=endpoint_url,
    )
    _write(directory, answers)


def _write(directory: Path, answers: Answers) -> None:
    target = answers.target(secrets.token_hex(32))
    token = tokens.new_token()
    made = json.dumps(_template(target, answers.identity), indent=2) + "\n"
    secret = directory / "credentials" / f"{target.name}.external-id"
    role_file = directory / f"{target.name}.role.json"
    _check_free(secret, role_file)
    try:
        secret.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
        _put(secret, target.external_id + "\n", _SECRET)
        _put(role_file, made, _SECRET)
        _put(directory / "proxyd.toml", configuration(answers, target, token))
    except OSError as error:
        raise StartupError(f"{error.filename}: can not be written: {error.strerror}") from None
    sys.stdout.write(made)
    sys.stdout.flush()
    sys.stderr.write(next_steps(directory, target, token))


def _put(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a new file: one that is there may be in use."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)


def _template(target: Target, identity: str) -> dict[str, Any]:
    scanners = installed()
    actions = actions_for(scanners[name] for name in expand(target.types, scanners))
    return template.template(role.of_target(target, actions, identity))


def configuration(answers: Answers, target: Target, token: str) -> str:
    """Write the configuration: one target, one principal, one grant."""
    endpoint = ""
    if answers.endpoint_url is not None:
        endpoint = f"endpoint_url = {json.dumps(answers.endpoint_url)}   # an emulator\n"
    return f"""\
# proxyd's configuration; docs/configuration.md has every key.

[server]
listen = "127.0.0.1:8080"
hosts = ["localhost", "127.0.0.1"]   # the Host names it answers to

[aws]
# Whom proxyd runs as. Its credentials come from botocore's own chain: instance profile, web
# identity, environment.
identity = {json.dumps(answers.identity)}
{endpoint}
[[targets]]
name = {json.dumps(target.name)}
role_arn = {json.dumps(target.role_arn)}
external_id = {{ credential = {json.dumps(target.name + ".external-id")} }}
regions = {json.dumps(list(target.regions))}
types = {json.dumps(list(target.types))}   # what may ever be asked of it

[[principals]]                       # `proxyd token new NAME` makes more
name = {json.dumps(_principal())}
token_sha256 = "{tokens.digest(token).hex()}"
groups = ["everyone"]

[[grants]]                           # default deny
groups = ["everyone"]
targets = [{json.dumps(target.name)}]
types = ["*"]
regions = ["*"]
"""


def next_steps(directory: Path, target: Target, token: str) -> str:
    """Say what was made, and what to do with it."""
    config = directory / "proxyd.toml"
    where = f"--config {config} --credentials {directory / 'credentials'}"
    file = directory / f"{target.name}.role.json"
    secret, made = f"credentials/{target.name}.external-id", f"{target.name}.role.json"
    width = max(len(secret), len(made))
    return f"""
Made in {directory.resolve()}:
  {"proxyd.toml":{width}}   the configuration
  {secret:{width}}   the external id, for proxyd and the role
  {made:{width}}   the role, as a CloudFormation template: what is printed above

Your token, which is shown this once and stored nowhere:

  {token}

Next:

  1. Make the role, with credentials of account {target.account}:
       aws cloudformation deploy --stack-name proxyd \\
         --template-file {file} --capabilities CAPABILITY_NAMED_IAM
     (`proxyd iam terraform {where}` prints it for Terraform.)
  2. Let the identity that proxyd runs as assume it:
       proxyd iam base {where}
     prints the policy that it needs.
  3. See whether it works:
       proxyd check {where}
  4. Serve, and open http://127.0.0.1:8080/:
       proxyd serve {where}
"""


def _check_free(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise StartupError(
                f"{path}: is there already, and nothing was changed; give another directory "
                "(proxyd init DIRECTORY), or add a [[targets]] to the configuration that there is"
            )


def _answer(
    given: str | None,
    flag: str,
    question: str,
    check: Callable[[str], str],
    default: Callable[[], str | None] = lambda: None,
) -> str:
    """Take what a flag says, or ask a person until the answer is good."""
    if given:
        return check(given)
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            f"--{flag}: not given, and there is no terminal to ask: {question}"
        )
    proposed = default()
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


def _mine(endpoint_url: str | None) -> str | None:
    """Return who the credentials of this shell are, to be confirmed; None where there are none."""
    try:
        return asyncio.run(_asked(Aws(endpoint_url=endpoint_url, connect_timeout=2.0)))
    except (AwsError, TimeoutError):
        return None


async def _asked(aws: Aws) -> str:
    async with asyncio.timeout(ASKING_SECONDS), Shared(aws, Quota()) as shared:
        return await own_identity(shared, home_of("aws"))
