"""What a request shows of who sends it: raw, and not believed yet."""

from __future__ import annotations

import msgspec


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """The credentials of one request.

    Attributes:
        peer: the address at the other end of the connection, or "unix".
        authorization: every Authorization header.
        cookie: the value of the session cookie.
        certificate: the client certificate that the TLS handshake has proven, in DER.
        headers: by lower-case name, every value of the headers that a front proxy may set.

    """

    peer: str
    authorization: tuple[str, ...] = ()
    cookie: str | None = None
    certificate: bytes | None = None
    headers: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    def values(self, name: str | None) -> tuple[str, ...]:
        """Return every value of a header; none where it has no name."""
        return () if name is None else self.headers.get(name.casefold(), ())

    def __repr__(self) -> str:
        """Show nothing: all of it is secret, or somebody's."""
        return "Presented(...)"
