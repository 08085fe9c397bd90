"""The command line as a whole: how it ends, and how it is told where the configuration is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proxyd.cli.options import lacking

PROXYD = (sys.executable, "-B", "-m", "proxyd")
ARN = "arn:aws:iam::222222222222:role/proxyd-read"
TARGET = f"""
[[targets]]
name = "shop"
role_arn = "{ARN}"
external_id = "the-id"
"""


def ran(*words: str, directory: Path) -> tuple[int, str]:
    """Run a command in a directory, for its exit code and what it wrote to stderr."""
    done = subprocess.run(
        [*PROXYD, *words],
        cwd=directory,
        env={"PATH": os.defpath, "COLUMNS": "400"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("iam policy --target shop --type AWS::EC2::VPC", 0, ""),
        ("iam policy --target shpo", 2, "proxyd: --target: no target is called 'shpo' (did you"),
        ("iam policy --target shop --type ec2", 2, "proxyd: --type: no scanner matches 'ec2'"),
        ("iam policy --organization corp", 2, "proxyd: --organization: no organization is called"),
        ("iam trust --identity me", 2, "proxyd: --identity: 'me' is neither a role nor a user"),
        ("iam trust", 2, "proxyd: --identity: expected the ARN"),
        ("iam base --via x", 2, "proxyd: --via: the configuration has no role behind x"),
        ("iam lister", 1, "proxyd: --organization: the configuration has none"),
        ("iam events", 1, "proxyd: --target: 'shop' names no queue: add"),
    ],
)
def test_wrong_use_ends_with_2(tmp_path: Path, words: str, code: int, told: str) -> None:
    """What was given is wrong, one line says how; what the configuration lacks ends with 1."""
    (tmp_path / "it.toml").write_text(TARGET)
    ended, err = ran(*words.split(), "--config", "it.toml", directory=tmp_path)
    assert (ended, err.count("\n")) == (code, 1 if told else 0), err
    assert err.startswith(told)


@pytest.mark.parametrize("text", [TARGET.replace("shop", "a b"), '[watch]\ntypes = {"E3" = 9}'])
def test_a_wrong_configuration_ends_with_1(tmp_path: Path, text: str) -> None:
    """The command was right; the message names the file."""
    (tmp_path / "it.toml").write_text(text)
    code, err = ran("serve", "--config", "it.toml", directory=tmp_path)
    assert code == 1
    assert err.startswith("proxyd: it.toml: ")


def test_ctrl_c_while_it_is_loading_says_nothing(tmp_path: Path) -> None:
    """It ends as a shell expects of what was interrupted, without a traceback."""
    # What a shell starts in the background ignores Ctrl-C, and so would what the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    (tmp_path / "typer.py").write_text(
        "import time\nprint('loading', flush=True)\ntime.sleep(30)\n"
    )
    with subprocess.Popen(
        [*PROXYD, "--version"],
        env={"PATH": os.defpath, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout
        assert run.stdout.readline() == "loading\n"
        run.send_signal(signal.SIGINT)
        out, err = run.communicate()
    assert (run.returncode, out, err) == (130, "", "")


def test_a_command_that_needs_a_configuration_says_how_to_give_one(tmp_path: Path) -> None:
    """Who has none is told what makes one, and who stands beside one what to write."""
    code, err = ran("serve", directory=tmp_path)
    assert code == 2
    assert "--config FILE or $PROXYD_CONFIG; `proxyd init DIRECTORY` makes one" in err
    (tmp_path / "proxyd.toml").write_text(TARGET)
    code, err = ran("serve", directory=tmp_path)
    assert code == 2
    assert err.endswith("give the configuration: --config proxyd.toml\n")
    (tmp_path / "credentials").mkdir()
    code, err = ran("serve", directory=tmp_path)
    assert err.endswith("give the configuration: --config proxyd.toml --credentials credentials\n")


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ({}, "--config 'my place/p.toml' --credentials secrets"),
        ({"PROXYD_CONFIG": ""}, "--config 'my place/p.toml' --credentials secrets"),
        ({"PROXYD_CONFIG": "other.toml"}, "--config 'my place/p.toml' --credentials secrets"),
        ({"PROXYD_CONFIG": "my place/p.toml"}, "--credentials secrets"),
        ({"CREDENTIALS_DIRECTORY": "./secrets"}, "--config 'my place/p.toml'"),
        ({"PROXYD_CONFIG": "my place/p.toml", "CREDENTIALS_DIRECTORY": "secrets"}, ""),
    ],
)
def test_only_what_the_environment_does_not_say_is_written(
    said: dict[str, str], options: str
) -> None:
    """As a shell reads it; another file than the environment's has to be named."""
    assert lacking(Path("my place/p.toml"), Path("secrets"), said) == options


def test_without_credentials_none_are_written() -> None:
    """A configuration may hold no secret at all."""
    assert lacking(Path("p.toml"), None, {}) == "--config p.toml"
