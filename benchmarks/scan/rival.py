"""What proxyd is measured against: boto3, one call after the other or in threads.

A process of its own: it reads no configuration, and prints what it measured as JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import boto3
from botocore import xform_name

from benchmarks.scan.services import CALLS, REGIONS, ListCall

Place = tuple[ListCall, str]
Client = Callable[[str, str], Any]

PLACES: tuple[Place, ...] = tuple((call, region) for region in REGIONS for call in CALLS)


class Clients:
    """Makes clients from one session, which is not made for threads, and keeps them."""

    def __init__(self, endpoint: str, bundle: str) -> None:
        self._session = boto3.Session()
        self._options = {"endpoint_url": endpoint, "verify": bundle}
        self._lock = Lock()
        self._kept: dict[tuple[str, str], Any] = {}

    def get(self, service: str, region: str) -> Any:
        """Return the client of a service in a region."""
        with self._lock:
            client = self._kept.get((service, region))
            if client is None:
                client = self._session.client(service, region_name=region, **self._options)
                self._kept[service, region] = client
        return client


class Scan:
    """One scan of everything."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._started = time.monotonic()
        self.first = 0.0

    def list(self, place: Place) -> int:
        """Make one call and count what it lists."""
        call, region = place
        client = self._clients.get(call.service, region)
        pages = client.get_paginator(xform_name(call.operation)).paginate()
        found = sum(len(page[call.items.removesuffix("[]")]) for page in pages)
        self.first = self.first or time.monotonic() - self._started
        return found

    def run(self, threads: int) -> dict[str, float]:
        """Make all calls and return what it took."""
        before = _cpu()
        if threads == 1:
            found = sum(map(self.list, PLACES))
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = sum(pool.map(self.list, PLACES))
        wall = time.monotonic() - self._started
        return {"wall": wall, "first": self.first, "cpu": _cpu() - before, "resources": found}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Scan so often, each time with what the one before has left, and tell of the last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--bundle", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--scans", type=int, required=True)
    given = parser.parse_args()
    clients = Clients(given.endpoint, given.bundle)
    told = [Scan(clients).run(given.threads) for _ in range(given.scans)]
    sys.stdout.write(json.dumps(told[-1]))


if __name__ == "__main__":
    main()
