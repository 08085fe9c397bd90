"""An OpenID provider's keys: when they are asked for, how long they are good, who waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import RSAKey

from proxyd import settings
from proxyd.auth.proofs import Refused
from proxyd.oidc.fetching import Unavailable
from proxyd.oidc.issuer import AGAIN_SECONDS, UNKNOWN_KEY_SECONDS, Issuer

TERMS = settings.Issuer(
    name="corp",
    issuer="https://login.example.com",
    audience="proxyd",
    refresh_seconds=600.0,
    keep_seconds=3600.0,
)
DISCOVERY = "https://login.example.com/.well-known/openid-configuration"
JWKS = "https://login.example.com/keys"
ONE = RSAKey.generate_key(2048, {"kid": "one"})
TWO = RSAKey.generate_key(2048, {"kid": "two"})


class Provider:
    """What is asked, and what it answers; the clock of it all."""

    def __init__(self) -> None:
        self.now = 5_000.0
        self.keys = [ONE]
        self.document: dict[str, Any] = {"issuer": TERMS.issuer, "jwks_uri": JWKS}
        self.jwks: Any = None
        self.down = False
        self.open = asyncio.Event()
        self.open.set()
        self.asked: list[str] = []

    async def get(self, url: str) -> Any:
        """Answer."""
        self.asked.append(url)
        await self.open.wait()
        if self.down:
            raise Unavailable("status 503")
        if url == DISCOVERY:
            return self.document
        assert url == JWKS
        keys = {"keys": [key.as_dict(private=False) for key in self.keys]}
        return keys if self.jwks is None else self.jwks

    @property
    def for_keys(self) -> int:
        """How often the keys were asked for."""
        return self.asked.count(JWKS)


def issuer(provider: Provider, **changes: Any) -> Issuer:
    """Make one on the provider's clock."""
    terms = settings.Issuer(
        **({name: getattr(TERMS, name) for name in TERMS.__struct_fields__} | changes)
    )
    return Issuer(terms, provider, lambda: provider.now)


def token(key: RSAKey = ONE, **claims: Any) -> str:
    """Sign a token that is good for a minute."""
    said = {
        "iss": TERMS.issuer,
        "aud": "proxyd",
        "sub": "00u1",
        "exp": int(time.time()) + 60,
        **claims,
    }
    return joserfc_jwt.encode({"alg": "RS256", "kid": key.kid}, said, key)


def state(known: Issuer) -> str:
    """Return the state of its keys by now."""
    return known.state


async def refusal(asked: Awaitable[object]) -> str:
    """Return why something is refused."""
    with pytest.raises(Refused) as caught:
        await asked
    return caught.value.reason


async def settled() -> None:
    """Let tasks run on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_first_token_has_the_keys_asked_for() -> None:
    """Once: the discovery document and the keys that it names."""
    provider = Provider()
    known = issuer(provider)
    assert state(known) == "unavailable"
    for _ in range(5):
        assert (await known.verify(token())).subject == "00u1"
    assert provider.asked == [DISCOVERY, JWKS]
    assert state(known) == "ok"


async def test_a_crowd_waits_for_one_answer() -> None:
    """A thousand tokens at once, of which the first has the keys asked for."""
    provider = Provider()
    provider.open.clear()
    known = issuer(provider)
    good = token()
    waiting = [asyncio.create_task(known.verify(good)) for _ in range(1000)]
    await settled()
    provider.open.set()
    assert len(await asyncio.gather(*waiting)) == 1000
    assert provider.asked == [DISCOVERY, JWKS]


async def test_one_who_gives_up_waiting_does_not_end_it_for_the_others() -> None:
    """A client that goes away in the middle cancels nothing but its own request."""
    provider = Provider()
    provider.open.clear()
    known = issuer(provider)
    first, second = (asyncio.create_task(known.verify(token())) for _ in range(2))
    await settled()
    first.cancel()
    await settled()
    provider.open.set()
    assert (await second).subject == "00u1"
    assert provider.for_keys == 1


async def test_keys_that_grow_old_are_asked_for_in_the_background() -> None:
    """The token that finds them old does not wait, even if the provider never answers."""
    provider = Provider()
    known = issuer(provider)
    await known.warm()
    provider.now += TERMS.refresh_seconds - 1
    await known.verify(token())
    assert provider.for_keys == 1
    provider.now += 1
    provider.open.clear()
    for _ in range(5):
        await known.verify(token())
    await settled()
    provider.keys = [ONE, TWO]
    provider.open.set()
    await settled()
    assert provider.for_keys == 2
    assert (await known.verify(token(TWO))).subject == "00u1"
    assert provider.for_keys == 2


async def test_a_key_that_is_taken_back_is_good_no_longer_than_the_refresh() -> None:
    """The next answer replaces the keys, it does not add to them."""
    provider = Provider()
    known = issuer(provider)
    await known.warm()
    provider.keys = [TWO]
    provider.now += TERMS.refresh_seconds
    await known.verify(token(ONE))
    await settled()
    assert await refusal(known.verify(token(ONE))) == "unknown_key"


async def test_an_unknown_key_is_asked_for_at_once_and_then_once_a_minute() -> None:
    """A rotation is followed; whoever makes up key ids costs the provider nothing."""
    provider = Provider()
    known = issuer(provider)
    await known.warm()
    provider.keys = [TWO]
    provider.now += 1
    await known.verify(token(TWO))
    assert provider.for_keys == 2, "even within the first minute after the start"
    for _ in range(100):
        assert await refusal(known.verify(token(ONE))) == "unknown_key"
    assert provider.for_keys == 2
    provider.now += UNKNOWN_KEY_SECONDS - 0.5
    assert await refusal(known.verify(token(ONE))) == "unknown_key"
    assert provider.for_keys == 2
    provider.now += 0.5
    assert await refusal(known.verify(token(ONE))) == "unknown_key"
    assert provider.for_keys == 3


async def test_what_is_wrong_at_first_sight_asks_for_nothing() -> None:
    """Another issuer's, or of an algorithm that is not taken."""
    provider = Provider()
    known = issuer(provider)
    assert await refusal(known.verify(token(iss="https://evil.example.com"))) == "issuer"
    odd = joserfc_jwt.encode({"alg": "RS512"}, {"iss": TERMS.issuer}, ONE, algorithms=["RS512"])
    assert await refusal(known.verify(odd)) == "algorithm"
    assert await refusal(known.verify("e30.e30.x")) == "malformed"
    assert provider.asked == []


