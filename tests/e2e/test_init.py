"""`proxyd init`: what it asks, what it writes, and what it says."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from proxyd import config, preflight

from .company import document
from .conftest import HUB, Estate, scanners
from .daemon import MAIN, ran

ROLE = f"arn:aws:iam::{HUB}:role/proxyd"
READ = "arn:aws:iam::222222222222:role/proxyd-read"
FLAGS = {"--account": "222222222222", "--name": "shop", "--identity": ROLE}

LAB = {"--account": "333333333333", "--name": "lab"}
LAB_WORDS = [word for pair in LAB.items() for word in pair]


async def init(directory: Path, flags: Mapping[str, str], *more: str) -> tuple[int, str, str]:
    """Run it, and return its exit code and what it wrote to stdout and stderr."""
    words = [word for pair in flags.items() for word in pair]
    return await ran("init", str(directory), *words, *more, environment={"COLUMNS": "400"})


def files(place: Path) -> set[str]:
    """Return the files in a directory and below."""
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def trusted(template: str) -> tuple[str, str]:
    """Return whom the role of a template trusts, and the external id that it asks for."""
    role = json.loads(template)["Resources"]["Role"]["Properties"]
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    return statement["Principal"]["AWS"], statement["Condition"]["StringEquals"]["sts:ExternalId"]


def mode(path: Path) -> str:
    """Return who may do what with a file."""
    return oct(path.stat().st_mode & 0o777)


async def test_it_writes_what_is_needed_and_nothing_else(tmp_path: Path) -> None:
    """A configuration that holds, a secret that only its owner can read, the role, what is next."""
    place = tmp_path / "new"
    code, out, err = await init(place, FLAGS, "--region", "eu-*", "--region", "us-east-1")
    assert code == 0, err
    assert files(place) == {"proxyd.toml", "shop.role.json", "credentials/shop.external-id"}
    assert mode(place / "credentials") == "0o700"
    assert mode(place / "credentials" / "shop.external-id") == "0o600"
    assert mode(place / "shop.role.json") == "0o600"
    assert mode(place / "proxyd.toml") == "0o644"
    settings = config.load(place / "proxyd.toml", place / "credentials")
    preflight.check(settings, scanners())
    [target] = settings.targets
    assert (target.name, target.account, target.regions) == (
        "shop",
        "222222222222",
        ("eu-*", "us-east-1"),
    )
    assert re.fullmatch("[0-9a-f]{64}", target.external_id)
    assert settings.aws.identity == ROLE
    assert out == (place / "shop.role.json").read_text()
    assert trusted(out) == (ROLE, target.external_id)
    assert f"proxyd check --config {place}/proxyd.toml --credentials {place}/credentials" in err
    assert f"--template-file {place}/shop.role.json" in err
    assert "--endpoint-url" not in err
    assert f"trusts\n     {ROLE}, which has to be there already" in err
    [token] = re.findall(r"pxd_\S+", err)
    assert token not in (place / "proxyd.toml").read_text()


async def test_each_has_an_external_id_of_its_own(tmp_path: Path) -> None:
    """It is random: no two that were made are the same."""
    ids = set()
    for number in range(3):
        await init(tmp_path / str(number), FLAGS)
        ids.add((tmp_path / str(number) / "credentials" / "shop.external-id").read_text())
    assert len(ids) == 3


@pytest.mark.parametrize("there", ["shop.role.json", "credentials/shop.external-id"])
async def test_nothing_that_is_there_is_overwritten(tmp_path: Path, there: str) -> None:
    """A file that somebody uses stays as it is, and the message names it."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / there).write_text("mine")
    code, out, err = await init(tmp_path, FLAGS)
    assert code == 1
    assert str(tmp_path / there) in err
    assert (tmp_path / there).read_text() == "mine"
    assert files(tmp_path) == {there}
    assert out == ""


