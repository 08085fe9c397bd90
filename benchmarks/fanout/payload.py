"""What is published: resources of one size, each with a counter and the time it was made. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

TYPE = "Benchmark::Fanout::Clock"
EVENT = "resource"
ROWS = 1000
"""Resources that change in turn.

What changes twice within one write of proxyd's is sent once. With so many, that takes a stall of
the machine of two seconds at 500 changes a second, and then it counts as lost.
"""

RATE_FILE = "rate"
"""In the benchmark's directory: changes a second; there are none before it is there."""

FIELDS = ("n", "note", "sent")
_NOTE = "What a resource has besides: names, states, addresses. " * 5


def identity(n: int) -> str:
    """Return the id of the resource that the n-th change is of; all are of one length."""
    return f"clock-{n % ROWS:04d}"


def arn(n: int, region: str, account: str) -> str:
    """Return the ARN of the resource that the n-th change is of."""
    return f"arn:aws:benchmark:{region}:{account}:clock/{identity(n)}"


def properties(n: int, sent: int) -> dict[str, str | int]:
    """Return the properties of the n-th change; `sent` in microseconds of the wall clock."""
    return {"n": n, "note": _NOTE, "sent": sent}


def tags(n: int) -> dict[str, str]:
    """Return its tags."""
    return {"Name": identity(n), "env": "benchmark"}


def message(n: int, sent: int) -> bytes:
    """Write the n-th change as proxyd does, for a server that only passes messages on."""
    region, account = "eu-west-1", "222222222222"
    data: dict[str, Any] = {
        "arn": arn(n, region, account),
        "type": TYPE,
        "account": account,
        "region": region,
        "id": identity(n),
        "name": identity(n),
        "tags": tags(n),
        "properties": properties(n, sent),
        "links": [],
        "hash": hashlib.sha256(b"%d" % n).hexdigest()[:24],
    }
    return json.dumps(data, separators=(",", ":")).encode()
