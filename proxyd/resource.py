"""Make resources: the one place that computes their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

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
    try:
        encoded = _encoder.encode(resource)
    except UnicodeEncodeError:
        resource = _with_valid_text(resource)
        encoded = _encoder.encode(resource)
    digest = hashlib.blake2b(encoded, digest_size=_HASH_BYTES).hexdigest()
    return msgspec.structs.replace(resource, hash=digest)


def _with_valid_text(resource: Resource) -> Resource:
    """Replace halves of surrogate pairs, which no encoding has: one of them must not cost more."""
    return msgspec.convert(_valid(msgspec.to_builtins(resource)), Resource)


def _valid(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_valid(key): _valid(each) for key, each in value.items()}
        case list() | tuple():
            return [_valid(each) for each in value]
    return value


def _order(link: Link) -> tuple[str, str, str, str]:
    return link.rel, link.type, link.arn or "", link.id or ""
