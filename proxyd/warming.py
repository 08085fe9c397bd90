"""Make AWS clients ahead of need: the first who asks should not wait for them."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from proxyd.aws.clients import Clients
from proxyd.aws.regions import everywhere, home_of
from proxyd.globs import expand
from proxyd.logs import get_logger, where
from proxyd.model import GLOBAL, Scanner, Target

log = get_logger(__name__)

_NEVER = 1_000_000


async def warm(
    clients: Clients, targets: Iterable[Target], registry: Mapping[str, Scanner]
) -> None:
    """Make the clients that the targets will need; one that can not be made is made later."""
    started = time.monotonic()
    try:
        with _young_garbage_only():
            made = await clients.warm(_keys(targets, registry))
    except Exception as error:  # noqa: BLE001 - a scan that needs the client will say more
        log.warning("clients could not be made ahead", **where(error))
    else:
        log.info("warm", clients=made, seconds=round(time.monotonic() - started, 1))


def _keys(targets: Iterable[Target], registry: Mapping[str, Scanner]) -> Iterator[tuple[str, str]]:
    """Yield services and regions, one region after the other, each once."""
    seen = set()
    for target in targets:
        scanners = [registry[name] for name in expand(target.types, registry)]
        for region in expand((*target.regions, GLOBAL), everywhere(target.partition)):
            scope = "global" if region == GLOBAL else "regional"
            for scanner in scanners:
                home = home_of(target.partition, scanner.service)
                place = home if region == GLOBAL else region
                for operation in scanner.operations if scanner.scope == scope else ():
                    key = (operation.service, place)
                    if key not in seen:
                        seen.add(key)
                        yield key


@contextmanager
def _young_garbage_only() -> Iterator[None]:
    """Keep the collector from looking at everything while things are made that stay.

    Models and clients are a million objects; walking all of them takes 150 ms, in which the
    loop stands. Afterwards they are out of its sight for good, once.
    """
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    try:
        yield
        gc.freeze()
    finally:
        gc.set_threshold(young, middle, old)
