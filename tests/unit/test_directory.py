"""Whom a proof stands for."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.auth.directory import Directory
from proxyd.auth.proofs import CertificateProof, FrontProof, JwtProof, Proof, TokenProof
from proxyd.model import Principal
from proxyd.settings import Certificate, Front, Issuer, Login, Settings, Token

from .fakes import principal

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)
CORP = Issuer(
    name="corp",
    issuer="https://login.example.com",
    audience="proxyd",
    groups_prefix="corp/",
    admin_groups=("corp/admins",),
)
LOGIN = Login(issuer="corp", url="https://proxyd.example.com", client_id="web")
FRONT = Front(
    peers=("10.0.0.1", "unix"),
    user_header="X-User",
    groups_prefix="front/",
    admin_groups=("front/admins",),
)


def sha(text: str) -> bytes:
    """Return a SHA-256."""
    return hashlib.sha256(text.encode()).digest()


def directory(**said: Any) -> Directory:
    """Make the directory of a configuration."""
    return Directory(Settings(**said))


def jwt(**changes: Any) -> JwtProof:
    """Make the proof of a token of the issuer."""
    made: dict[str, Any] = {
        "issuer": CORP.issuer,
        "audience": "proxyd",
        "subject": "00u1",
        "groups": frozenset({"platform"}),
        "expires": SOON,
    }
    return JwtProof(**(made | changes))


def certificate(*names: str, expires: datetime = SOON) -> CertificateProof:
    """Make the proof of a certificate."""
    return CertificateProof(frozenset(names), expires)


@given(
    st.lists(st.text(max_size=3), unique=True, max_size=5),
    st.text(max_size=3),
)
def test_a_token_stands_for_the_principal_that_has_it(known: list[str], given_: str) -> None:
    """Whichever place it has in the list, and only if it is there."""
    tokens = tuple(Token(sha(text), principal(name=f"of {text}")) for text in known)
    found = directory(tokens=tokens).principal(TokenProof(sha(given_)), NOW)
    assert found == (principal(name=f"of {given_}") if given_ in known else None)


@pytest.mark.parametrize("left", [-1, 0, 1])
def test_nobody_is_known_from_the_moment_of_expiry(left: int) -> None:
    """The end is exclusive, for every kind of proof that has one."""
    end = NOW + timedelta(seconds=left)
    who = directory(
        tokens=(Token(sha("t"), principal(name="t", expires=end)),),
        issuers=(CORP,),
        certificates=(Certificate("DNS:bot", principal(name="bot")),),
    )
    proofs: list[Proof] = [
        TokenProof(sha("t")),
        jwt(expires=end),
        certificate("DNS:bot", expires=end),
    ]
    for proof in proofs:
        assert (who.principal(proof, NOW) is not None) is (left > 0)


def test_without_a_time_it_is_the_present_that_counts() -> None:
    """An end in the past is over, one in the future is not."""
    now = datetime.now(UTC)
    who = directory(issuers=(CORP,))
    assert who.principal(jwt(expires=now - timedelta(seconds=1))) is None
    assert who.principal(jwt(expires=now + timedelta(minutes=1))) is not None


def test_the_principal_of_an_issuer_is_its_subject() -> None:
    """By its name, which no other issuer has; the groups with their prefix."""
    assert directory(issuers=(CORP,)).principal(jwt(), NOW) == Principal(
        name="corp:00u1", groups=frozenset({"corp/platform"}), expires=SOON
    )


def test_two_issuers_never_meet() -> None:
    """The same subject and the same groups of another issuer are somebody else's."""
    other = Issuer(name="lab", issuer="https://lab.example.com", audience="proxyd")
    who = directory(issuers=(CORP, other))
    ours, theirs = who.principal(jwt(), NOW), who.principal(jwt(issuer=other.issuer), NOW)
    assert ours is not None
    assert theirs is not None
    assert theirs.name == "lab:00u1"
    assert ours.groups.isdisjoint(theirs.groups)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://login.example.com/"},
        {"issuer": "https://other.example.com"},
        {"audience": "other"},
        {"audience": "web"},
    ],
)
def test_a_proof_for_another_issuer_or_audience_is_nobodys(changes: dict[str, str]) -> None:
    """They are compared letter by letter."""
    assert directory(issuers=(CORP,)).principal(jwt(**changes), NOW) is None


