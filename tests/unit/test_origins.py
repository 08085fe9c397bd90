"""Pages of our own, and all others; names of our own, and all others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.errors import Problem
from proxyd.web.hosts import name_of
from proxyd.web.origins import check


def passes(
    site: str | None = None,
    origin: str | None = None,
    *,
    host: str = "proxyd.example.com",
    secure: bool | None = True,
    strict: bool = True,
) -> bool:
    """Whether a request is let through."""
    try:
        check(site=site, origin=origin, host=host, secure=secure, strict=strict)
    except Problem:
        return False
    return True


def test_our_own_pages_pass() -> None:
    """By either header, or both, or from a client that is no browser."""
    ours = "https://proxyd.example.com"
    assert passes()
    assert passes("same-origin")
    assert passes(None, ours)
    assert passes("same-origin", ours)
    assert passes("none", strict=False)
    assert passes(None, "https://PROXYD.example.com")
    assert passes(None, f"{ours}:8443", host="proxyd.example.com:8443")
    assert passes(None, "http://localhost:8080", host="localhost:8080", secure=False)
    assert passes(None, "http://localhost", host="localhost", secure=None)


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        *(("cross-site", None), ("same-site", None), ("none", None), ("", None), ("x", None)),
        *((None, "null"), (None, ""), (None, "https://evil.example"), (None, "file://")),
        *((None, "http://proxyd.example.com"), (None, "https://proxyd.example.com:444")),
        *((None, "https://proxyd.example.com.evil"), (None, "https://xproxyd.example.com")),
        *((None, "https://user@proxyd.example.com"), (None, "https://proxyd.example.com@evil")),
        *((None, "https://[::1"), (None, "proxyd.example.com"), (None, "//proxyd.example.com")),
        *(("same-origin", "https://evil.example"), ("cross-site", "https://proxyd.example.com")),
    ],
)
def test_all_others_do_not(site: str | None, origin: str | None) -> None:
    """One header that is not ours is enough."""
    assert not passes(site, origin)


@given(st.text(max_size=60))
def test_no_other_text_is_our_origin(origin: str) -> None:
    """Nothing but our own address, in any case, is taken for it."""
    if passes(None, origin):
        scheme, _, host = origin.casefold().partition("://")
        assert (scheme, host.partition("/")[0]) == ("https", "proxyd.example.com")


def test_without_a_host_nothing_is_ours() -> None:
    """An empty Host is no name that a page could have; what does not pass is a 403."""
    assert not passes(None, "https://", host="")
    with pytest.raises(Problem) as problem:
        check(site="cross-site", origin=None, host="a", secure=None, strict=True)
    assert (problem.value.status, problem.value.code) == (403, "cross_site")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        *(("LocalHost", "localhost"), ("a.b:1", "a.b"), ("[::1]:80", "::1"), ("[::1]", "::1")),
        *(("", ""), ("a:b", ""), ("a@b", ""), ("a,b", ""), ("a b", ""), ("[::1", ""), ("a:", "")),
        *(("a:123456", ""), ("a/b", ""), ("::1", ""), ("a\x00", ""), ("\u00e9", "")),
    ],
)
def test_a_host_is_a_name_and_a_port(host: str, name: str) -> None:
    """Whatever else stands in a Host header is no name."""
    assert name_of(host) == name
