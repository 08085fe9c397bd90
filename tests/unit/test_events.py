from __future__ import annotations

import re
from typing import get_args

from proxyd.events import NAMES, ClosingReason, Event
from proxyd.model import Status


def test_every_event_has_a_name_of_its_own() -> None:
    """Each kind of event has a name on the wire, and no two share one."""
    assert NAMES.keys() == set(get_args(Event))
    assert len(set(NAMES.values())) == len(NAMES)


def test_no_event_is_called_as_one_of_event_source() -> None:
    """`open`, `error` and `message` belong to EventSource: a handler could not tell them."""
    assert not set(NAMES.values()) & {"open", "error", "message"}


def test_event_names_are_those_of_the_contract() -> None:
    """Names are fixed by the contract and need no escaping in a line."""
    assert set(NAMES.values()) == {
        "scan.started",
        "resource",
        "resource.removed",
        "shard",
        "scan.completed",
        "reset",
        "closing",
    }
    assert all(re.fullmatch(r"[a-z.]+", name) for name in NAMES.values())


def test_statuses_and_reasons_are_those_of_the_contract() -> None:
    """How a shard ends and why a stream closes are closed sets that clients rely on."""
    statuses = "ok denied scp_denied region_disabled unsupported throttled timeout expired"
    assert set(get_args(Status)) == {*statuses.split(), "cancelled", "failed"}
    reasons = "shutdown expired revoked deadline slow audit_unavailable replaced ended error"
    assert set(get_args(ClosingReason)) == set(reasons.split())
