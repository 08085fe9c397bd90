"""Frames → what a socket takes: HTTP's chunks, and one deflate stream that many can share.

A block that ends with a full flush refers to nothing before it, so the same blocks serve
every reader, whenever it came; only the header before them and the trailer behind are its own
(RFC 1951, RFC 1952).
"""

from __future__ import annotations

import struct
import zlib
from functools import cache

import msgspec

from proxyd.sse import Format

_LEVEL = 6
_RAW = -15
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"
_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31
_BITS = 32


class Checksum(msgspec.Struct, frozen=True):
    """The CRC-32 and the length of some bytes, which can be joined without the bytes."""

    crc: int = 0
    length: int = 0

    @classmethod
    def of(cls, data: bytes) -> Checksum:
        """Compute that of some bytes."""
        return cls(zlib.crc32(data), len(data))

    def then(self, other: Checksum) -> Checksum:
        """Return that of these bytes and others behind them."""
        if not other.length:
            return self
        return Checksum(_moved(self.crc, other.length) ^ other.crc, self.length + other.length)

    def without(self, start: Checksum) -> Checksum:
        """Return that of what follows after `start`, which these bytes begin with."""
        length = self.length - start.length
        return Checksum(self.crc ^ _moved(start.crc, length), length) if length else Checksum()


class Wire(msgspec.Struct, frozen=True):
    """How one kind of reader gets its bytes."""

    written: Format
    chunked: bool = True
    gzip: bool = False

    def opening(self) -> bytes:
        """Return the first bytes of a stream, which are sent before AWS is asked."""
        packed = self._coded(self.written.greeting) if self.written.greeting else b""
        start = (_HEADER if self.gzip else b"") + packed
        return self._enveloped(start) if start else b""

    def pack(self, frames: bytes) -> bytes:
        """Return what is written for some frames."""
        return self._enveloped(self._coded(frames))

    def ending(self, sent: Checksum) -> bytes:
        """Return the last bytes of a stream that has sent all this."""
        last = b"0\r\n\r\n" if self.chunked else b""
        if not self.gzip:
            return last
        trailer = struct.pack("<II", sent.crc, sent.length % (1 << _BITS))
        return self._enveloped(_LAST_BLOCK + trailer) + last

    def _coded(self, frames: bytes) -> bytes:
        if not self.gzip:
            return frames
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
        return deflate.compress(frames) + deflate.flush(zlib.Z_FULL_FLUSH)

    def _enveloped(self, data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data


def _moved(crc: int, length: int) -> int:
    """Return what a CRC becomes when `length` zero bytes follow: crc · x^(8·length) mod P."""
    power, bits = _x_to_the_eighth(), length
    while bits:
        if bits & 1:
            crc = _product(crc, power)
        bits >>= 1
        power = _square(power)
    return crc


@cache
def _x_to_the_eighth() -> int:
    return _ONE >> 8


@cache
def _square(power: int) -> int:
    return _product(power, power)


def _product(a: int, b: int) -> int:
    """Multiply two polynomials over GF(2) modulo that of CRC-32; bit 31 is the constant term."""
    product = 0
    while a:
        if a & _ONE:
            product ^= b
        a = (a << 1) & 0xFFFFFFFF
        b = (b >> 1) ^ (_POLYNOMIAL if b & 1 else 0)
    return product
