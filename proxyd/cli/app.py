"""The commands, one function each; the work is done elsewhere."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from proxyd import __version__, config, preflight, registry, tables
from proxyd.auth import tokens
from proxyd.aws import eventing, models, policy
from proxyd.aws.access import actions_for
from proxyd.cli import auditing, daemon
from proxyd.cli import demo as demonstration
from proxyd.cli import scanners as catalogue
from proxyd.cli import watch as terminal
from proxyd.errors import ConfigError, StartupError
from proxyd.globs import did_you_mean, expand
from proxyd.model import Target

app = typer.Typer(
    help="Streams what is in AWS accounts, live and read-only, and keeps nothing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
iam = typer.Typer(help="Print what an account has to grant.", no_args_is_help=True)
token = typer.Typer(help="API tokens.", no_args_is_help=True)
audit = typer.Typer(help="The audit trail.", no_args_is_help=True)
app.add_typer(iam, name="iam")
app.add_typer(token, name="token")
app.add_typer(audit, name="audit")

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", envvar="PROXYD_CONFIG", help="The TOML configuration.", show_default=False
    ),
]
Credentials = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        envvar="CREDENTIALS_DIRECTORY",
        help="The directory that holds one file per secret.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only these resource types (globs).", show_default=False),
]


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's own form of a flag
    if wanted:
        typer.echo(f"proxyd {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def serve(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    verbose: Annotated[bool, typer.Option(help="Log more.")] = False,
) -> None:
    """Serve streams until told to stop."""
    daemon.run(_path(config_file), credentials, verbose=verbose)


@app.command()
def demo(
    listen: Annotated[str, typer.Option(help="Where proxyd listens.")] = "127.0.0.1:8080",
    emulator: Annotated[
        Path | None,
        typer.Option(help="The emulator's executable (MiniStack).", envvar="PROXYD_EMULATOR"),
    ] = None,
    stay: Annotated[bool, typer.Option(help="Stay until Ctrl-C after the first stream.")] = True,
) -> None:
    """Show everything on this machine, against an emulated AWS."""
    demonstration.run(listen, emulator, stay=stay)


@app.command()
def watch(  # noqa: PLR0917 - typer calls it, by name
    url: Annotated[str, typer.Argument(help="Where proxyd serves: http://127.0.0.1:8080")],
    target: Annotated[list[str], typer.Option(help="A target; repeatable.")],
    types: Types = None,
    region: Annotated[list[str] | None, typer.Option(help="Only these regions (globs).")] = None,
    where: Annotated[str | None, typer.Option(help="Only resources that match this.")] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="A file that holds the token; else $PROXYD_TOKEN.")
    ] = None,
    follow: Annotated[
        bool, typer.Option(help="Stay and print what changes, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a stream as it arrives."""
    parameters = {"target": target, "type": types, "region": region, "where": where}
    given = {name: value for name, value in parameters.items() if value}
    if not terminal.watch(url, _token(token_file), given, follow=follow, as_json=as_json):
        raise typer.Exit(1)


@app.command()
def check(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
) -> None:
    """Check the configuration without serving."""
    settings = config.load(_path(config_file), credentials)
    preflight.check(settings, _registry())
    typer.echo(
        f"{len(settings.targets)} targets, {len(settings.grants)} grants: the configuration is good"
    )


