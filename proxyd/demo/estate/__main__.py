"""Read the specification, fill the emulator, write what came of it."""

from __future__ import annotations

import ipaddress
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from .company import EXTENTS, PORTFOLIOS
from .compute import make_compute
from .containers import make_containers
from .edge import make_edge
from .identity import make_hub, make_read_role, make_roles
from .network import make_networks
from .serverless import make_serverless
from .site import Emulated, Site
from .storage import make_buckets, make_storage

# It ends up in names of load balancers (32 characters), buckets and hosts.
_CANARY = re.compile(r"[a-z][a-z0-9]{0,11}")

Made = dict[str, dict[str, dict[str, int]]]


def main() -> None:
    """Run the program."""
    spec = json.load(sys.stdin)
    refuse_unless_loopback(spec["endpoint"])
    canary = spec.get("canary") or ""
    if canary and not _CANARY.fullmatch(canary):
        sys.exit(f"the canary {canary!r} is not a word of at most 12 of a-z and 0-9")
    try:
        json.dump(fill(Emulated(spec["endpoint"], canary), spec), sys.stdout)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


def fill(emulated: Emulated, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Fill the targets, then make the hub's user; return what the package says goes out."""
    made = {
        target["name"]: _make_target(emulated, spec["hub"], target, number)
        for number, target in enumerate(spec["targets"])
    }
    roles = [f"arn:aws:iam::{each['account']}:role/{each['role']}" for each in spec["targets"]]
    key = make_hub(emulated, spec["hub"], roles)
    return {**key, "resources": _total(made), "made": made}


def refuse_unless_loopback(endpoint: str) -> None:
    """End the program unless the endpoint is http to a loopback address: this writes to AWS."""
    url = urlsplit(endpoint)
    try:
        # An address, not a name: a name is whatever a resolver says.
        loopback = url.scheme == "http" and ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        sys.exit(f"{endpoint!r} is not http to a loopback address, like http://127.0.0.1:4566")


def _make_target(
    emulated: Emulated, hub: str, target: Mapping[str, Any], number: int
) -> dict[str, dict[str, int]]:
    """Fill one account and return what was made, by region."""
    globally: Counter[str] = Counter()
    sites = [
        Site(
            emulated=emulated,
            target=target["name"],
            account=target["account"],
            region=region,
            number=len(EXTENTS) * number + place,
            portfolio=PORTFOLIOS[number % len(PORTFOLIOS)],
            extent=EXTENTS[min(place, len(EXTENTS) - 1)],
            globally=globally,
        )
        for place, region in enumerate(target["regions"])
    ]
    make_read_role(sites[0], hub, target)
    make_roles(sites[0])
    for site in sites:
        _make_site(site)
    make_buckets(sites)
    make_edge(sites[0])
    _tell(target["name"], "global", globally)
    return {"global": dict(globally), **{site.region: dict(site.made) for site in sites}}


def _make_site(site: Site) -> None:
    make_networks(site)
    make_compute(site)
    make_serverless(site)
    make_storage(site)
    make_containers(site)
    _tell(site.target, site.region, site.made)


def _tell(target: str, region: str, made: Mapping[str, int]) -> None:
    sys.stderr.write(f"{target} {region}: {sum(made.values())} resources\n")
    sys.stderr.flush()


def _total(made: Made) -> dict[str, int]:
    total: Counter[str] = Counter()
    for regions in made.values():
        for counts in regions.values():
            total.update(counts)
    return dict(sorted(total.items()))


if __name__ == "__main__":
    main()
