"""What `proxyd init` writes and says, as texts. Pure."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote

from proxyd.auth import tokens
from proxyd.iam.role import stack_of
from proxyd.model import Target
from proxyd.settings import Aws


def configuration(target: Target, aws: Aws, *, principal: str, token: str) -> str:
    """Write a configuration: one target, one principal, one grant."""
    endpoint = ""
    if aws.endpoint_url is not None:
        endpoint = f"endpoint_url = {json.dumps(aws.endpoint_url)}   # an emulator\n"
    return f"""\
# proxyd's configuration; docs/configuration.md has every key.

[server]
listen = "127.0.0.1:8080"
hosts = ["localhost", "127.0.0.1"]   # the Host names it answers to

[aws]
# Whom proxyd runs as. Its credentials come from botocore's own chain: instance profile, web
# identity, environment.
identity = {json.dumps(aws.identity)}
{endpoint}
{table(target)}
[[principals]]                       # `proxyd token new NAME` makes more
name = {json.dumps(principal)}
token_sha256 = "{tokens.digest(token).hex()}"
groups = ["everyone"]

[[grants]]                           # default deny
groups = ["everyone"]
targets = [{json.dumps(target.name)}]
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


def begun(directory: Path, target: Target, token: str) -> str:
    """Say what was made, and what to do with it."""
    return f"""
Made in {directory.resolve()}:
{_files(target, "proxyd.toml")}

Your token, which is shown this once and stored nowhere:

  {token}

Next:
{_steps(directory, target)}
  4. Serve, and open http://127.0.0.1:8080/:
       proxyd serve {_where(directory)}
"""


def added(directory: Path, target: Target) -> str:
    """Say what was made beside a configuration that was there, and what to add to that."""
    lines = "".join(f"  {line}\n" for line in table(target).splitlines())
    return f"""
{directory / "proxyd.toml"} is there already, and was not changed. Made in {directory.resolve()}:
{_files(target)}

Add this to the configuration, and its name to `targets` of a grant:

{lines}
Next:
{_steps(directory, target)}
"""


def _files(target: Target, *more: str) -> str:
    what = {
        **dict.fromkeys(more, "the configuration"),
        f"credentials/{credential(target)}": "the external id, for proxyd and the role",
        f"{target.name}.role.json": "the role, as a CloudFormation template: what is printed above",
    }
    width = max(map(len, what))
    return "\n".join(f"  {name:{width}}   {says}" for name, says in what.items())


def _steps(directory: Path, target: Target) -> str:
    where, file = _where(directory), quote(str(directory / f"{target.name}.role.json"))
    name = target.role_arn.rpartition("/")[2]
    return f"""
  1. Make the role, with credentials of account {target.account}:
       aws cloudformation deploy --stack-name {stack_of(name)} \\
         --template-file {file} --capabilities CAPABILITY_NAMED_IAM
     For Terraform:
       proxyd iam terraform --target {target.name} {where}
  2. Let the identity that proxyd runs as assume {name}; this prints the policy that it needs:
       proxyd iam base {where}
  3. See whether it works:
       proxyd check {where}"""


def _where(directory: Path) -> str:
    config, secrets = directory / "proxyd.toml", directory / "credentials"
    return f"--config {quote(str(config))} --credentials {quote(str(secrets))}"
