"""Front proxies: which peers are believed, and what they say of whom they let in. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from proxyd.auth.proofs import FrontProof, Refused
from proxyd.auth.words import is_group, is_name
from proxyd.settings import Front

UNIX = "unix"
"""What stands for the peer of a Unix socket, which has no address."""

MAX_FORWARDED = 64
"""Addresses of an X-Forwarded-For that are looked at, from the right."""


def believed(front: Front, peer: str) -> bool:
    """Whether a peer is one of the listed proxies."""
    if peer == UNIX:
        return UNIX in front.peers
    address = _address(peer)
    return address is not None and any(address in network for network in _networks(front.peers))


def client(front: Front, peer: str, forwarded_for: Sequence[str]) -> str:
    """Return the address of the client: the peer's, or what a believed proxy says of it.

    Each proxy adds the address of its own peer at the right end. What stands left of the first
    one that is not believed was written by a stranger.
    """
    if not believed(front, peer):
        return peer
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
    found = peer
    for hop in reversed(hops[-MAX_FORWARDED:]):
        address = _address(_without_port(hop))
        if address is None:
            return found
        found = str(address)
        if not believed(front, found):
            return found
    return found


def secure(front: Front, peer: str, forwarded_proto: Sequence[str]) -> bool | None:
    """Return whether the browser's own connection is encrypted; None when nobody says."""
    if not believed(front, peer) or len(forwarded_proto) != 1:
        return None
    return forwarded_proto[0].rpartition(",")[2].strip().casefold() == "https"


def proof(
    front: Front, peer: str, users: Sequence[str], groups: Sequence[str]
) -> FrontProof | None:
    """Read the identity headers of a request.

    Args:
        front: who is believed.
        peer: the address at the other end of the connection, or "unix".
        users: every value of the user header.
        groups: every value of the groups header.

    Returns:
        None: nobody who is believed named a user.

    Raises:
        Refused: it is not clear whom.

    """
    if not users or not believed(front, peer):
        return None
    if len(users) > 1 or len(groups) > 1 or not is_name(users[0]):
        raise Refused("front")
    names = {group.strip() for line in groups for group in line.split(",")} - {""}
    if not all(map(is_group, names)):
        raise Refused("front")
    return FrontProof(peer, users[0], frozenset(names))


def _without_port(hop: str) -> str:
    """Take the port off that some proxies add: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    host, _, port = hop.rpartition(":")
    return host if port.isdigit() and "." in host else hop


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@lru_cache(16)
def _networks(
    peers: tuple[str, ...],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(peer) for peer in peers if peer != UNIX)
