"""Failed logins: the next has to wait, and nobody is locked out who is right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.auth.failures import GOOD_SECONDS, MAX_KEPT, Failures, address_key

from .test_sessions import Clock


def made(per_minute: float = 10) -> tuple[Failures, Clock]:
    """Make one with a clock."""
    clock = Clock()
    return Failures(per_minute, clock), clock


def test_after_some_failures_one_waits() -> None:
    """Ten are free; then there is one every six seconds."""
    failures, clock = made()
    for _ in range(10):
        assert failures.wait(["a"], "guess") == 0
        failures.failed(["a"])
    assert failures.wait(["a"], "guess") == pytest.approx(6)
    assert failures.wait(["b"], "guess") == 0
    clock.now += 5.9
    assert failures.wait(["a"], "guess") == pytest.approx(0.1)
    clock.now += 0.1001
    assert failures.wait(["a"], "guess") == 0
    failures.failed(["a"])
    assert failures.wait(["a"], "guess") > 5


def test_each_key_counts_and_the_longest_wait_holds() -> None:
    """An address that is new waits for a token id that is not."""
    failures, _ = made()
    for i in range(10):
        failures.failed([f"address {i}", "token x"])
    assert failures.wait(["address 99", "token x"], "guess") > 0
    assert failures.wait(["address 0", "token y"], "guess") == 0
    assert failures.wait([], "guess") == 0


def test_what_was_good_lately_does_not_wait() -> None:
    """It goes on while others guess, until an hour after it was last good."""
    failures, clock = made()
    failures.succeeded("good")
    for _ in range(50):
        failures.failed(["a"])
    assert failures.wait(["a"], "good") == 0
    assert failures.wait(["a"], "goof") > 0
    clock.now += GOOD_SECONDS
    for _ in range(50):
        failures.failed(["a"])
    assert failures.wait(["a"], "good") > 0


def test_what_is_kept_is_bounded() -> None:
    """The oldest is forgotten; no credential is kept, only its hash."""
    failures, _ = made()
    for i in range(MAX_KEPT + 100):
        failures.failed([f"k{i}"])
        failures.succeeded(f"secret {i}")
    kept = vars(failures)
    assert len(kept["_left"]) == len(kept["_good"]) == MAX_KEPT
    assert not any(b"secret" in key for key in kept["_good"])


@given(st.lists(st.floats(0, 30), max_size=60))
def test_no_pattern_of_guesses_gets_more(pauses: list[float]) -> None:
    """Over any time there are ten, and one for every six seconds."""
    failures, clock = made()
    since, tried = clock.now, 0
    for pause in pauses * 5:
        clock.now += pause
        if failures.wait(["a"], "guess") == 0:
            failures.failed(["a"])
            tried += 1
        assert tried <= 10 + (clock.now - since) / 6 + 0.001


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("unix", "unix", True),
    ],
)
def test_a_network_of_ipv6_is_one_address(one: str, two: str, same: bool) -> None:  # noqa: FBT001 - of the table
    """Whoever has one address of a /64 has all of them."""
    assert (address_key(one) == address_key(two)) is same


@given(st.text(max_size=40))
def test_any_text_is_a_credential(text: str) -> None:
    """None raises, not even halves of surrogate pairs."""
    failures, _ = made()
    failures.succeeded(text)
    failures.failed([text])
    assert failures.wait([text], text) == 0
