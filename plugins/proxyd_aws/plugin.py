"""What proxyd finds by the entry point: the scanners of every domain."""

from collections.abc import Iterable

from proxyd.plugin import Scanner, hookimpl
from proxyd_aws import (
    compute,
    containers,
    database,
    delivery,
    messaging,
    network,
    observability,
    security,
    storage,
)

_DOMAINS = (
    compute,
    containers,
    database,
    delivery,
    messaging,
    network,
    observability,
    security,
    storage,
)


@hookimpl
def proxyd_scanners() -> Iterable[Scanner]:
    """Return the first-party scanners."""
    return [scanner for domain in _DOMAINS for scanner in domain.SCANNERS]
