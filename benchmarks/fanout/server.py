"""A contestant that serves: how it is reached, which processes it is, how it is fed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

NCHAN = "nchan"
PROXYD = "proxyd"


class Server(NamedTuple):
    """A server that runs.

    Attributes:
        name: who it is.
        session: the session that all its processes are in.
        port: on the loopback address.
        path: of the stream.
        headers: that every request for the stream has.
        publishing: has it send so many events a second for the time of a block.

    """

    name: str
    session: int
    port: int
    path: str
    headers: tuple[str, ...]
    publishing: Callable[[float], AbstractContextManager[None]]
