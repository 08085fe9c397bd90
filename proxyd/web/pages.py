"""`/`: the web client, as it was built into the package; it holds nothing of anybody's."""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from proxyd.errors import Problem
from proxyd.web.stream import takes_gzip

STATIC = Path(__file__).parent / "static"

CONTENT_POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        *("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
        *("require-trusted-types-for 'script'", "trusted-types 'none'"),
    ]
)
"""What the page may do: nothing inline, nothing from elsewhere, and no text becomes markup."""

_FOREVER = "public, max-age=31536000, immutable"
_MISSING = """\
<!doctype html><title>proxyd</title><p>proxyd runs. This installation has no web client: it was
made from a checkout without npm. Install npm (Node 18 or newer) and run
<code>pip install --editable .</code> again.
"""


class Page(msgspec.Struct, frozen=True):
    """One file of the client, as it is sent."""

    kind: str
    plain: bytes
    cached: str


def read(static: Path = STATIC) -> dict[str, Page]:
    """Read the client, by path; where there is none, a page that says so."""
    files = sorted(path for path in static.rglob("*") if path.is_file())
    pages = {f"/{path.relative_to(static).as_posix()}": _page(path) for path in files}
    start = pages.pop("/index.html", None)
    return {"/": start or _make("text/html", _MISSING.encode(), "no-store"), **pages}


def _page(path: Path) -> Page:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    # All but the start have a hash of their content in their name.
    return _make(kind, path.read_bytes(), "no-store" if path.name == "index.html" else _FOREVER)


def _make(kind: str, plain: bytes, cached: str) -> Page:
    return Page(kind, plain, cached)


def handler(pages: Mapping[str, Page]) -> Handler:
    """Make the handler that gives them."""

    @cache
    def packed(path: str) -> bytes:
        """Compress a page when it is first asked for: three hundred at start take their time."""
        return gzip.compress(pages[path].plain, mtime=0)

    async def answer(request: web.Request) -> web.Response:
        page = pages.get(request.path)
        if page is None:
            raise Problem(404, "no_such_route", "there is nothing at this address")
        packs = takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
        headers: dict[str, str] = {
            hdrs.CONTENT_TYPE: f"{page.kind}; charset=utf-8" if "text" in page.kind else page.kind,
            hdrs.CACHE_CONTROL: page.cached,
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
            "Content-Security-Policy": CONTENT_POLICY,
        }
        if packs:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(body=packed(request.path) if packs else page.plain, headers=headers)

    return answer
