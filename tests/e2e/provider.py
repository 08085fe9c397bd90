"""A real OpenID provider (npm's oidc-provider), started for a test: its keys are the test's own."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import aiohttp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc.jwk import RSAKey

HERE = Path(__file__).parent / "openid"
AUDIENCE = "proxyd"
SECRET = "the client's secret"
CANARY = "kanarienvogl"
MACHINE = {
    "client_id": "machine",
    "client_secret": SECRET,
    "grant_types": ["client_credentials"],
    "redirect_uris": [],
    "response_types": [],
}


def install(folder: Path) -> Path:
    """Install the provider, of exactly the version that package.json names, into a folder."""
    npm = shutil.which("npm")
    assert npm, "these tests need npm: apt-get install npm"
    for path in HERE.iterdir():
        shutil.copy(path, folder)
    quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
    subprocess.run([npm, "install", *quiet], cwd=folder, check=True)
    return folder


class Provider:
    """One provider: started and stopped as often as a test wants, always at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.key = new_key("one")
        self.seconds = 600
        self.accounts: dict[str, dict[str, Any]] = {
            "alice": {"groups": ["all"], "email": f"{CANARY}@example.com"}
        }
        self.clients: list[dict[str, Any]] = [MACHINE]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        given = {
            "issuer": self.issuer,
            "port": self.port,
            "keys": [self.key.as_dict(private=True)],
            "audience": AUDIENCE,
            "seconds": self.seconds,
            "algorithm": "RS256",
            "machine": {"groups": ["all"], "email": f"{CANARY}@example.com"},
            "accounts": self.accounts,
            "clients": self.clients,
        }
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            "node", "provider.mjs", cwd=self._folder, stdin=pipe, stdout=pipe, stderr=null
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(given).encode())
        self._process.stdin.close()
        async with asyncio.timeout(20):
            assert await self._process.stdout.readline() == b"listening\n"

    async def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def rotate(self) -> None:
        """Start it anew with another key."""
        await self.stop()
        self.key = new_key("two")
        await self.start()

    async def machine_token(self) -> str:
        """Get an access token of the machine, as it would."""
        form = {"grant_type": "client_credentials", "resource": "urn:proxyd", "scope": "read"}
        basic = base64.b64encode(f"machine:{SECRET.replace(' ', '+')}".encode()).decode()
        headers = {"Authorization": f"Basic {basic.replace(chr(10), '')}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.issuer}/token", data=form, headers=headers) as response,
        ):
            assert response.status == 200, await response.text()
            answer = await response.json()
        token: str = answer["access_token"]
        return token

    def forged(self, key: RSAKey | None = None, **claims: Any) -> str:
        """Sign what claims one likes, with the provider's own key unless told otherwise."""
        now = int(time.time())
        header = claims.pop("header", {})
        right = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "machine",
            "groups": ["all"],
            "iat": now,
            "exp": now + 60,
        }
        changed = {name: value for name, value in (right | claims).items() if value is not None}
        return signed({"alg": "RS256", "kid": "one", **header}, changed, key or self.key)


def signed(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    """Sign with RS256 whatever it is; a library would refuse the half of it."""
    parts = [_base64(json.dumps(part).encode()) for part in (header, claims)]
    private = key.private_key
    assert private is not None
    signature = private.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, _base64(signature)])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_key(kid: str) -> RSAKey:
    """Make a key to sign with."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@asynccontextmanager
async def providing(folder: Path) -> AsyncGenerator[Provider, None]:
    """Make a provider, and stop it in the end; it is not started yet."""
    provider = Provider(folder)
    try:
        yield provider
    finally:
        await provider.stop()


class Browser:
    """As much of a browser as a login takes: cookies by host, forms, redirects by hand."""

    def __init__(self) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        self.session = aiohttp.ClientSession(cookie_jar=jar)
        self.trail: list[str] = []

    async def get(self, url: str) -> tuple[int, str, str]:
        """GET one page: its status, where it leads, and its text."""
        self.trail.append(url)
        async with self.session.get(url, allow_redirects=False) as response:
            where = response.headers.get("Location", "")
            return response.status, urljoin(url, where) if where else "", await response.text()

    async def submit(self, url: str, **fields: str) -> tuple[int, str, str]:
        """POST a form."""
        async with self.session.post(url, data=fields, allow_redirects=False) as response:
            where = response.headers.get("Location", "")
            return response.status, urljoin(url, where) if where else "", await response.text()

    async def log_in(self, url: str, account: str, stop: str = "/v1/callback") -> str:
        """Follow a login from its first URL to the one that begins the way back."""
        for _ in range(20):
            if stop in url:
                return url
            status, where, text = await self.get(url)
            if status == 200:
                (action,) = re.findall(r'action="([^"]+)"', text)
                fields = dict(re.findall(r'name="(\w+)" value="(\w+)"', text))
                if "login" in re.findall(r'name="(login)"', text):
                    fields |= {"login": account, "password": "any"}
                _, where, _ = await self.submit(urljoin(url, action), **fields)
            url = where
        raise AssertionError(self.trail)

    async def close(self) -> None:
        """Close it."""
        await self.session.close()
