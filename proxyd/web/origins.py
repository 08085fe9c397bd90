"""Whether a request comes from a page of our own, for what browsers send by themselves. Pure.

It goes by Fetch Metadata (W3C, `Sec-Fetch-Site`), and by `Origin` (RFC 6454) beside it. What
sends neither is no browser of these days, and no page can make a browser leave them out.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from proxyd.errors import Problem

_OURS = frozenset({"same-origin"})
_OURS_OR_TYPED = frozenset({"same-origin", "none"})


def check(
    *, site: str | None, origin: str | None, host: str, secure: bool | None, strict: bool
) -> None:
    """Refuse what another site's page has sent.

    Args:
        site: the `Sec-Fetch-Site` header.
        origin: the `Origin` header.
        host: the `Host` header.
        secure: whether the browser's connection is encrypted, where that is known.
        strict: whether an address that a person has typed is too little.

    Raises:
        Problem: 403.

    """
    ours = _OURS if strict else _OURS_OR_TYPED
    if site is not None and site.casefold() not in ours:
        raise _cross_site()
    if origin is not None and not _is_own(origin, host, secure=secure):
        raise _cross_site()


def _is_own(origin: str, host: str, *, secure: bool | None) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    schemes = {True: {"https"}, False: {"http"}, None: {"http", "https"}}[secure]
    return parts.scheme in schemes and parts.netloc.casefold() == host.casefold() != ""


def _cross_site() -> Problem:
    return Problem(
        403,
        "cross_site",
        "a browser's session works from proxyd's own pages only; "
        "elsewhere send Authorization: Bearer",
    )
