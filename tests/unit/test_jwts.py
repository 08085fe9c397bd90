"""Tokens of an issuer: what is good in every way is taken, and nothing else ever is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from proxyd.auth.jwts import MAX_JWT, MAX_KEYS, Keys, looks_like_one, peek, verify
from proxyd.auth.proofs import JwtProof, Refused
from proxyd.settings import Issuer

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = Issuer(name="corp", issuer="https://login.example.com", audience="proxyd")
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
OTHER = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
OKP = OKPKey.generate_key("Ed25519", {"kid": "okp"})
CLAIMS: dict[str, Any] = {
    "iss": ISSUER.issuer,
    "aud": "proxyd",
    "sub": "00u1",
    "exp": SECONDS + 60,
    "groups": ["a", "b"],
}


class _Gone:
    """Stands for a member that is left out."""

    def __repr__(self) -> str:
        return "GONE"


GONE = _Gone()


def b64(data: bytes | str) -> str:
    """Write base64url without padding."""
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signature(algorithm: str, key: Key, text: bytes) -> bytes:
    """Sign with nobody looking at what."""
    private = key.private_key
    if isinstance(key, RSAKey):
        assert key.private_key is not None
        how: Any = padding.PKCS1v15()
        if algorithm.startswith("PS"):
            how = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return key.private_key.sign(text, how, hashes.SHA256())
    if isinstance(key, ECKey):
        assert key.private_key is not None
        r, s = decode_dss_signature(key.private_key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert isinstance(private, object)
    return private.sign(text)  # type: ignore[union-attr,call-arg] # Ed25519's, of a union that has others


def token(
    key: Key = RSA, algorithm: str = "RS256", header: dict[str, Any] | None = None, **claims: Any
) -> str:
    """Make a token that is right but for what is changed."""
    said = {"alg": algorithm, "kid": key.kid, "typ": "JWT", **(header or {})}
    body = {name: value for name, value in (CLAIMS | claims).items() if value is not GONE}
    return raw(json.dumps({k: v for k, v in said.items() if v is not GONE}), json.dumps(body), key)


def raw(header: str, claims: str, key: Key = RSA, algorithm: str = "RS256") -> str:
    """Sign two texts, whatever they are."""
    text = f"{b64(header)}.{b64(claims)}"
    return f"{text}.{b64(signature(algorithm, key, text.encode()))}"


def checked(given_: str, keys: Keys | None = None, **more: Any) -> JwtProof:
    """Go the way of a Bearer token, from its text to a proof."""
    known = keys or Keys({"keys": [k.as_dict(private=False) for k in (RSA, EC, OKP)]})
    peeked = peek(given_)
    if peeked.algorithm not in ISSUER.algorithms:
        raise Refused("algorithm")
    key = known.find(peeked.key_id, peeked.algorithm)
    if key is None:
        raise Refused("unknown_key")
    issuer = more.pop("issuer", ISSUER)
    return verify(given_, key, issuer, audiences=("proxyd",), now=NOW, **more)


def why(given_: str, **more: Any) -> str:
    """Return why a token is refused."""
    with pytest.raises(Refused) as refused:
        checked(given_, **more)
    return refused.value.reason


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (OKP, "EdDSA")])
def test_a_right_token_is_a_proof(key: Key, algorithm: str) -> None:
    """With every kind of key: issuer, subject, groups and the end are what it says."""
    found = checked(token(key, algorithm))
    assert (found.issuer, found.subject, found.audience) == (ISSUER.issuer, "00u1", "proxyd")
    assert found.groups == {"a", "b"}
    assert found.expires == NOW + timedelta(seconds=60)


def test_pss_is_taken_where_it_says_so() -> None:
    """PS256 with the same RSA key, which names no algorithm of its own."""
    header = json.dumps({"alg": "PS256", "kid": "rsa"})
    assert checked(raw(header, json.dumps(CLAIMS), algorithm="PS256")).subject == "00u1"


@pytest.mark.parametrize(
    "changes",
    [
        {"header": {"typ": GONE}},
        {"header": {"typ": "at+jwt"}},
        {"header": {"typ": "application/at+jwt"}},
        {"header": {"x5t": "a", "nonce": "b", "custom": {"c": 1}}},
        {"aud": ["other", "proxyd"]},
        {"nbf": SECONDS + 60},
        {"iat": SECONDS + 59},
        {"exp": SECONDS + 0.5},
        {"groups": "one"},
        {"groups": GONE},
        {"sub": "x" * 255},
        {"email": "someone@example.com", "email_verified": False},
    ],
    ids=str,
)
def test_what_may_vary_is_taken(changes: dict[str, Any]) -> None:
    """Optional claims and headers, and 60 s of skew at the beginning."""
    assert checked(token(**changes)).issuer == ISSUER.issuer


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": SECONDS}, "expired"),
        ({"exp": SECONDS - 1}, "expired"),
        ({"exp": GONE}, "no_expiry"),
        ({"exp": None}, "no_expiry"),
        ({"exp": str(SECONDS + 60)}, "no_expiry"),
        ({"exp": True}, "no_expiry"),
        ({"exp": float("inf")}, "malformed"),
        ({"exp": float("nan")}, "malformed"),
        ({"exp": 10**30}, "no_expiry"),
        ({"exp": [SECONDS + 60]}, "no_expiry"),
        ({"nbf": SECONDS + 61}, "not_yet"),
        ({"nbf": "soon"}, "not_yet"),
        ({"iat": SECONDS + 61}, "not_yet"),
        ({"iat": None}, "not_yet"),
        ({"aud": "other"}, "audience"),
        ({"aud": GONE}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": {"proxyd": 1}}, "audience"),
        ({"aud": [["proxyd"]]}, "audience"),
        ({"aud": "proxyd2"}, "audience"),
        ({"aud": "PROXYD"}, "audience"),
        ({"iss": "https://login.example.com/"}, "issuer"),
        ({"sub": GONE}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": ["00u1"]}, "subject"),
        ({"sub": "x" * 256}, "subject"),
        ({"sub": "a\nb"}, "subject"),
        ({"sub": "\u202e"}, "subject"),
        ({"groups": [1]}, "groups"),
        ({"groups": {"a": 1}}, "groups"),
        ({"groups": ["a", ""]}, "groups"),
        ({"groups": ["a\nb"]}, "groups"),
        ({"groups": [["a"]]}, "groups"),
        ({"header": {"typ": "logout+jwt"}}, "type"),
        ({"header": {"typ": "dpop+jwt"}}, "type"),
        ({"header": {"typ": 7}}, "signature"),
        ({"header": {"crit": ["exp"]}}, "signature"),
        ({"header": {"crit": [], "b64": True}}, "critical"),
        ({"header": {"b64": False}}, "signature"),
        ({"header": {"zip": "DEF"}}, "critical"),
        ({"header": {"kid": "other"}}, "unknown_key"),
        ({"header": {"kid": "../../../etc/passwd"}}, "unknown_key"),
        ({"header": {"kid": "' OR 1=1 --"}}, "unknown_key"),
        ({"header": {"kid": "ec"}}, "unknown_key"),
        ({"header": {"kid": 7}}, "malformed"),
        ({"header": {"alg": "none"}}, "algorithm"),
        ({"header": {"alg": "None"}}, "algorithm"),
        ({"header": {"alg": "HS256"}}, "algorithm"),
        ({"header": {"alg": "RS512"}}, "algorithm"),
        ({"header": {"alg": ["RS256"]}}, "malformed"),
        ({"header": {"alg": GONE}}, "malformed"),
        pytest.param({"key": OTHER}, "signature", id="key of another"),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused(changes: dict[str, Any], reason: str) -> None:
    """One thing that is not right is enough."""
    assert why(token(**changes)) == reason


def test_a_public_key_is_no_secret_to_sign_with() -> None:
    """CVE-2024-33663 and its like: HS256 with the RSA key's public text as the secret."""
    pem = RSA.as_pem(private=False)
    text = f"{b64(json.dumps({'alg': 'HS256', 'kid': 'rsa'}))}.{b64(json.dumps(CLAIMS))}"
    forged = f"{text}.{b64(hmac.new(pem, text.encode(), hashlib.sha256).digest())}"
    assert why(forged) == "algorithm"
    octets = Keys({"keys": [{"kty": "oct", "k": b64(pem), "kid": "rsa"}]})
    assert len(octets) == 0


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_the_token_brings_is_not_looked_at(name: str) -> None:
    """CVE-2026-27962: a token signed with a key of its own, which its header shows."""
    brought: dict[str, Any] = {
        "jwk": OTHER.as_dict(private=False),
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/cert",
        "x5c": ["MIIB"],
    }
    assert why(token(OTHER, header={name: brought[name]})) == "signature"
    assert why(token(OTHER, header={name: brought[name], "kid": GONE})) == "signature"


