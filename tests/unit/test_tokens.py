from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast, overload

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.admission import bearer
from proxyd.auth.directory import Directory
from proxyd.auth.proofs import Refused
from proxyd.auth.tokens import MAX_TOKEN, digest, new_token, proof
from proxyd.model import Principal
from proxyd.settings import Settings, Token

from .fakes import principal

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TOKEN = "pxd_0123abcd_" + "s" * 43
OTHER = "pxd_99999999_" + "t" * 43
DASHBOARD = principal("platform")
TOKENS = [Token(digest(TOKEN), DASHBOARD), Token(digest(OTHER), principal(name="other"))]


def authenticate(
    header: str | None, known: Sequence[Token], now: datetime | None = None
) -> Principal | None:
    """Go the way from a header to a principal."""
    try:
        shown = proof(bearer(() if header is None else (header,)))
    except Refused:
        return None
    directory = Directory(Settings(tokens=cast("tuple[Token, ...]", known)))
    return None if shown is None else directory.principal(shown, now)


class Watched(Sequence[Token]):
    """Tokens that count how many of them were looked at."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.seen = 0

    def __len__(self) -> int:
        return len(self.tokens)

    @overload
    def __getitem__(self, index: int) -> Token: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Token]: ...
    def __getitem__(self, index: int | slice) -> Token | Sequence[Token]:
        return self.tokens[index]

    def __iter__(self) -> Iterator[Token]:
        for token in self.tokens:
            self.seen += 1
            yield token


@pytest.mark.parametrize(
    "header",
    [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"BEARER {TOKEN}", f"Bearer   {TOKEN}  "],
)
def test_a_known_token_is_its_principal(header: str) -> None:
    """The scheme is read in any case, the token as it is."""
    assert authenticate(header, TOKENS, NOW) == DASHBOARD


def test_each_token_has_its_own_principal() -> None:
    """A token stands for whom the configuration says."""
    found = authenticate(f"Bearer {OTHER}", TOKENS, NOW)
    assert found is not None
    assert found.name == "other"


WRONG = [
    None,
    "",
    " ",
    "Bearer",
    "Bearer ",
    TOKEN,
    f"Basic {TOKEN}",
    f"Bearer{TOKEN}",
    f"Token Bearer {TOKEN}",
    f"Bearer {TOKEN}x",
    f"Bearer {TOKEN[:-1]}",
    f"Bearer {TOKEN.upper()}",
    f"Bearer {TOKEN} {TOKEN}",
    f"Bearer {TOKEN},{OTHER}",
    f"Bearer {digest(TOKEN).hex()}",
    "Bearer ünïcode",
    "Bearer \udcff",
    "Bearer " + "x" * (MAX_TOKEN + 1),
    "Bearer " + "x" * 1_000_000,
]


@pytest.mark.parametrize("header", WRONG, ids=lambda h: repr(h)[:30])
def test_whatever_is_wrong_is_nobody(header: str | None) -> None:
    """Wrong scheme, wrong token, too long, not ASCII, nothing: all of it is None."""
    assert authenticate(header, TOKENS, NOW) is None


@pytest.mark.parametrize("given", [TOKEN, OTHER, f"{TOKEN}x", TOKEN[:-1], TOKEN.upper(), "x"])
def test_every_token_is_compared_always(given: str) -> None:
    """The time taken tells nothing about which token was close: all of them are compared."""
    tokens = Watched(TOKENS * 3)
    authenticate(f"Bearer {given}", tokens, NOW)
    assert tokens.seen == len(tokens)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic x"])
def test_no_token_is_nobody_even_if_its_hash_is_configured(header: str | None) -> None:
    """The hash of the empty string, as a script may have made it, lets nobody in."""
    assert authenticate(header, [Token(digest(""), DASHBOARD)], NOW) is None


def test_an_oversize_token_is_nobody_even_if_its_hash_is_configured() -> None:
    """The limit holds for every token; one at the limit is looked at."""
    most, more = "x" * MAX_TOKEN, "x" * (MAX_TOKEN + 1)
    tokens = [Token(digest(most), DASHBOARD), Token(digest(more), DASHBOARD)]
    assert authenticate(f"Bearer {most}", tokens, NOW) == DASHBOARD
    assert authenticate(f"Bearer {more}", tokens, NOW) is None


@pytest.mark.parametrize(
    ("left", "expected"),
    [(timedelta(seconds=1), True), (timedelta(0), False), (timedelta(days=-1), False)],
)
def test_a_token_ends_at_its_moment(left: timedelta, expected: bool) -> None:  # noqa: FBT001 - of the table
    """Up to its moment a token is good, from it on it is not."""
    tokens = [Token(digest(TOKEN), principal(expires=NOW + left))]
    assert (authenticate(f"Bearer {TOKEN}", tokens, NOW) is not None) is expected


def test_the_clock_is_that_of_now() -> None:
    """Without a moment given, it is now."""
    past = [Token(digest(TOKEN), principal(expires=datetime(2020, 1, 1, tzinfo=UTC)))]
    future = [Token(digest(TOKEN), principal(expires=datetime(9999, 1, 1, tzinfo=UTC)))]
    assert authenticate(f"Bearer {TOKEN}", past) is None
    assert authenticate(f"Bearer {TOKEN}", future) is not None


def test_without_tokens_nobody_is_known() -> None:
    """A proxyd without principals lets nobody in."""
    assert authenticate(f"Bearer {TOKEN}", [], NOW) is None


@given(st.text(max_size=80))
def test_no_header_raises(header: str) -> None:
    """Whatever stands in a header is nobody, never an error."""
    found: Principal | None = authenticate(header, TOKENS, NOW)
    assert found is None


def test_a_new_token_is_prefix_id_secret_and_checksum() -> None:
    """Its form is one that secret scanners know, with a checksum that they can verify."""
    token = new_token()
    match = re.fullmatch(r"(pxd_[0-9a-f]{8}_[A-Za-z0-9_-]{43})_([0-9a-f]{8})", token)
    assert match is not None
    assert int(match[2], 16) == zlib.crc32(match[1].encode())
    assert len(token) == 65 <= MAX_TOKEN


def test_new_tokens_are_all_different() -> None:
    """No two tokens share an id or a secret."""
    tokens = [new_token() for _ in range(200)]
    assert len({t[4:12] for t in tokens}) == len({t[13:56] for t in tokens}) == 200


def test_a_new_token_is_known_by_its_digest() -> None:
    """What the configuration holds is the plain SHA-256 of the whole token."""
    token = new_token()
    assert digest(token) == hashlib.sha256(token.encode()).digest()
    assert authenticate(f"Bearer {token}", [Token(digest(token), DASHBOARD)], NOW) == DASHBOARD
