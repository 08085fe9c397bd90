"""`proxyd iam`: what an account has to grant, in every form in which people make roles.

Standard output is the document and nothing else; what to do with it is told to a terminal.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from proxyd import config
from proxyd.cli.options import ConfigFile, Credentials, Types, installed, named
from proxyd.errors import ConfigError, UsageError
from proxyd.iam import asked, base, eventing, hints, policies, role, template, terraform
from proxyd.model import Target
from proxyd.settings import Settings

app = typer.Typer(help="Print what an account has to grant.", no_args_is_help=True)

Which = Annotated[
    str | None,
    typer.Option("--target", help="A target of the configuration.", show_default=False),
]
WhichOrganization = Annotated[
    str | None,
    typer.Option("--organization", help="One of the configuration.", show_default=False),
]
Identity = Annotated[
    str | None,
    typer.Option(
        help="The ARN of the role or user that proxyd runs as; by default aws.identity.",
        show_default=False,
    ),
]
Via = Annotated[
    str | None,
    typer.Option(help="For this role, which others are assumed through.", show_default=False),
]
Events = Annotated[bool, typer.Option(help="Make the target's queue of events, too.")]


@app.command("policy")
def policy(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    target: Which = None,
    organization: WhichOrganization = None,
    types: Types = None,
) -> None:
    """Print the least policy that a role needs."""
    whose = asked.either(
        _read(config_file, credentials, target or organization), target, organization
    )
    documents = policies.role_policies(asked.actions(installed(), whose, types or []))
    _print(_one_or_all(documents), hints.POLICY)


@app.command("trust")
def trust(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    target: Which = None,
    via: Via = None,
    identity: Identity = None,
) -> None:
    """Print the trust policy of a target's role."""
    settings = config.load(named(config_file), credentials)
    if via is not None:
        if target is not None:
            raise UsageError("--target, --via: expected one of them")
        principal = _somebody(asked.via_principal(settings, via, identity))
        _print(policies.via_trust_policy(principal), hints.VIA_TRUST)
        return
    found = _target(settings, target)
    principal = _somebody(asked.principal(settings, found, identity))
    _print(policies.trust_policy(principal, found.external_id), hints.TRUST)


@app.command("cloudformation")
def cloudformation(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    target: Which = None,
    types: Types = None,
    identity: Identity = None,
    *,
    events: Events = True,
) -> None:
    """Print a CloudFormation template of a target's role."""
    made = _role(config_file, credentials, target, types, identity)
    _print(template.template(made, events=events), hints.cloudformation(made, events=events))


@app.command("terraform")
def terraform_resources(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    target: Which = None,
    types: Types = None,
    identity: Identity = None,
    *,
    events: Events = True,
) -> None:
    """Print Terraform resources of a target's role."""
    made = _role(config_file, credentials, target, types, identity)
    _write(terraform.module(made, events=events), hints.TERRAFORM)


@app.command("stackset")
def stackset(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    organization: WhichOrganization = None,
    target: Which = None,
    types: Types = None,
    *,
    identity: Identity = None,
) -> None:
    """Print a StackSet's template: the role in each account."""
    settings = _read(config_file, credentials, target or organization)
    whose = asked.members(settings, target, organization)
    made = asked.role_of(settings, installed(), whose, types=types or [], given=identity)
    if isinstance(whose, Target):
        made = role.for_members(made)
    _print(template.stack_set(made), hints.stack_set(made))


@app.command("lister")
def lister(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    organization: WhichOrganization = None,
    identity: Identity = None,
) -> None:
    """Print a template of the role that lists an organization."""
    settings = config.load(named(config_file), credentials)
    found = asked.one(settings.organizations, organization, "--organization")
    if found is None:
        raise ConfigError("--organization: the configuration has none")
    made = role.of_lister(found, asked.principal(settings, None, identity))
    _print(template.template(made), hints.cloudformation(made, events=False))


@app.command("base")
def base_policy(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    via: Via = None,
) -> None:
    """Print the policy of the role or user that proxyd runs as."""
    documents = base.base_policies(config.load(named(config_file), credentials), via)
    _print(_one_or_all(documents), hints.BASE)


@app.command("events")
def events(
    config_file: ConfigFile = None,
    credentials: Credentials = None,
    target: Which = None,
    region: Annotated[
        str | None,
        typer.Option(help="Pass on this region's events to the queue's.", show_default=False),
    ] = None,
) -> None:
    """Print a template with which an account tells of changes."""
    found = _target(config.load(named(config_file), credentials), target)
    if found.events is None:
        raise ConfigError(
            f"--target: {found.name!r} names no queue: add "
            f'events = "arn:{found.partition}:sqs:REGION:{found.account}:proxyd-events"'
        )
    where = region or eventing.region_of(found.events)
    _print(eventing.template(found, where), hints.events(found.events, where))


def _role(
    config_file: Path | None,
    credentials: Path | None,
    target: str | None,
    types: list[str] | None,
    identity: str | None,
) -> role.Role:
    settings = _read(config_file, credentials, target)
    whose = asked.a_target(settings, target)
    return asked.role_of(settings, installed(), whose, types=types or [], given=identity)


def _read(config_file: Path | None, credentials: Path | None, name: str | None) -> Settings:
    """Read the configuration; without one, and with nothing asked of it, nothing is known."""
    if config_file is None and name is None:
        return Settings()
    return config.load(named(config_file), credentials)


def _target(settings: Settings, name: str | None) -> Target:
    found = asked.a_target(settings, name)
    if found is None:
        raise ConfigError("--target: the configuration has none")
    return found


def _somebody(principal: str | None) -> str:
    if principal is None:
        raise UsageError(
            "--identity: expected the ARN of the role or user that proxyd runs as, here or as "
            "aws.identity in the configuration"
        )
    return principal


def _one_or_all(documents: list[dict[str, Any]]) -> object:
    return documents[0] if len(documents) == 1 else documents


def _print(document: object, hint: str) -> None:
    _write(json.dumps(document, indent=2) + "\n", hint)


def _write(text: str, hint: str) -> None:
    typer.echo(text, nl=False)
    if sys.stdout.isatty():
        typer.echo(f"\n{hint}", err=True)
