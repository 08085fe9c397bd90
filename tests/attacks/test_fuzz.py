"""Ten thousand of everything that a stranger can write, over real sockets: no 5xx, no surprise."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.e2e import daemon as daemons
from tests.e2e.daemon import running
from tests.e2e.test_watch import KEYS, TARGET

CASES = 10_000
NOT_IN_A_HEADER = "\r\n"
MANY = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


class Line:
    """One connection, kept alive, and opened again when the other end has closed it."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._address = (host, int(port))
        self._socket: socket.socket | None = None
        self.seen: Counter[int] = Counter()

    def ask(self, method: str, path: bytes, *headers: bytes) -> tuple[int, bytes]:
        """Send one request and return the status and body of its answer."""
        lines = [b"%s %s HTTP/1.1" % (method.encode(), path), b"Host: 127.0.0.1", *headers]
        request = b"\r\n".join(lines) + b"\r\n\r\n"
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=10)
        self._socket.sendall(request)
        status, body, closing = self._answer(self._socket, method)
        self.seen[status] += 1
        if closing:
            self._socket.close()
            self._socket = None
        return status, body

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()

    def _answer(self, sock: socket.socket, method: str) -> tuple[int, bytes, bool]:
        received = b""
        while b"\r\n\r\n" not in received:
            chunk = sock.recv(65536)
            assert chunk, "the connection was closed without an answer"
            received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        fields = head.lower().split(b"\r\n")
        lengths = [int(f[16:]) for f in fields if f.startswith(b"content-length: ")]
        length = lengths[0] if lengths and method != "HEAD" else 0
        while len(body) < length:
            body += sock.recv(65536)
        closing = b"connection: close" in fields or fields[0].startswith(b"http/1.0 ")
        return int(fields[0].split()[1]), body, closing


async def fuzzed(directory: Path, fuzz: Callable[[Line, str], None]) -> Line:
    """Run a daemon and fuzz it from another thread; it must be well afterwards."""
    config = daemons.settings(
        [TARGET], "http://127.0.0.1:9", limits={"failed_logins": 1_000_000_000}
    )
    async with running(config, directory, environment=KEYS) as daemon:
        line = Line(daemon.url)
        try:
            await asyncio.to_thread(fuzz, line, daemon.token)
        finally:
            line.close()
        assert (await daemon.get("/v1/targets"))[0] == 200
        assert not any('"level": "error"' in said for said in daemon.err), daemon.err[-3:]
        assert daemon.audit == []
    assert sum(line.seen.values()) >= CASES
    return line


def part(value: str) -> str:
    """Write a part of a JWT."""
    return base64.urlsafe_b64encode(value.encode(errors="replace")).rstrip(b"=").decode()


LATIN = st.characters(codec="latin-1", exclude_characters=NOT_IN_A_HEADER)
WORDS = st.text(LATIN, max_size=200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
).map(lambda value: str(value).replace("'", '"'))
JWT = st.tuples(
    st.sampled_from(['{"alg":"none"}', '{"alg":"HS256","typ":"JWT"}', '{"alg":"RS256"}']) | JSON,
    JSON | st.sampled_from(['{"iss":"https://login.example.com","sub":"x"}']),
    st.text(max_size=20),
).map(lambda parts: ".".join(map(part, parts)))
TOKENS = st.from_regex(r"pxd_[0-9a-f]{8}_[A-Za-z0-9_-]{43}_[0-9a-f]{8}", fullmatch=True)
AUTHORIZATIONS = (
    WORDS
    | st.builds("{} {}".format, st.sampled_from(["Bearer", "bearer", "BEARER", "Basic"]), WORDS)
    | st.builds("Bearer {}".format, JWT | TOKENS)
)


@pytest.mark.timeout(240)
async def test_any_authorization_header_is_401_or_no_http(tmp_path: Path) -> None:
    """Whatever stands in it: the one 401, or a 400 where it is no header at all."""

    def fuzz(line: Line, _: str) -> None:
        bodies: set[bytes] = set()

        @MANY
        @given(AUTHORIZATIONS)
        def check(header: str) -> None:
            status, body = line.ask(
                "GET", b"/v1/targets", b"Authorization: " + header.encode("latin-1")
            )
            assert status in {400, 401}
            if status == 401:
                bodies.add(body)
                assert len(bodies) == 1

        check()

    line = await fuzzed(tmp_path, fuzz)
    assert line.seen[401] > CASES / 2


NAMES = st.sampled_from(
    ["target", "type", "region", "mode", "detail", "where", "last_event_id", "known", "role_arn"]
) | st.text(max_size=20)
VALUES = (
    st.sampled_from(
        ["fake", "other", "*", "AWS::EC2::*", "eu-*", "global", "watch", "list", "", "?", "[a-z]"]
    )
    | st.text(max_size=100)
    | st.text(st.sampled_from("*?[]{}\\:"), max_size=200)
)
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
ENCODED = PAIRS.map(
    lambda pairs: "&".join(
        f"{quote_plus(name, errors='replace')}={quote_plus(value, errors='replace')}"
        for name, value in pairs
    )
)
RAW = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=100
)


@pytest.mark.timeout(240)
async def test_any_query_is_an_answer(tmp_path: Path) -> None:
    """A query is good, wrong, or about what is not there; it never breaks anything."""

    def fuzz(line: Line, token: str) -> None:
        bearer = f"Authorization: Bearer {token}".encode()

        @MANY
        @given(ENCODED | RAW)
        def check(query: str) -> None:
            # HEAD checks everything as GET does, and opens nothing.
            status, _ = line.ask("HEAD", f"/v1/stream?{query}".encode(), bearer)
            assert status in {200, 400, 404}

        check()

    line = await fuzzed(tmp_path, fuzz)
    assert {200, 400, 404} <= line.seen.keys()


FIELDS = st.sampled_from(["type", "region", "name", "id", "tag:env", "tag", "state", "nothing"])
TERMS = st.builds(
    "{}{}{}".format,
    FIELDS,
    st.sampled_from(["=", "!=", "~", "", " = ", "=="]),
    st.text(max_size=20) | st.sampled_from(['"a b"', "*", '"', "((("]),
)
FILTERS = st.text(max_size=200) | st.recursive(
    TERMS,
    lambda inner: (
        st.builds("({} and {})".format, inner, inner)
        | st.builds("not {}".format, inner)
        | st.builds("{} or {}".format, inner, inner)
        | st.builds("({}".format, inner)
    ),
    max_leaves=20,
)


@pytest.mark.timeout(240)
async def test_any_filter_compiles_or_is_told(tmp_path: Path) -> None:
    """`where` compiles, or is a 400; deep nesting and odd characters break nothing."""

    def fuzz(line: Line, token: str) -> None:
        bearer = f"Authorization: Bearer {token}".encode()

        @MANY
        @given(FILTERS)
        def check(text: str) -> None:
            path = f"/v1/stream?target=fake&where={quote(text, errors='replace')}"
            status, _ = line.ask("HEAD", path.encode(), bearer)
            assert status in {200, 400}

        check()

    line = await fuzzed(tmp_path, fuzz)
    assert min(line.seen[200], line.seen[400]) > CASES / 20