async def test_another_account_is_added_beside_a_configuration(tmp_path: Path) -> None:
    """The file stays as it is; the lines to add make one that holds, and proxyd is known by now."""
    await init(tmp_path, FLAGS)
    path, secrets = tmp_path / "proxyd.toml", tmp_path / "credentials"
    before = await asyncio.to_thread(path.read_text)
    code, out, err = await init(tmp_path, LAB)
    assert code == 0, err
    assert await asyncio.to_thread(path.read_text) == before
    assert out == (tmp_path / "lab.role.json").read_text()
    assert "is there already, and was not changed" in err
    assert "pxd_" not in err
    assert steps(err) == ["Add this", "Make the", "Let the", "See whether"]
    await asyncio.to_thread(path.write_text, before + to_add(err))
    shop, lab = config.load(path, secrets).targets
    assert (lab.name, lab.account) == ("lab", "333333333333")
    assert lab.external_id != shop.external_id
    assert trusted(out) == (ROLE, lab.external_id)


async def test_the_steps_work_in_their_order(tmp_path: Path) -> None:
    """What the second step prints needs what the first adds, whom proxyd runs as included."""
    await init(tmp_path, FLAGS)
    path = tmp_path / "proxyd.toml"
    text = await asyncio.to_thread(path.read_text)
    nobody = text.replace(f'identity = "{ROLE}"\n', "")
    await asyncio.to_thread(path.write_text, nobody)
    _, _, err = await init(tmp_path, {**LAB, "--identity": ROLE})
    [terraform] = re.findall(r"^ +proxyd (iam terraform .*)$", err, re.MULTILINE)
    assert (await ran(*shlex.split(terraform)))[0] == 2
    [identity] = re.findall(r"under \[aws\]:\n\n +(identity = .*)$", err, re.MULTILINE)
    whole = nobody.replace("[aws]\n", f"[aws]\n{identity}\n") + to_add(err)
    await asyncio.to_thread(path.write_text, whole)
    code, out, err = await ran(*shlex.split(terraform))
    assert code == 0, err
    assert ROLE in out


async def test_proxyd_is_one_identity(tmp_path: Path) -> None:
    """A configuration that names one is not contradicted, and nothing is written."""
    await init(tmp_path, FLAGS)
    before = files(tmp_path)
    code, _, err = await init(tmp_path, {**LAB, "--identity": f"{ROLE}-2"})
    assert code == 2
    assert f"--identity: '{ROLE}-2' is not whom proxyd runs as" in err
    assert f"the configuration has {ROLE}" in err
    assert files(tmp_path) == before
    code, out, err = await init(tmp_path, {**LAB, "--identity": ROLE})
    assert code == 0, err
    assert trusted(out)[0] == ROLE


async def test_an_emulators_role_is_made_in_the_emulator(tmp_path: Path) -> None:
    """Its address is in the command that makes the role, of the first target and the next."""
    where = "http://127.0.0.1:4566"
    command = f"CAPABILITY_NAMED_IAM \\\n         --endpoint-url {where}\n"
    code, _, err = await init(tmp_path, FLAGS, "--endpoint-url", where)
    assert code == 0, err
    assert command in err
    code, _, err = await init(tmp_path, LAB)
    assert code == 0, err
    assert command in err


async def test_what_the_environment_says_is_not_said_again(tmp_path: Path) -> None:
    """The commands that come next are as short as they may be."""
    words = [word for pair in FLAGS.items() for word in pair]
    said = {"PROXYD_CONFIG": f"{tmp_path}/proxyd.toml"}
    code, _, err = await ran("init", str(tmp_path), *words, environment=said)
    assert code == 0, err
    assert f"proxyd check --credentials {tmp_path}/credentials\n" in err
    said["CREDENTIALS_DIRECTORY"] = f"{tmp_path}/credentials"
    code, _, err = await ran("init", str(tmp_path), *LAB_WORDS, environment=said)
    assert code == 0, err
    assert "proxyd check\n" in err


def steps(text: str) -> list[str]:
    """Return how the numbered steps begin, in their order."""
    found = re.findall(r"^  (\d)\. (\w+ \w+)", text, re.MULTILINE)
    assert [int(number) for number, _ in found] == list(range(1, len(found) + 1))
    return [words for _, words in found]


def to_add(text: str) -> str:
    """Return the target's table that is to be added to the configuration."""
    [table] = re.findall(r"^ +\[\[targets\]\]\n(?: +\w+ = .*\n)+", text, re.MULTILINE)
    return f"\n{table}"


