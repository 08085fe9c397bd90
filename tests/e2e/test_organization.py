"""An organization's accounts as targets: found, refreshed, and streamed side by side."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest_asyncio

from proxyd.auth import tokens
from proxyd.client import Client, ServerEvent
from proxyd.demo.emulator import Emulator

from .company import MANAGEMENT, PREFIX, REGION, TYPES, Company, allowed, document, organization
from .conftest import emulator_path
from .daemon import Daemon, eventually, filled, named, ran, running, settings, toml
from .faults import FaultProxy

ACCOUNTS = 300
SECONDS = 30.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def company() -> AsyncGenerator[Company, None]:
    """An emulator of its own: what is made here is in nobody's way."""
    async with Emulator(emulator_path()) as emulator:
        yield await asyncio.to_thread(Company, emulator.endpoint)


@asynccontextmanager
async def serving(
    company: Company, directory: Path, endpoint: str = "", **more: Any
) -> AsyncGenerator[Daemon, None]:
    """Run a daemon for the organization."""
    config = settings(
        [],
        endpoint or company.endpoint,
        aws={"connect_timeout": 30.0},
        organizations=[organization(**more)],
    )
    async with running(config, directory, environment=company.environment) as daemon:
        yield daemon


async def targets(daemon: Daemon) -> dict[str, str]:
    """Return the targets that there are: name → account."""
    _, body = await daemon.get("/v1/targets")
    return {target["name"]: target["account"] for target in json.loads(body)["targets"]}


async def listed(daemon: Daemon) -> str:
    """Return what `/readyz` says of the organization."""
    _, body = await daemon.get("/readyz")
    return str(json.loads(body)["organizations"]["corp"])


async def test_three_hundred_accounts_in_one_stream(company: Company, tmp_path: Path) -> None:
    """`target=*` streams each account's own things, each with its own start and end."""
    company.allow("organizations:ListAccounts")
    names = [f"team {number:03}" for number in range(ACCOUNTS)]  # no space in a target's name
    made = await asyncio.to_thread(lambda: {name: company.hire(name) for name in names})
    gone = await asyncio.to_thread(company.hire, "left")
    company.organizations.close_account(AccountId=gone)
    async with serving(company, tmp_path) as daemon:
        found = await targets(daemon)
        assert {found.pop(f"Master-Account-{MANAGEMENT}")} == {MANAGEMENT}
        assert found == {f"{n.replace(' ', '-')}-{made[n]}": made[n] for n in names}
        started = time.monotonic()
        events = await daemon.scan(target=["team-*"], type=TYPES)
        took = time.monotonic() - started
        all_of_them = await daemon.scan(target=["*"], type=TYPES)
    starts, ends = named(events, "scan.started"), named(events, "scan.completed")
    assert {start["target"] for start in starts} == {end["target"] for end in ends} == set(found)
    assert all(end["complete"] and end["resources"] == 1 for end in ends)
    seen = {r["account"]: r["id"] for r in named(events, "resource")}
    assert seen == {number: name.replace(" ", "-") for name, number in made.items()}
    assert side_by_side(events) > 1
    assert took < SECONDS
    # The management account has no such role: one that can not be looked into hides no other.
    refused = [end for end in named(all_of_them, "scan.completed") if not end["complete"]]
    assert [end["target"] for end in refused] == [f"Master-Account-{MANAGEMENT}"]
    assert len(named(all_of_them, "scan.completed")) == ACCOUNTS + 1


def side_by_side(events: list[ServerEvent]) -> int:
    """Return how many scans ran at the same time, at most."""
    running_now = most = 0
    for event in events:
        running_now += (event.name == "scan.started") - (event.name == "scan.completed")
        most = max(most, running_now)
    return most


LISTER = f"arn:aws:iam::{MANAGEMENT}:role/proxyd-organization"
LISTS = ("ListAccounts", "ListAccountsForParent", "ListOrganizationalUnitsForParent")


