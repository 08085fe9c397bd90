"""`proxyd init`: from nothing to a configuration, a role to be made, and the next command.

Three questions at most: which account, what it is called here, and who proxyd is in AWS.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import typer

from proxyd import config, forms, preflight, tables
from proxyd.auth import tokens
from proxyd.aws.access import actions_for
from proxyd.aws.identity import same_identity
from proxyd.cli import asking, beginning
from proxyd.cli.asking import Proposed, answer
from proxyd.cli.options import CONFIGURATION, again, installed
from proxyd.errors import ConfigError, StartupError
from proxyd.globs import expand
from proxyd.iam import role, template
from proxyd.model import Scanner, Target
from proxyd.settings import Aws, Settings

_KEY = re.compile(r"^\w+")
_FLAGS = {
    "endpoint_url": "--endpoint-url",
    "regions": "--region",
    "types": "--type",
}
"""What a key of the configuration is called where a person gives it."""

_PRIVATE = 0o700
_SECRET = 0o600
_PUBLIC = 0o644


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
    if there is not None:
        identity, endpoint_url = _as_there(there.aws, identity, endpoint_url)
    account = answer(account, "account", "The AWS account to look into (12 digits)", asking.account)
    name = answer(
        name, "name", "What it is called here", asking.name, lambda: Proposed("production")
    )
    identity = answer(
        identity,
        "identity",
        "The role or user that proxyd runs as (its ARN)",
        asking.identity,
        lambda: asking.mine(endpoint_url),
    )
    role_arn = _role_arn(identity, account, name, there)
    target = _target(role_arn, name, regions, types)
    scanners = installed()
    _check(lambda: _hold(target, scanners))
    template = _template(target, identity, scanners)
    made = beginning.Beginning(
        directory=directory,
        target=target,
        identity=identity,
        endpoint_url=endpoint_url,
        files=again(directory / CONFIGURATION, directory / "credentials"),
    )
    if there is None:
        _begin(made, template)
    else:
        _write(_files(made, template))
        _say(template, beginning.added(made, known=there.aws.identity is not None))


def _begin(made: beginning.Beginning, template: str) -> None:
    """Write a configuration as well, with a token that is shown this once."""
    token = tokens.new_token()
    text = beginning.configuration(made, principal=_principal(), token=token)
    _write({**_files(made, template), made.directory / CONFIGURATION: text})
    _say(template, beginning.begun(made, token))


def _files(made: beginning.Beginning, template: str) -> dict[Path, str]:
    target, secrets = made.target, made.directory / "credentials"
    return {
        secrets / beginning.credential(target): target.external_id + "\n",
        made.directory / f"{target.name}.role.json": template,
    }


def _say(template: str, says: str) -> None:
    """Print the template to where it can be redirected, and what comes next to the person."""
    sys.stdout.write(template)
    sys.stdout.flush()
    sys.stderr.write(says)


def _as_there(
    aws: Aws, identity: str | None, endpoint_url: str | None
) -> tuple[str | None, str | None]:
    """Take the identity and the endpoint that the configuration has: proxyd is one, in one AWS."""
    if identity and aws.identity is not None and asking.identity(identity) != aws.identity:
        raise typer.BadParameter(
            f"--identity: {identity!r} is not whom proxyd runs as: the configuration has "
            f"{aws.identity} (aws.identity); leave it out, or choose another DIRECTORY"
        )
    return aws.identity or identity, endpoint_url or aws.endpoint_url


def _role_arn(identity: str, account: str, name: str, there: Settings | None) -> str:
    """Name the role, apart from one that is there: each asks for an external id of its own."""
    arn = f"arn:{identity.split(':')[1]}:iam::{account}:role/{role.NAME}"
    taken = set()
    if there is not None:
        taken = {target.role_arn for target in there.targets}
        taken |= {each.role_arn.replace("{account}", account) for each in there.organizations}
    arn = f"{arn}-{name}" if any(same_identity(arn, each) for each in taken) else arn
    if not forms.ROLE_ARN.fullmatch(arn):
        called = arn.rpartition("/")[2]
        raise typer.BadParameter(f"--name: too long for a role's, {called}: expected a shorter one")
    if same_identity(arn, identity):
        raise typer.BadParameter(
            f"--identity: {identity} is the role that this makes; expected the one that assumes it"
        )
    return arn


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
        said = str(error).removeprefix("targets[0].")
        raise typer.BadParameter(
            _KEY.sub(lambda key: _FLAGS.get(key[0], key[0]), said, count=1)
        ) from None


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


def _principal() -> str:
    """Call the first principal as the person is called on this machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return "admin"
    return name if forms.is_name(name) else "admin"
