"""The commands, one function each; the work is done elsewhere."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from proxyd import __version__, config, forms, preflight
from proxyd.auth import tokens
from proxyd.cli import auditing, daemon, iam
from proxyd.cli import check as checking
from proxyd.cli import demo as demonstration
from proxyd.cli import init as first
from proxyd.cli import scanners as catalogue
from proxyd.cli import watch as terminal
from proxyd.cli.options import ConfigFile, Credentials, Types, again, installed, named
from proxyd.cli.printing import counted
from proxyd.errors import StartupError
from proxyd.globs import expand

app = typer.Typer(
    help="Streams what is in AWS accounts, live and read-only, and keeps nothing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
token = typer.Typer(help="API tokens.", no_args_is_help=True)
audit = typer.Typer(help="The audit trail.", no_args_is_help=True)
app.add_typer(iam.app, name="iam")
app.add_typer(token, name="token")
app.add_typer(audit, name="audit")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
    daemon.run(named(config_file), credentials, verbose=verbose)


@app.command("init")
def initialise(  # noqa: PLR0917 - typer calls it, by name
    directory: Annotated[Path, typer.Argument(help="Where the files go.")] = Path(),
    account: Annotated[
        str | None, typer.Option(help="The AWS account to look into.", show_default=False)
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What it is called here.", show_default=False)
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option(help="The ARN of the role or user that proxyd runs as.", show_default=False),
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="Only these regions (globs).", show_default=False)
    ] = None,
    types: Types = None,
    endpoint_url: Annotated[
        str | None, typer.Option(help="An emulator's, on this machine.", show_default=False)
    ] = None,
) -> None:
    """Write a first configuration, and the role that it needs."""
    first.run(
        directory,
        account=account,
        name=name,
        identity=identity,
        regions=region or [],
        types=types or [],
        endpoint_url=endpoint_url,
    )


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
def check(  # noqa: PLR0917 - typer calls it, by name
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    target: Annotated[
        list[str] | None, typer.Option(help="Only this target; repeatable.", show_default=False)
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Where regional types are tried.", show_default=False)
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Only the configuration.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the configuration and each target; say what mends it."""
    settings = config.load(named(config_file), credentials)
    found = installed()
    preflight.check(settings, found, config_file)
    if not as_json:
        there = [counted(len(settings.targets), "target")]
        if settings.organizations:
            there.append(counted(len(settings.organizations), "organization"))
        there.append(counted(len(settings.grants), "grant"))
        typer.echo(f"{', '.join(there)}: the configuration is good")
    names = target or []
    if not checking.run(
        settings,
        found,
        names=names,
        region=region,
        offline=offline,
        as_json=as_json,
        again=again(named(config_file), credentials),
    ):
        raise typer.Exit(1)


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
    """List the installed scanners, or prove those of a plugin."""
    if check is not None:
        if not catalogue.check(check, types or [], as_json=as_json):
            raise typer.Exit(1)
        return
    found = installed()
    wanted = expand(types or ["*"], found)
    catalogue.print_all([found[name] for name in wanted], as_json=as_json)


@token.command("new")
def token_new(
    name: Annotated[str, typer.Argument(help="The principal's name.")],
    group: Annotated[
        list[str] | None, typer.Option(help="A group that it is in; repeatable.")
    ] = None,
    days: Annotated[int, typer.Option(help="Days for which it is good.", min=1)] = 365,
) -> None:
    """Print a new API token, once, and the lines for the configuration."""
    if not forms.is_name(name):
        raise typer.BadParameter(f"NAME: {forms.NAME_EXPECTED}")
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