@app.command()
def scanners(
    types: Types = None,
    check: Annotated[
        str | None,
        typer.Option(
            help="Prove the scanners of this module, an installed plugin or not.",
            metavar="MODULE",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the scanners that are installed, or prove those of a plugin."""
    if check is not None:
        if not catalogue.check(check, types or [], as_json=as_json):
            raise typer.Exit(1)
        return
    found = _registry()
    wanted = expand(types or ["*"], found)
    catalogue.print_all([found[name] for name in wanted], as_json=as_json)


@iam.command("policy")
def iam_policy(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    target: Annotated[
        str | None, typer.Option(help="For this target of the configuration.")
    ] = None,
    types: Types = None,
) -> None:
    """Print the least policy that a target's role needs."""
    found = _registry()
    wanted: list[str] = expand(types or ["*"], found)
    if not wanted:
        raise ConfigError(f"--type: no scanner matches {', '.join(types or [])}")
    if target is not None:
        wanted = expand(_target(config_file, credentials, target).types, wanted)
    documents = policy.role_policies(actions_for(found[name] for name in wanted))
    typer.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))


@iam.command("trust")
def iam_trust(
    target: Annotated[str, typer.Option(help="A target of the configuration.")],
    identity: Annotated[str, typer.Option(help="The ARN of the role or user that proxyd runs as.")],
    config_file: ConfigFile = None,
    credentials: Credentials = None,
) -> None:
    """Print the trust policy of a target's role."""
    found = _target(config_file, credentials, target)
    typer.echo(json.dumps(policy.trust_policy(found, identity), indent=2))


@iam.command("events")
def iam_events(
    target: Annotated[str, typer.Option(help="A target of the configuration that has `events`.")],
    region: Annotated[
        str | None,
        typer.Option(help="Pass on this region's events to the queue's.", show_default=False),
    ] = None,
    config_file: ConfigFile = None,
    credentials: Credentials = None,
) -> None:
    """Print a CloudFormation template with which an account tells of its changes."""
    found = _target(config_file, credentials, target)
    if found.events is None:
        raise ConfigError(
            f"--target: {target!r} names no queue: add "
            f'events = "arn:{found.partition}:sqs:REGION:{found.account}:proxyd-events"'
        )
    where = region or found.events.split(":")[3]
    typer.echo(json.dumps(eventing.template(found, where), indent=2))


@token.command("new")
def token_new(
    name: Annotated[str, typer.Argument(help="The principal's name.")],
    group: Annotated[
        list[str] | None, typer.Option(help="A group that it is in; repeatable.")
    ] = None,
    days: Annotated[int, typer.Option(help="Days for which it is good.", min=1)] = 365,
) -> None:
    """Print a new API token, once, and the lines for the configuration."""
    if not tables.is_name(name):
        raise typer.BadParameter(f"NAME: {tables.NAME_EXPECTED}")
    made = tokens.new_token()
    expires = datetime.now(UTC).date() + timedelta(days=days)
    typer.echo(made)
    typer.echo(
        f"\n# for the configuration; the token itself is not stored anywhere:\n"
        f"[[principals]]\nname = {json.dumps(name)}\n"
        f'token_sha256 = "{tokens.digest(made).hex()}"\n'
        f"groups = {json.dumps(group or [])}\nexpires = {expires}",
        err=True,
    )


@audit.command("verify")
def audit_verify(
    file: Annotated[Path, typer.Argument(help="The trail, as a sink wrote it; - is stdin.")],
    private_key: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file with a private key of the auditor; repeatable.", show_default=False
        ),
    ] = None,
    running: Annotated[
        bool, typer.Option("--running", help="The last run may still be going on.")
    ] = False,
) -> None:
    """Find every line that was edited, dropped, moved, doubled or cut off."""
    if not auditing.check(file, private_key or [], running=running):
        raise typer.Exit(1)


@audit.command("key")
def audit_key() -> None:
    """Print a new pair of keys, so that only the auditor can check and nobody can forge."""
    auditing.new_key()


def _path(config_file: Path | None) -> Path:
    if config_file is None:
        raise typer.BadParameter(
            "give the configuration with --config FILE or $PROXYD_CONFIG; "
            "config/proxyd.example.toml is one to start from"
        )
    return config_file


def _token(path: Path | None) -> str:
    """Read the token from where other people on the machine can not see it."""
    if path is not None:
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise StartupError(f"--token-file: {path}: {error.strerror}") from None
    token = os.environ.get("PROXYD_TOKEN", "")
    if not token:
        raise typer.BadParameter("give the token in $PROXYD_TOKEN or with --token-file FILE")
    return token


def _registry() -> registry.Registry:
    return registry.load(registry.discover(), models.operations_of)


def _target(config_file: Path | None, credentials: Path | None, name: str) -> Target:
    targets = {t.name: t for t in config.load(_path(config_file), credentials).targets}
    if name not in targets:
        raise ConfigError(f"--target: no target is called {name!r}{did_you_mean(name, targets)}")
    return targets[name]