def test_a_signature_is_taken_in_one_form_only() -> None:
    """CVE-2026-62995: what is added, cut off or padded does not make another good token."""
    good = token()
    body, _, sign = good.rpartition(".")
    for other in (f"{good}=", f"{good}==", f"{good}A", good[:-1], f"{body}.", f"{body}.{sign}\n"):
        assert why(other)
    assert why(f"{good}.x.y") == "malformed"
    assert why(f" {good}") == "malformed"


def test_the_last_of_two_claims_counts_as_it_was_signed() -> None:
    """What a claim said first, in a token that says it twice, is never what is checked."""
    twice = json.dumps(CLAIMS)[:-1] + ', "aud": "other"}'
    assert why(raw(json.dumps({"alg": "RS256", "kid": "rsa"}), twice)) == "audience"
    header = '{"alg": "none", "alg": "RS256", "kid": "rsa"}'
    assert checked(raw(header, json.dumps(CLAIMS))).subject == "00u1"


def test_a_nonce_has_to_be_the_logins() -> None:
    """The ID token of a login bears its nonce; without one none is asked for."""
    assert checked(token(nonce="n"), nonce="n").subject == "00u1"
    assert why(token(nonce="m"), nonce="n") == "nonce"
    assert why(token(), nonce="n") == "nonce"


