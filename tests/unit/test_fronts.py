"""Front proxies: who is believed, and what of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.auth.fronts import believed, client, proof, secure
from proxyd.auth.proofs import FrontProof, Refused
from proxyd.settings import Front

FRONT = Front(peers=("10.0.0.5", "192.168.0.0/16", "2001:db8::/32", "unix"), user_header="X-User")
NOBODY = Front()


@pytest.mark.parametrize(
    ("peer", "is_"),
    [
        *(("10.0.0.5", True), ("10.0.0.6", False), ("192.168.7.7", True), ("192.169.0.1", False)),
        *(("::ffff:10.0.0.5", True), ("::ffff:10.0.0.6", False), ("2001:db8::9", True)),
        *(("2001:db9::9", False), ("unix", True), ("", False), ("nonsense", False)),
        *(("10.0.0.5 ", False), ("fe80::1%eth0", False)),
    ],
)
def test_listed_peers_are_believed(peer: str, is_: bool) -> None:  # noqa: FBT001 - of the table
    """By address, network, or as the Unix socket; by default nobody is."""
    assert believed(FRONT, peer) is is_
    assert not believed(NOBODY, peer)


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.1", ["6.6.6.6"], "203.0.113.1"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.5", ["6.6.6.6, 203.0.113.1"], "203.0.113.1"),
        ("10.0.0.5", ["6.6.6.6", "203.0.113.1"], "203.0.113.1"),
        ("10.0.0.5", ["6.6.6.6, 203.0.113.1, 192.168.1.1"], "203.0.113.1"),
        ("10.0.0.5", ["192.168.1.1, 10.0.0.5"], "192.168.1.1"),
        ("10.0.0.5", ["203.0.113.1:4711"], "203.0.113.1"),
        ("10.0.0.5", ["[2001:db9::1]:4711"], "2001:db9::1"),
        ("10.0.0.5", ["2001:db9::1"], "2001:db9::1"),
        ("10.0.0.5", ["::ffff:203.0.113.1"], "203.0.113.1"),
        ("10.0.0.5", ["203.0.113.1, nonsense"], "10.0.0.5"),
        ("10.0.0.5", ["6.6.6.6, unknown, 192.168.1.1"], "192.168.1.1"),
        ("10.0.0.5", [""], "10.0.0.5"),
        ("unix", ["203.0.113.1"], "203.0.113.1"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_not_believed(
    peer: str, forwarded: list[str], found: str
) -> None:
    """What stands further left was written by a stranger."""
    assert client(FRONT, peer, forwarded) == found


@given(st.lists(st.text(max_size=30), max_size=5), st.sampled_from(["10.0.0.5", "6.6.6.6"]))
def test_no_header_makes_an_address_that_is_none(forwarded: list[str], peer: str) -> None:
    """Whatever stands there, the result is an address."""
    found = client(FRONT, peer, forwarded)
    assert found
    assert set(found) <= set("0123456789abcdef.:")
    if peer == "6.6.6.6":
        assert found == peer


@pytest.mark.parametrize(
    ("peer", "proto", "is_"),
    [
        *(("10.0.0.5", ["https"], True), ("10.0.0.5", ["http"], False), ("10.0.0.5", [], None)),
        *(("10.0.0.5", ["https, http"], False), ("10.0.0.5", ["https", "https"], None)),
        *(("10.0.0.5", ["HTTPS"], True), ("6.6.6.6", ["https"], None)),
    ],
)
def test_the_protocol_is_what_the_last_proxy_says(
    peer: str,
    proto: list[str],
    is_: bool | None,  # noqa: FBT001 - of the table
) -> None:
    """From a believed peer, and once only."""
    assert secure(FRONT, peer, proto) is is_


def test_a_user_is_whom_one_header_names() -> None:
    """With the groups of one other, separated by commas."""
    assert proof(FRONT, "10.0.0.5", ["alice"], ["a, b,,c "]) == FrontProof(
        "10.0.0.5", "alice", frozenset("abc")
    )
    assert proof(FRONT, "10.0.0.5", ["alice"], []) == FrontProof("10.0.0.5", "alice", frozenset())
    assert proof(FRONT, "6.6.6.6", ["alice"], []) is None
    assert proof(FRONT, "10.0.0.5", [], ["admins"]) is None


@pytest.mark.parametrize(
    ("users", "groups"),
    [
        (["alice", "root"], []),
        (["alice"], ["a", "b"]),
        ([""], []),
        (["a\nb"], []),
        (["\u00e9"], []),
        (["x" * 256], []),
        (["alice"], ["a\x00"]),
        (["alice"], ["x" * 256]),
    ],
)
def test_an_unclear_user_is_refused(users: list[str], groups: list[str]) -> None:
    """Two of them, none, or what could not be written in a log line."""
    with pytest.raises(Refused):
        proof(FRONT, "10.0.0.5", users, groups)
