"""Debian's nginx and Caddy, running from the recipes in config/ as they are.

A recipe names ports, files and proxyd's address; those alone are replaced, by `PLACES`, and
each of them has to be in the recipe exactly as often as it says.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from proxyd.demo.process import end
from tests.e2e.faults import LOOPBACK, Authority, free_port

from .clients import found
from .conftest import NAME

CONFIG = Path(__file__).parents[2] / "config"
FRONTS = ("nginx", "caddy")
AUTHORIZATION = "# include /etc/proxyd/nginx-authorization.conf;"

PLACES: dict[str, dict[str, tuple[int, str]]] = {
    "nginx.conf": {
        "listen 443 ": (2, "listen {listen} "),
        "server 127.0.0.1:8080;": (1, "server {upstream};"),
        "/etc/proxyd/tls.crt": (1, "{certificate}"),
        "/etc/proxyd/tls.key": (1, "{certificate}"),
        "/run/nginx.pid": (1, "{directory}/nginx.pid"),
        "/var/log/nginx/": (2, "{directory}/"),
    },
    "Caddyfile": {
        "https://proxyd.example.com {": (1, "https://proxyd.example.com:{port} {{\n\tbind {host}"),
        "reverse_proxy 127.0.0.1:8080 {": (1, "reverse_proxy {upstream} {{"),
        "/etc/proxyd/tls.crt": (1, "{certificate}"),
        "/etc/proxyd/tls.key": (1, "{certificate}"),
        "/var/log/caddy/": (1, "{directory}/"),
    },
}
"""By recipe: what is replaced, how often it is there, and by what."""


def placed(recipe: str, **values: object) -> str:
    """Return a recipe with its places filled in."""
    text = (CONFIG / recipe).read_text()
    for place, (times, value) in PLACES[recipe].items():
        assert text.count(place) == times, f"{recipe}: {place}"
        text = text.replace(place, value.format(**values))
    return text


class Front(NamedTuple):
    """A front proxy, running."""

    url: str
    directory: Path
    authority: Authority
    process: asyncio.subprocess.Process

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    @property
    def curl(self) -> list[str]:
        """What curl needs to find it, and to trust it."""
        trust = ["--cacert", str(self.authority.bundle)]
        return [*trust, "--resolve", f"{NAME}:{self.port}:{LOOPBACK}"]

    @property
    def trust(self) -> ssl.SSLContext:
        """What others need to trust it."""
        return ssl.create_default_context(cafile=self.authority.bundle)

    @property
    def logs(self) -> str:
        """All that it has written."""
        return "".join(path.read_text() for path in self.directory.glob("*.log"))


COMMANDS = {
    "nginx": ("-e", "stderr", "-g", "daemon off;", "-c"),
    "caddy": ("run", "--adapter", "caddyfile", "--config"),
}
RECIPES = {"nginx": "nginx.conf", "caddy": "Caddyfile"}


@asynccontextmanager
async def front(
    name: str, directory: Path, upstream: str, edit: Callable[[str], str] = str
) -> AsyncGenerator[Front, None]:
    """Run one before `upstream` for the time of the block."""
    port = free_port()
    recipe, authority = _prepared(name, directory, port, upstream, edit)
    with (directory / "output.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            found(name, name),
            *COMMANDS[name],
            str(recipe),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(directory)},
            start_new_session=True,
        )
    made = Front(f"https://{NAME}:{port}", directory, authority, process)
    try:
        await _listening(made)
        yield made
    finally:
        await end(process)


def _prepared(
    name: str, directory: Path, port: int, upstream: str, edit: Callable[[str], str]
) -> tuple[Path, Authority]:
    """Write its recipe and a certificate into a directory."""
    directory.mkdir()
    authority = Authority(directory)
    authority.context(NAME)
    recipe = directory / RECIPES[name]
    filled = placed(
        recipe.name,
        listen=f"{LOOPBACK}:{port}",
        host=LOOPBACK,
        port=port,
        upstream=urlsplit(upstream).netloc,
        certificate=directory / "server.pem",
        directory=directory,
    )
    recipe.write_text(edit(filled))
    return recipe, authority


async def _listening(front: Front) -> None:
    """Wait until it takes connections."""
    async with asyncio.timeout(15):
        while front.process.returncode is None:
            with suppress(ConnectionError):
                (await asyncio.open_connection(LOOPBACK, front.port))[1].close()
                return
            await asyncio.sleep(0.02)
    raise AssertionError(front.logs)
