"""Post messages to nchan at a fixed rate, over one connection, until told to stop.

A message is sent when it is due, whether or not the one before has been answered: a server that
can not keep up is not spared, and what it makes wait is seen to wait.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import sys
import threading
import time
from typing import NoReturn

from benchmarks.fanout import payload

HOST = "127.0.0.1"
_CHUNK = 1 << 16
_GOOD, _ANY = b"HTTP/1.1 2", b"HTTP/1.1 "


class Answers(threading.Thread):
    """Reads the answers, so that they hold nobody up, and counts them."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(daemon=True)
        self.good = 0
        self.all = 0
        self._connection = connection

    def run(self) -> None:
        """Read until the connection ends."""
        rest = b""
        while data := self._connection.recv(_CHUNK):
            *answers, rest = (rest + data).split(b"\r\n\r\n")
            self.all += sum(_ANY in answer for answer in answers)
            self.good += sum(_GOOD in answer for answer in answers)


def publish(port: int, path: str, rate: float) -> NoReturn:
    """Post for ever."""
    with socket.create_connection((HOST, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = Answers(connection)
        answers.start()
        sent = 0
        signal.signal(signal.SIGTERM, lambda *_: _tell(sent, answers))
        due = time.monotonic()
        while True:
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))
            connection.sendall(_request(path, payload.message(sent, time.time_ns() // 1000)))
            sent += 1


def _request(path: str, body: bytes) -> bytes:
    return (
        b"POST %b HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\n"
        b"X-EventSource-Event: %b\r\nContent-Length: %d\r\n\r\n%b"
        % (path.encode(), HOST.encode(), payload.EVENT.encode(), len(body), body)
    )


def _tell(sent: int, answers: Answers) -> NoReturn:
    told = {"sent": sent, "answered": answers.all, "good": answers.good}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.exit(0)


def main() -> None:
    """Read the options and post."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--rate", type=float, required=True)
    given = parser.parse_args()
    publish(given.port, given.path, given.rate)


if __name__ == "__main__":
    main()