@pytest.mark.parametrize("path", ["", "ops/"])
async def test_a_second_target_in_an_account_takes_nothing_from_the_first(
    tmp_path: Path, path: str
) -> None:
    """Its role has a name of its own, and so has the stack: each asks for its own external id."""
    code, _, err = await init(tmp_path, FLAGS)
    assert code == 0, err
    assert "deploy --stack-name proxyd-read " in err
    file = tmp_path / "proxyd.toml"
    text = await asyncio.to_thread(file.read_text)
    await asyncio.to_thread(file.write_text, text.replace(":role/proxyd-", f":role/{path}proxyd-"))
    code, out, err = await init(tmp_path, {**FLAGS, "--name": "lab"})
    assert code == 0, err
    assert "deploy --stack-name proxyd-read-lab " in err
    assert "assume proxyd-read-lab;" in err
    assert 'role_arn = "arn:aws:iam::222222222222:role/proxyd-read-lab"' in err
    assert json.loads(out)["Resources"]["Role"]["Properties"]["RoleName"] == "proxyd-read-lab"
    code, _, err = await init(tmp_path, {**FLAGS, "--name": "l" * 60})
    assert code == 2
    assert "--name: too long for a role's, proxyd-read-lll" in err


async def test_a_configuration_that_is_no_good_is_told_first(tmp_path: Path) -> None:
    """Before anything is asked or made."""
    (tmp_path / "proxyd.toml").write_text("[server]\nlisen = 1")
    code, _, err = await init(tmp_path, {})
    assert code == 1
    assert "server.lisen: unknown key (did you mean listen?)" in err
    assert files(tmp_path) == {"proxyd.toml"}


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"--account": "\uff12" * 12}, ["is not the 12 digits"]),
        ({"--account": "2222"}, ["--account: '2222' is not the 12 digits of an account"]),
        ({"--name": "a b"}, ["--name: 'a b': expected letters (a-z, A-Z), digits"]),
        ({"--name": "K\u00f6ln"}, ["--name: 'K\u00f6ln': expected letters (a-z, A-Z), digits"]),
        ({"--identity": f"arn:aws:iam::{HUB}:root"}, ["--identity: ", "every role and user"]),
        (
            {"--identity": f"arn:aws:sts::{HUB}:assumed-role/proxyd/i-1"},
            ["--identity: ", "one session of a role", ROLE],
        ),
        ({"--identity": "proxyd"}, ["--identity: ", "is neither a role nor a user"]),
        ({"--identity": READ}, [f"--identity: {READ} is the role that this makes"]),
        ({"--identity": READ.replace("/", "/ops/")}, ["--identity: ", "the role that this makes"]),
        (
            {"--identity": ROLE.replace("aws", "aws-foo")},
            ["--identity: ", "AWS has no partition 'aws-foo'"],
        ),
        ({"--region": "eu-nowhere-1"}, ["--region: no region 'eu-nowhere-1'"]),
        ({"--region": "eu-[w]*"}, ["--region: 'eu-[w]*' is not a glob"]),
        ({"--type": "AWS::EC2::Instances"}, ["--type: no scanner for type", "mean AWS::EC2::Inst"]),
        ({"--type": "ec2"}, ["--type: no scanner for type 'ec2' (did you mean AWS::EC2::*?)"]),
        ({"--endpoint-url": "http://example.com"}, ["--endpoint-url is for emulators", "loopback"]),
        ({"--account": ""}, ["--account: not given, and there is no terminal to ask"]),
        ({"--identity": ""}, ["--identity: not given, and there is no terminal to ask"]),
    ],
)
async def test_a_wrong_answer_is_told_with_its_flag(
    tmp_path: Path, flags: Mapping[str, str], told: Sequence[str]
) -> None:
    """It is wrong use, nothing is written, and the message says what was expected."""
    code, _, err = await init(tmp_path / "new", {**FLAGS, **flags})
    assert code == 2
    for part in told:
        assert part in err
    assert not (tmp_path / "new").exists()


async def test_paths_can_be_pasted(tmp_path: Path) -> None:
    """A directory with a space is quoted in the commands that come next."""
    code, _, err = await init(tmp_path / "my place", FLAGS)
    assert code == 0, err
    assert f"proxyd check --config '{tmp_path}/my place/proxyd.toml' --credentials '" in err


