"""Make resources: the one place that computes their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from proxyd.model import Link, Property, Resource

_encoder = msgspec.msgpack.Encoder(order="deterministic")
_HASH_BYTES = 12


def make(
    *,
    type: str,  # noqa: A002 - the wire's own word
    account: str,
    region: str,
    arn: str,
    id: str,  # noqa: A002
    name: str,
    tags: Mapping[str, str],
    properties: Mapping[str, Property],
    links: Iterable[Link],
) -> Resource:
    """Make a resource whose hash is the same for the same content, in whatever order it came."""
    resource = Resource(
        type=type,
        account=account,
        region=region,
        arn=arn,
        id=id,
        name=name,
        tags=dict(tags),
        properties=dict(properties),
        links=tuple(sorted(set(links), key=_order)),
    )
    digest = hashlib.blake2b(_encoder.encode(resource), digest_size=_HASH_BYTES).hexdigest()
    return msgspec.structs.replace(resource, hash=digest)


def _order(link: Link) -> tuple[str, str, str, str]:
    return link.rel, link.type, link.arn or "", link.id or ""