async def test_units_and_what_is_left_out(company: Company, tmp_path: Path) -> None:
    """A role of its own lists, by units and those below them, less units and accounts."""
    company.allow()
    actions = [f"organizations:{name}" for name in LISTS]
    company.trust(MANAGEMENT, [json.loads(document(allowed(actions, "*")))], "proxyd-organization")
    workloads, sandboxes = company.unit("workloads"), company.unit("sandboxes")
    below = company.unit("below", workloads)
    shut = company.unit("shut", workloads)
    inside = company.hire("inside", workloads)
    deep = company.hire("deep", below)
    company.hire("shut", shut)
    named_out = company.hire("named-out", below)
    company.hire("toy", sandboxes)
    terms: dict[str, Any] = {
        "units": [workloads],
        "exclude": [shut, named_out],
        "list_role_arn": LISTER,
        "targets": "corp.{account}",
    }
    async with serving(company, tmp_path, **terms) as daemon:
        found = await targets(daemon)
        events = await daemon.scan(target=["corp.*"], type=TYPES)
    assert found == {f"corp.{inside}": inside, f"corp.{deep}": deep}
    assert {resource["id"] for resource in named(events, "resource")} == {"inside", "deep"}


async def test_accounts_come_and_go(company: Company, tmp_path: Path) -> None:
    """New accounts become targets, closed ones go, and the streams of both are told."""
    company.allow("organizations:ListAccounts")
    first = company.hire("first")
    terms: dict[str, Any] = {"targets": "{name}-{account}", "exclude": []}
    async with serving(company, tmp_path, **terms) as daemon:
        assert f"first-{first}" in await targets(daemon)
        alone = asyncio.create_task(watched(daemon, f"first-{first}"))
        group = asyncio.create_task(watched(daemon, "*irst-*"))
        await eventually(partial(streams, daemon), lambda number: number == 2)
        second = company.hire("fast-first")
        company.organizations.close_account(AccountId=first)
        async with asyncio.timeout(SECONDS):
            assert await alone == "revoked"
            assert await group == "replaced"
        found = await targets(daemon)
    assert f"fast-first-{second}" in found
    assert f"first-{first}" not in found
    changes = [r for r in daemon.records if r["metadata"]["event_code"] == "accounts.changed"]
    at_first, *later = [change["unmapped"] for change in changes]
    assert at_first["streams_ended"] == 0
    # The one that came may be found before the other has gone.
    for what, times in (("streams_ended", 2), ("added", 1), ("removed", 1)):
        assert sum(change[what] for change in later) == times


async def watched(daemon: Daemon, target: str) -> str:
    """Watch a target until the stream is closed, and say why it was."""
    async with Client(daemon.url, daemon.token) as client:
        async for event in client.stream(target=[target], type=TYPES, mode="watch"):
            if event.name == "closing":
                return str(event.data["reason"])
    return "nothing"


async def streams(daemon: Daemon) -> int:
    """Return how many streams are open."""
    return len(json.loads((await daemon.get("/v1/streams"))[1])["streams"])


async def test_what_can_not_be_listed_is_told_and_tried_again(
    company: Company, tmp_path: Path
) -> None:
    """It starts without its accounts, says which action it lacks, and finds them later."""
    company.allow()
    unit = company.unit("late")
    account = company.hire("late", unit)
    terms: dict[str, Any] = {"exclude": [], "targets": "{account}"}
    async with serving(company, tmp_path, **terms) as daemon:
        assert await listed(daemon) == "unavailable"
        await daemon.says('"action": "organizations:ListAccounts"')
        assert await targets(daemon) == {}
        company.allow("organizations:ListAccounts")
        await eventually(partial(listed, daemon), lambda told: told == "current")
        assert account in await targets(daemon)
        company.allow()
        await eventually(partial(listed, daemon), lambda told: told == "stale")
        assert account in await targets(daemon)


async def test_every_role_is_assumed_by_proxyd_itself(company: Company, tmp_path: Path) -> None:
    """No AssumeRole is signed by a session of a member, however many accounts there are."""
    company.allow("organizations:ListAccounts")
    own = company.environment["AWS_ACCESS_KEY_ID"]
    async with FaultProxy(company.endpoint).serving() as proxy:
        async with serving(company, tmp_path, endpoint=proxy.endpoint) as daemon:
            done = named(await daemon.scan(target=["*"], type=TYPES), "scan.completed")
        asked = [asked for asked in proxy.asked if asked.operation == "AssumeRole"]
    assert len(done) > 2
    assert len({asked.parameters["RoleArn"] for asked in asked}) == len(done)
    assert {signer(asked.headers["authorization"]) for asked in asked} == {own}


def signer(authorization: str) -> str:
    """Return the access key that signed a request."""
    return authorization.partition("Credential=")[2].partition("/")[0]