async def test_what_can_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    """All of the files are made or none, so that it can be tried again."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "shop.role.json").symlink_to(tmp_path / "nowhere" / "file")
    code, out, err = await init(tmp_path, FLAGS)
    assert code == 1
    assert "shop.role.json: can not be written" in err
    assert out == ""
    assert files(tmp_path) == set()
    assert (tmp_path / "shop.role.json").is_symlink()


async def test_half_a_file_does_not_stay(tmp_path: Path) -> None:
    """Where there is no room for all of it, it is named, and all is as it was before."""
    limited = 'ulimit -f 1 && exec "$0" "$@"'  # one block: the external id fits, the role does not
    words = [word for pair in FLAGS.items() for word in pair]
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", limited, sys.executable, *MAIN, "init", str(tmp_path), *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath, "COLUMNS": "400"},
    )
    out, err = await process.communicate()
    assert process.returncode == 1
    assert f"{tmp_path}/shop.role.json: can not be written: File too large" in err.decode()
    assert out == b""
    assert files(tmp_path) == set()
    code, _, text = await init(tmp_path, FLAGS)
    assert code == 0, text


async def test_a_partition_is_that_of_proxyd(tmp_path: Path) -> None:
    """Who runs in China looks into China's accounts."""
    identity = f"arn:aws-cn:iam::{HUB}:role/proxyd"
    code, _, err = await init(tmp_path / "new", {**FLAGS, "--identity": identity})
    assert code == 0, err
    settings = config.load(tmp_path / "new" / "proxyd.toml", tmp_path / "new" / "credentials")
    assert settings.targets[0].role_arn == "arn:aws-cn:iam::222222222222:role/proxyd-read"


async def test_a_person_is_asked_three_questions(estate: Estate, tmp_path: Path) -> None:
    """On a terminal it asks, again where need be, and proposes whose credentials there are."""
    leader, follower = pty.openpty()
    os.write(leader, b"my account\n222222222222\n\n\n")
    try:
        code, out, text = await ran(
            *("init", str(tmp_path / "new"), "--endpoint-url", estate.endpoint),
            environment=estate.environment,
            stdin=follower,
        )
    finally:
        os.close(leader)
        os.close(follower)
    assert code == 0, text
    asked = [
        "The AWS account to look into (12 digits): ",
        "--account: 'my account' is not the 12 digits of an account\n",
        "The AWS account to look into (12 digits): ",
        "What it is called here [production]: ",
        f"The role or user that proxyd runs as (its ARN) [arn:aws:iam::{HUB}:user/proxyd]: ",
    ]
    assert text.partition("\nMade in ")[0].replace("  --", "--") == "".join(asked)
    assert out == (tmp_path / "new" / "production.role.json").read_text()
    settings = config.load(tmp_path / "new" / "proxyd.toml", tmp_path / "new" / "credentials")
    assert settings.aws.identity == f"arn:aws:iam::{HUB}:user/proxyd"
    assert settings.aws.endpoint_url == estate.endpoint
    assert settings.targets[0].name == "production"


async def test_a_role_that_is_proposed_may_lack_its_path(estate: Estate, tmp_path: Path) -> None:
    """STS says whose a session is without the role's path, so the question asks for it."""
    iam, arn = estate.account(HUB).client("iam", "eu-west-1"), f"arn:aws:iam::{HUB}:role/ops/runs"
    trusts = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{HUB}:root"}}
    says = document({**trusts, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName="runs", Path="/ops/", AssumeRolePolicyDocument=says)
    try:
        sts = estate.account(HUB).client("sts", "eu-west-1")
        given = sts.assume_role(RoleArn=arn, RoleSessionName="i-0123")["Credentials"]
        text = await asked_whose(
            tmp_path / "new",
            estate.endpoint,
            {
                "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
                "AWS_SESSION_TOKEN": given["SessionToken"],
            },
        )
    finally:
        iam.delete_role(RoleName="runs")
    assert "(its ARN), with its path, where it has one [arn:aws:iam::" in text
    assert f"[arn:aws:iam::{HUB}:role/runs]: " in text


async def asked_whose(place: Path, endpoint: str, environment: Mapping[str, str]) -> str:
    """Run it on a terminal, take what is proposed for these credentials, and say what it says."""
    leader, follower = pty.openpty()
    os.write(leader, b"\n")
    try:
        code, _, text = await ran(
            *("init", str(place), "--account", "222222222222", "--name", "shop"),
            *("--endpoint-url", endpoint),
            environment=environment,
            stdin=follower,
        )
    finally:
        os.close(leader)
        os.close(follower)
    assert code == 0, text
    return text