def test_the_client_of_the_login_is_an_audience_of_its_issuer_only() -> None:
    """An ID token of the login is taken, and the same of another issuer is not."""
    other = Issuer(name="lab", issuer="https://lab.example.com", audience="proxyd")
    who = directory(issuers=(CORP, other), login=LOGIN)
    assert who.principal(jwt(audience="web", expires=None), NOW) is not None
    assert who.principal(jwt(audience="web", issuer=other.issuer), NOW) is None


@pytest.mark.parametrize(
    ("group", "admin"), [("admins", True), ("corp/admins", False), ("platform", False)]
)
def test_an_admin_of_an_issuer_is_in_a_group_of_its_own(group: str, *, admin: bool) -> None:
    """The prefix is part of it: a group that is called so already gets another one before it."""
    found = directory(issuers=(CORP,)).principal(jwt(groups=frozenset({group})), NOW)
    assert found is not None
    assert found.admin is admin


def test_a_certificate_is_known_by_any_of_its_names() -> None:
    """The principal has the certificate's end, and its own groups."""
    bot = principal("bots", name="bot", admin=True)
    who = directory(
        certificates=(Certificate("DNS:bot.example.com", bot), Certificate("subject:CN=bot", bot))
    )
    for name in ("DNS:bot.example.com", "subject:CN=bot"):
        found = who.principal(certificate(name, "email:a@example.com"), NOW)
        assert found == principal("bots", name="bot", admin=True, expires=SOON)
    assert who.principal(certificate("DNS:bot.example.com", "subject:CN=bot"), NOW) is not None


def test_a_certificate_of_two_principals_is_nobodys() -> None:
    """Names that lead to two are a contradiction, and none to nobody."""
    who = directory(
        certificates=(
            Certificate("DNS:a", principal(name="a")),
            Certificate("DNS:b", principal(name="b")),
        )
    )
    assert who.principal(certificate("DNS:a", "DNS:b"), NOW) is None
    assert who.principal(certificate("DNS:c", "subject:DNS:a"), NOW) is None
    assert who.principal(certificate(), NOW) is None


def test_the_user_of_a_front_proxy_is_named_so() -> None:
    """It is never taken for a principal that has a token."""
    who = directory(front=FRONT, tokens=(Token(sha("t"), principal(name="alice")),))
    found = who.principal(FrontProof("10.0.0.1", "alice", frozenset({"platform", "admins"})), NOW)
    assert found == Principal(
        name="front:alice", groups=frozenset({"front/platform", "front/admins"}), admin=True
    )
    assert who.principal(FrontProof("unix", "bob", frozenset()), NOW) == Principal(name="front:bob")


@pytest.mark.parametrize(
    ("front", "peer"),
    [
        (FRONT, "10.0.0.2"),
        (Front(user_header="X-User"), "10.0.0.1"),
        (Front(peers=("10.0.0.1",)), "10.0.0.1"),
    ],
)
def test_a_front_proxy_that_is_not_listed_any_more_is_not_believed(front: Front, peer: str) -> None:
    """The proof is judged by what the configuration says now."""
    assert directory(front=front).principal(FrontProof(peer, "alice", frozenset()), NOW) is None


def test_an_empty_configuration_knows_nobody() -> None:
    """Whatever is shown."""
    nobody = directory()
    proofs: list[Proof] = [
        TokenProof(sha("")),
        jwt(),
        certificate("DNS:a"),
        FrontProof("unix", "a", frozenset()),
    ]
    assert [nobody.principal(proof, NOW) for proof in proofs] == [None] * 4
