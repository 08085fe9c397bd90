"""Run in a network of its own: clients of a watch vanish without a word, since the network goes.

    unshare --net python -m tests.e2e.vanishing DIRECTORY

Prints after how many seconds the daemon has let go of them.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
from pathlib import Path

from .daemon import running, settings
from .fake_aws import fake_aws
from .test_watch import ALL, KEYS, TARGET, Vpcs
from .watcher import watching

CLIENTS = 5
_SET_FLAGS, _UP, _RUNNING = 0x8914, 0x1, 0x40


def loopback(*, up: bool) -> None:
    """Switch the only network on or off (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = _UP | _RUNNING if up else 0
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh", b"lo", flags))


async def main(directory: Path) -> None:
    """Watch, let the network go, and wait until the streams have ended."""
    loopback(up=True)
    loop = asyncio.get_running_loop()
    async with fake_aws() as fake:
        Vpcs(fake)
        config = settings([TARGET], fake.endpoint, watch={"types": {'"*"': 60.0}})
        async with running(config, directory, environment=KEYS) as daemon:
            for _ in range(CLIENTS):
                client = watching(daemon, **ALL)
                await (await client.__aenter__()).marked()
            loopback(up=False)
            gone = loop.time()
            while sum(row["event"] == "scan.ended" for row in daemon.audit) < CLIENTS:  # noqa: ASYNC110 - in another process
                await asyncio.sleep(0.1)
            sys.stdout.write(f"{loop.time() - gone:.1f}\n")
            sys.stdout.flush()
            loopback(up=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