async def test_a_new_configuration_lists_again(company: Company, tmp_path: Path) -> None:
    """After a reload the targets are those of the new filters, without a restart."""
    company.allow("organizations:ListAccounts", *(f"organizations:{name}" for name in LISTS))
    unit = company.unit("reread")
    only = company.hire("reread", unit)
    async with serving(company, tmp_path, refresh_seconds=3600) as daemon:
        assert len(await targets(daemon)) > 1
        await daemon.reread(
            daemon.config.replace("targets = []", "").replace(
                "[[organizations]]", f'[[organizations]]\nunits = ["{unit}"]'
            )
        )
        await eventually(partial(targets, daemon), lambda found: set(found) == {f"reread-{only}"})


async def test_a_check_lists_and_tries_every_account(company: Company, tmp_path: Path) -> None:
    """The first in full, of the others the role; one that lacks it is named, and so is why."""
    company.allow("organizations:ListAccounts", *(f"organizations:{name}" for name in LISTS))
    unit = company.unit("checked")
    hired = sorted([company.hire(name, unit) for name in ("one", "two")])
    terms = {"units": [unit], "targets": "{account}"}
    code, told, text = await checked(company, tmp_path, **terms)
    assert code == 0, text
    assert told["organizations"] == [
        {"organization": "corp", "ok": True, "accounts": 2, "code": None, "action": None}
    ]
    assert [(t["target"], t["brief"], len(t["scanners"])) for t in told["targets"]] == [
        (hired[0], False, len(TYPES)),
        (hired[1], True, 0),
    ]
    assert all(t["external_id"]["required"] for t in told["targets"])
    assert "organization corp: 2 accounts" in text
    code, told, _ = await checked(company, tmp_path, "--target", hired[1], **terms)
    assert [(t["target"], t["brief"]) for t in told["targets"]] == [(hired[1], False)]
    bare = company.hire("bare", unit, role=False)
    code, told, text = await checked(company, tmp_path, **terms)
    assert code == 1
    assert [t["target"] for t in told["targets"] if not t["ok"]] == [bare]
    # Whichever comes first, one whose role is given is tried in full.
    assert [t["target"] for t in told["targets"] if not t["brief"]] == [hired[0]]
    assert f"{bare} · account {bare} · role proxyd-read: NOT READY" in text


async def test_an_external_id_of_any_account_is_a_wrong_one(
    company: Company, tmp_path: Path
) -> None:
    """A trust policy that takes whatever begins as the organization's is red."""
    company.allow("organizations:ListAccounts", *(f"organizations:{name}" for name in LISTS))
    unit = company.unit("wide")
    account = company.hire("wide", unit)
    iam = company.account(account).client("iam", "us-east-1")
    trust = iam.get_role(RoleName="proxyd-read")["Role"]["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Condition"] = {"StringLike": {"sts:ExternalId": f"{PREFIX}.*"}}
    iam.update_assume_role_policy(RoleName="proxyd-read", PolicyDocument=json.dumps(trust))
    code, told, text = await checked(company, tmp_path, units=[unit])
    assert code == 1
    [report] = told["targets"]
    assert report["problems"] == ["wrong_external_id_accepted"]
    assert "proxyd iam stackset --organization corp" in text


async def test_a_check_says_why_an_organization_is_not_listed(
    company: Company, tmp_path: Path
) -> None:
    """The action that is refused, and the command that prints what is needed."""
    company.allow()
    code, told, text = await checked(company, tmp_path)
    assert code == 1
    assert told["targets"] == []
    [corp] = told["organizations"]
    assert (corp["ok"], corp["action"]) == (False, "organizations:ListAccounts")
    assert "organization corp: NOT LISTED" in text
    assert "organizations:ListAccounts is refused" in text
    # An account that nobody could list is not one that does not exist, and has no region.
    for flags in (("--target", "web-222222222222"), ("--region", REGION)):
        assert await checked(company, tmp_path, *flags) == (code, told, text)


async def checked(
    company: Company, directory: Path, *flags: str, **terms: Any
) -> tuple[int, dict[str, Any], str]:
    """Run `proxyd check` both ways, and return its exit code, its report and its words."""
    path = directory / "check.toml"
    config = settings([], company.endpoint, organizations=[organization(**terms)])
    await asyncio.to_thread(path.write_text, filled(toml(config), tokens.new_token()))
    words = ("check", "--config", str(path), *flags)
    code, told, _ = await ran(*words, "--json", environment=company.environment)
    again, text, _ = await ran(*words, environment=company.environment)
    assert code == again
    return code, json.loads(told), text
