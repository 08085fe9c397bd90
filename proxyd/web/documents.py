"""A JSON document as a response."""

from __future__ import annotations

from aiohttp import web

from proxyd.sse import ascii_json


def document(value: object, status: int = 200) -> web.Response:
    """Make the response that holds a document."""
    return web.Response(
        status=status, body=ascii_json(value) + b"\n", content_type="application/json"
    )