def test_groups_lie_where_the_configuration_says() -> None:
    """A claim of that very name, or inside of objects by dots."""
    deep: dict[str, Any] = {"realm_access": {"roles": ["x"]}, "https://a.example/groups": ["y"]}
    for claim, groups in (
        ("realm_access.roles", {"x"}),
        ("https://a.example/groups", {"y"}),
        ("realm_access.roles.more", set()),
        ("nothing.at.all", set()),
    ):
        issuer = Issuer(name="c", issuer=ISSUER.issuer, audience="proxyd", groups_claim=claim)
        assert checked(token(**deep), issuer=issuer).groups == groups


def test_size_is_looked_at_first() -> None:
    """Ten megabytes are refused in under 10 ms, whatever they hold."""
    for text in ("x" * 10_000_000, "ey" + "a" * 5_000_000 + "." + "b" * 5_000_000 + ".c"):
        since = time.perf_counter()
        assert why(text) == "too_long"
        assert time.perf_counter() - since < 0.01
    assert why(token(more="x" * MAX_JWT)) == "too_long"
    assert why(token(header={"more": "x" * 3000})) == "too_long"


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "a.b.c", "ey..", "eyJ.x.y", f"{'[' * 2000}.e30.x", "e30.e30.e30"),
        f"{b64('{}')}.{b64('{}')}.x",
        f"{b64('[]')}.{b64('[]')}.x",
        f"{b64(json.dumps({'alg': 'RS256'}))}.{b64('7')}.x",
        f"ey{b64('[' * 1000)}.{b64('[' * 1000)}.x",
        f"{b64(b'{' + bytes([255]))}.e30.x",
    ],
)
def test_what_is_no_token_is_told_as_such(text: str) -> None:
    """Whatever it is, it is refused, and nothing else is raised."""
    assert why(text) == "malformed"


@given(
    st.text(max_size=300) | st.binary(max_size=200).map(lambda b: f"ey{b64(b)}.{b64(b)}.{b64(b)}")
)
def test_no_text_is_ever_a_token(text: str) -> None:
    """No text raises anything but a refusal."""
    assert why(text)
    assert isinstance(looks_like_one(text), bool)


@given(st.data())
def test_no_byte_of_a_token_may_change(data: st.DataObject) -> None:
    """A good token with one character changed is not good, but for bits that encode nothing."""
    good = token()
    at = data.draw(st.integers(0, len(good) - 2))
    letter = data.draw(st.sampled_from("ABCDEFabcdef0123456789-_."))
    if good[at] == letter or good[at + 1] == ".":
        return
    assert why(good[:at] + letter + good[at + 1 :])


@pytest.mark.parametrize(
    "key",
    [
        {**RSA.as_dict(private=False), "n": str(RSA.as_dict(private=False)["n"])[:171]},
        {**RSA.as_dict(private=False), "use": "enc"},
        {**RSA.as_dict(private=False), "key_ops": ["sign"]},
        {**RSA.as_dict(private=False), "key_ops": "verify"},
        {**RSA.as_dict(private=False), "alg": "RS512"},
        {**RSA.as_dict(private=False), "n": "!!"},
        RSA.as_dict(private=True),
        {"kty": "new", "kid": "rsa"},
        {"kid": "rsa"},
        "rsa",
        None,
    ],
)
def test_a_key_that_may_not_verify_does_not(key: object) -> None:
    """Short, private, for other uses, of other algorithms, or no key at all: passed over."""
    assert Keys({"keys": [key, EC.as_dict(private=False)]}).find("rsa", "RS256") is None


def test_a_token_without_a_key_id_means_the_only_key_there_is() -> None:
    """With two that fit it is not clear which, so it is none; two of one id are none either."""
    nameless = token(header={"kid": GONE})
    assert checked(nameless).subject == "00u1"
    two = Keys({"keys": [RSA.as_dict(private=False), {**OTHER.as_dict(private=False), "kid": "x"}]})
    assert why(nameless, keys=two) == "unknown_key"
    same = Keys({"keys": [RSA.as_dict(private=False), OTHER.as_dict(private=False)]})
    assert why(token(), keys=same) == "unknown_key"


@pytest.mark.parametrize(
    "document", [None, [], {}, {"keys": {}}, {"keys": [None] * (MAX_KEYS + 1)}]
)
def test_what_is_no_key_set_is_an_error(document: object) -> None:
    """It raises, so that the keys before it are kept."""
    with pytest.raises(ValueError, match="no JWK set"):
        Keys(document)