async def test_while_it_is_down_the_keys_are_good_for_a_while_and_then_nobody_gets_in() -> None:
    """Stale, then unavailable; and everything again from the moment in which it answers."""
    provider = Provider()
    known = issuer(provider)
    await known.warm()
    provider.down = True
    provider.now += TERMS.refresh_seconds + UNKNOWN_KEY_SECONDS
    assert state(known) == "ok"
    provider.now += 1
    assert state(known) == "stale"
    await known.verify(token())
    provider.now += TERMS.keep_seconds - TERMS.refresh_seconds - UNKNOWN_KEY_SECONDS - 1
    assert state(known) == "stale"
    await known.verify(token())
    provider.now += 1
    assert state(known) == "unavailable"
    assert await refusal(known.verify(token())) == "no_keys"
    provider.down = False
    provider.now += AGAIN_SECONDS
    await known.verify(token())
    assert state(known) == "ok"


async def test_a_provider_that_is_down_is_asked_every_few_seconds_only() -> None:
    """A thousand tokens meanwhile are refused without another question."""
    provider = Provider()
    provider.down = True
    known = issuer(provider)
    await known.warm()
    asked = len(provider.asked)
    for _ in range(1000):
        assert await refusal(known.verify(token())) == "no_keys"
    assert len(provider.asked) - asked <= 1, "the first unknown key has a question of its own"
    asked = len(provider.asked)
    provider.now += AGAIN_SECONDS
    for _ in range(10):
        assert await refusal(known.verify(token())) == "no_keys"
    assert len(provider.asked) == asked + 1


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        "no",
        None,
        {"issuer": TERMS.issuer},
        {"jwks_uri": JWKS},
        {"issuer": TERMS.issuer + "/", "jwks_uri": JWKS},
        {"issuer": "https://evil.example.com", "jwks_uri": JWKS},
        {"issuer": TERMS.issuer, "jwks_uri": 7},
    ],
)
async def test_a_discovery_document_that_is_no_good_leads_nowhere(document: Any) -> None:
    """It has to be that of this issuer, letter by letter."""
    provider = Provider()
    provider.document = document
    known = issuer(provider)
    assert await refusal(known.verify(token())) == "no_keys"
    assert provider.for_keys == 0
    with pytest.raises(Unavailable):
        await known.discovery()


@pytest.mark.parametrize(
    "jwks", [{}, [], "no", None, {"keys": "x"}, {"keys": {}}, {"keys": [{}] * 1000}]
)
async def test_keys_that_are_none_leave_the_old_ones_good(jwks: Any) -> None:
    """A provider that answers nonsense is as good as down."""
    provider = Provider()
    known = issuer(provider)
    await known.warm()
    provider.jwks = jwks if jwks is not None else 7
    provider.now += TERMS.refresh_seconds
    await known.verify(token())
    await settled()
    assert provider.for_keys == 2
    await known.verify(token())


async def test_where_the_keys_are_configured_no_document_is_asked_for() -> None:
    """`jwks_uri` is enough to verify tokens."""
    provider = Provider()
    known = issuer(provider, jwks_uri=JWKS)
    await known.verify(token())
    assert provider.asked == [JWKS]


async def test_where_the_endpoints_are_is_asked_once() -> None:
    """And again where there was no answer."""
    provider = Provider()
    known = issuer(provider, jwks_uri=JWKS)
    provider.down = True
    with pytest.raises(Unavailable):
        await known.discovery()
    provider.down = False
    found = await known.discovery()
    assert found.jwks_uri == JWKS
    assert await known.discovery() is found
    assert provider.asked == [DISCOVERY, DISCOVERY]


async def test_a_login_is_for_its_client_and_its_nonce() -> None:
    """Neither the audience of machines nor another browser's nonce will do."""
    known = issuer(Provider())
    good = token(aud="web", nonce="n-1")
    assert (await known.verify_login(good, "web", "n-1")).audience == "web"
    assert await refusal(known.verify_login(good, "web", "n-2")) == "nonce"
    assert await refusal(known.verify_login(good, "other", "n-1")) == "audience"
    assert await refusal(known.verify(good)) == "audience"
    assert await refusal(known.verify_login(token(aud="web"), "web", "n-1")) == "nonce"


async def test_stopping_ends_a_question_under_way() -> None:
    """Nothing is left behind."""
    provider = Provider()
    provider.open.clear()
    known = issuer(provider)
    waiting = asyncio.create_task(known.verify(token()))
    await settled()
    await known.stop()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await issuer(provider).stop()
