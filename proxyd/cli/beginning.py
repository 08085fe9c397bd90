"""What `proxyd init` writes and says, as texts. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from shlex import quote
from textwrap import indent

import msgspec

from proxyd.auth import tokens
from proxyd.cli.options import CONFIGURATION
from proxyd.iam.role import stack_of
from proxyd.model import Target


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """What was made, and what the commands that come next are given.

    Attributes:
        directory: where the files are.
        target: what is looked into.
        identity: whom proxyd runs as.
        endpoint_url: an emulator's, where AWS is one.
        files: the options with which another command finds the files.

    """

    directory: Path
    target: Target
    identity: str
    endpoint_url: str | None
    files: str


def configuration(made: Beginning, *, principal: str, token: str) -> str:
    """Write a configuration: one target, one principal, one grant."""
    endpoint = ""
    if made.endpoint_url is not None:
        endpoint = f"endpoint_url = {json.dumps(made.endpoint_url)}   # an emulator\n"
    return f"""\
# proxyd's configuration; docs/configuration.md has every key.

[server]
listen = "127.0.0.1:8080"
hosts = ["localhost", "127.0.0.1"]   # the Host names it answers to

[aws]
# Whom proxyd runs as. Its credentials come from botocore's own chain: instance profile, web
# identity, environment.
identity = {json.dumps(made.identity)}
{endpoint}
{table(made.target)}
[[principals]]                       # `proxyd token new NAME` makes more
name = {json.dumps(principal)}
token_sha256 = "{tokens.digest(token).hex()}"
groups = ["everyone"]

[[grants]]                           # default deny
groups = ["everyone"]
targets = [{json.dumps(made.target.name)}]
types = ["*"]
regions = ["*"]
"""


def table(target: Target) -> str:
    """Write a target as the configuration has it; its external id is a credential."""
    return f"""\
[[targets]]
name = {json.dumps(target.name)}
role_arn = {json.dumps(target.role_arn)}
external_id = {{ credential = {json.dumps(credential(target))} }}
regions = {json.dumps(list(target.regions))}
types = {json.dumps(list(target.types))}   # what may ever be asked of it
"""


def credential(target: Target) -> str:
    """Return the name of the file that holds the external id of a target."""
    return f"{target.name}.external-id"


def begun(made: Beginning, token: str) -> str:
    """Say what was made, and what to do with it."""
    serve = f"Serve, and open http://127.0.0.1:8080/:\n  {_proxyd(made, 'serve')}"
    return f"""
Made in {made.directory.resolve()}:
{_files(made.target, CONFIGURATION)}

Your token, which is shown this once and stored nowhere:

  {token}

Next:

{_numbered([*_steps(made), serve])}
"""


def added(made: Beginning, *, known: bool) -> str:
    """Say what was made beside a configuration that was there, and what to add to that.

    Args:
        made: what was made.
        known: whether the configuration says already whom proxyd runs as.

    """
    path = made.directory / CONFIGURATION
    lines = indent(table(made.target), "  ")
    identity = "" if known else f"and under [aws]:\n\n  identity = {json.dumps(made.identity)}\n\n"
    add = (
        f"Add this to the configuration, and {json.dumps(made.target.name)} to `targets` of a "
        f"grant; what comes next reads it there:\n\n{lines}\n{identity}"
    )
    return f"""
{path} is there already, and was not changed. Made in {made.directory.resolve()}:
{_files(made.target)}

Next:

{_numbered([add, *_steps(made)])}
"""


def _files(target: Target, *more: str) -> str:
    what = {
        **dict.fromkeys(more, "the configuration"),
        f"credentials/{credential(target)}": "the external id, for proxyd and the role",
        f"{target.name}.role.json": "the role, as a CloudFormation template: what is printed above",
    }
    width = max(map(len, what))
    return "\n".join(f"  {name:{width}}   {says}" for name, says in what.items())


def _numbered(steps: Iterable[str]) -> str:
    """Write steps one after the other, the lines of each below its first."""
    return "\n".join(
        f"  {number}. {indent(step, '     ').strip()}" for number, step in enumerate(steps, 1)
    )


def _steps(made: Beginning) -> list[str]:
    role, target = made.target.role_arn.rpartition("/")[2], made.target
    return [
        f"Make the role, with credentials of account {target.account}. It trusts\n"
        f"{made.identity}, which has to be there already: AWS takes no role\n"
        'that trusts what does not exist ("Invalid principal in policy").\n'
        f"{_deploy(made, stack_of(role))}\n"
        "For Terraform:\n"
        f"  {_proxyd(made, 'iam', 'terraform', '--target', target.name)}",
        f"Let the identity that proxyd runs as assume {role}; this prints the policy that it "
        f"needs:\n  {_proxyd(made, 'iam', 'base')}",
        f"See whether it works:\n  {_proxyd(made, 'check')}",
    ]


def _deploy(made: Beginning, stack: str) -> str:
    """Write the command that makes the role, in the AWS that proxyd will look into."""
    file = quote(str(made.directory / f"{made.target.name}.role.json"))
    lines = [
        f"  aws cloudformation deploy --stack-name {stack}",
        f"    --template-file {file} --capabilities CAPABILITY_NAMED_IAM",
    ]
    if made.endpoint_url is not None:
        lines.append(f"    --endpoint-url {quote(made.endpoint_url)}")
    return " \\\n".join(lines)


def _proxyd(made: Beginning, *words: str) -> str:
    return " ".join(filter(None, ("proxyd", *words, made.files)))
