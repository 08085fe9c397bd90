"""What a person reads of a stream in the terminal."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from proxyd.cli.printing import clean, line_of, written
from proxyd.client import ServerEvent
from proxyd.events import Statement
from proxyd.model import Target
from proxyd.remedies import Refusal, remedies

TARGET = Target(name="t", role_arn="arn:aws:iam::222222222222:role/read", external_id="x")


def completed(*refused: Refusal, **other: Any) -> str:
    """Lay out the end of a scan that was refused these."""
    data = {
        "target": "t",
        "complete": False,
        "resources": 3,
        "calls": 9,
        "ms": 1500,
        "missing_actions": sorted(action for action, _ in refused),
        "remedies": msgspec.to_builtins(remedies(refused, TARGET)),
        **other,
    }
    line = line_of(ServerEvent("scan.completed", "e-1", data))
    assert line is not None
    return line


def test_one_of_a_thing_is_singular() -> None:
    """A person reads it."""
    first, *_ = completed(resources=1, calls=1).split("\n")
    assert first == "= t · INCOMPLETE · 1 resource · 1 AWS call · 1.5 s"


def test_a_scan_ends_with_the_statement_to_add_and_where_it_goes() -> None:
    """The last lines say which role's policy lacks what, as a statement that can be copied."""
    assert completed(Refusal("ec2:DescribeVpcs", "policy")).split("\n") == [
        "= t · INCOMPLETE · 3 resources · 9 AWS calls · 1.5 s",
        "  the role lacks: ec2:DescribeVpcs",
        "  add to a policy of the role read in account 222222222222:",
        '    {"Effect": "Allow", "Action": ["ec2:DescribeVpcs"], "Resource": "*"}',
    ]


def test_what_an_organization_forbids_is_named_apart() -> None:
    """It stands under a line of its own, without a statement."""
    lines = completed(Refusal("a:B", "policy"), Refusal("s3:ListAllMyBuckets", "organization"))
    before, _, after = lines.partition("a policy of the organization forbids it")
    assert "s3:ListAllMyBuckets" not in before.partition("add to")[2]
    assert after.endswith("\n    s3:ListAllMyBuckets")


def test_a_complete_scan_has_nothing_to_mend() -> None:
    """Where nothing lacks, the line of the sum is the last."""
    assert completed(complete=True).count("\n") == 0


def test_a_cause_that_is_not_known_here_leaves_the_actions() -> None:
    """A newer proxyd may tell of causes that this client does not know: it goes on without."""
    unheard_of = [{"cause": "moon", "actions": ["a:B"], "role": "r", "account": "1"}]
    assert completed(Refusal("a:B"), remedies=unheard_of).endswith("the role lacks: a:B")


@given(st.lists(st.from_regex(r"[a-z0-9-]{2,20}:[A-Za-z]{3,60}", fullmatch=True), max_size=40))
def test_a_statement_that_is_broken_into_lines_is_still_json(actions: list[str]) -> None:
    """However many actions there are, what is copied from the terminal is what was meant."""
    text = "\n".join(written([Statement(action=actions)]))
    assert json.loads(text)["Action"] == actions


@given(st.text())
def test_nothing_can_drive_the_terminal(text: str) -> None:
    """No escape, no line end and no mark of direction is left of any text."""
    left = clean(f"\x1b[2J{text}\u202e\r\n\u2028", None)
    assert not [c for c in left if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
