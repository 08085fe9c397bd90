"""A plugin whose resources hold what hurts clients of Server-Sent Events.

`TRUTH` says, type by type, what a scan yields; the daemon imports this module as the plugin
`torture`, and the tests import it to know what every client must end up with.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable, Iterator

from proxyd.plugin import Operation, Resource, Scanner, Shard, hookimpl

GAP = 0.4
"""Seconds between two resources of the slow scanner."""

HOW_SLOW = 6
SILENCE = 16.0
"""Seconds in which the silent scanner finds nothing: a keep-alive is due after 15 at most."""

HOW_MANY = 5000
LIMIT = 256 * 1024
"""Bytes that an event has to stay under."""

HURTS = {
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "next line": "\u0085",
    "vertical tab": "\v",
    "form feed": "\f",
    "file separator": "\x1c",
    "record separator": "\x1e",
    "nul": "\0",
    "carriage return": "\r",
    "line feed": "\n",
    "both": "\r\n",
    "blank line": "\n\n",
    "blank lines of all kinds": "\r\r\n\n\r\n\r\n",
    "byte order mark": "\ufeff",
    "not a character": "\uffff",
    "delete": "\x7f",
    "escape": "\x1b[31m",
    "emoji": "\U0001f9e8",
    "emoji of many": "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "flag": "\U0001f1e6\U0001f1f9",
    "last of all": "\U0010ffff",
    "combining": "e\u0301\u0323 Z\u0351\u036b\u0343",
    "right to left": "\u202eabc\u202c \u05d0\u05d1 \u0627\u0644",
    "zero width": "\u200b\u200c\u200d\u2060",
    "no-break space": "\u00a0",
    "ideographic space": "\u3000",
    "half a pair, spelled out": "\\ud83d",
    "escapes, spelled out": "\\n \\u2028 \\\\ \\x00",
    "data field": "\ndata: forged\n\n",
    "event field": "\nevent: closing\ndata: {}\n\n",
    "id field": "\nid: 0-0\n",
    "retry field": "\nretry: 1\n",
    "comment": "\n: comment\n",
    "chunk": "\r\n0\r\n\r\n",
    "quotes": "\"'`“”",
    "backslashes": "\\",
    "markup": "</script><!--&amp;]]>",
    "percent": "%0a%00%u2028",
    "leading spaces": "   a",
    "trailing spaces": "a   ",
    "one space": " ",
    "tab": "\t",
    "colon": ":",
    "empty": "",
}
"""What hurts, by what it is; each stands alone, at the start, in the middle and at the end."""

LONG = {
    "long": "x" * (LIMIT - 1200),
    "long and escaped": "\u2028" * 43_000,
    "long in pairs": "\U0001f9e8" * 21_600,
    "long line feeds": "\n" * 130_000,
}
"""Values whose events are just under the limit: an escape makes six bytes of one character."""

TOO_LONG = "y" * LIMIT

ACCOUNT = "222222222222"

Made = tuple[str, dict[str, object]]
Take = Callable[[], Iterator[Made]]


def texts() -> Iterator[Made]:
    """Give every text that hurts, wherever a resource may hold one."""
    for what, hurt in HURTS.items():
        values = [hurt, f"{hurt}a", f"a{hurt}b", f"a{hurt}", f"{hurt}{hurt}"]
        yield (
            f"text/{what}/{hurt}",
            {
                "name": f"a{hurt}b",
                "tags": {f"key{hurt}": hurt, hurt: "value"},
                "properties": {"Value": hurt, "Values": values},
            },
        )


def sizes() -> Iterator[Made]:
    """Give values that only just fit, and one that does not and is left out."""
    for what, value in LONG.items():
        yield f"size/{what}", {"properties": {"Value": value, "Values": []}}
    yield "size/too long", {"properties": {"Value": TOO_LONG, "Values": ["kept"]}}


def many() -> Iterator[Made]:
    """Give thousands that are small."""
    for number in range(HOW_MANY):
        yield f"many/{number}", {"properties": {"Value": number}}


def silent() -> Iterator[Made]:
    """Give one before the silence and one after it."""
    yield "silent/before", {}
    yield "silent/after", {}


def fickle(round_: int) -> Iterator[Made]:
    """Give two resources: one stays for the next round, changed, and one does not."""
    hurts = list(HURTS.values())
    for number in (round_, round_ + 1):
        properties = {"Value": hurts[round_ % len(hurts)], "Round": round_}
        yield f"fickle/{number}", {"properties": properties}


TYPES: dict[str, Take] = {
    "Torture::Text::Value": texts,
    "Torture::Size::Value": sizes,
    "Torture::Many::Value": many,
    "Torture::Silent::Value": silent,
}


def found(shard: Shard, made: Made) -> Resource:
    """Make a resource of it."""
    id_, more = made
    return shard.resource(arn=f"arn:aws:torture:::{id_}", id=id_, **more)  # type: ignore[arg-type]


def straight(take: Take) -> Callable[[Shard], AsyncGenerator[Resource, None]]:
    """Scan as fast as it goes."""

    async def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        for made in take():
            yield found(shard, made)

    return scan


async def with_silence(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Find nothing for a while."""
    before, after = silent()
    yield found(shard, before)
    await asyncio.sleep(SILENCE)
    yield found(shard, after)


async def slowly(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Find one after the other, each with the time at which it was."""
    for number in range(HOW_SLOW):
        yield found(shard, (f"slow/{number}", {"properties": {"At": time.time()}}))
        await asyncio.sleep(GAP)


async def without_end(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Find something every tenth of a second, for as long as someone listens."""
    number = 0
    while True:
        yield found(shard, (f"endless/{number}", {"properties": {"At": time.time()}}))
        number += 1
        await asyncio.sleep(0.1)


async def once_and_never_again(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Find one, and then nothing for as long as someone listens."""
    yield found(shard, ("waiting/0", {"properties": {"At": time.time()}}))
    await asyncio.Event().wait()


def different_each_time() -> Callable[[Shard], AsyncGenerator[Resource, None]]:
    """Make a scan that finds something else in each round."""
    rounds = itertools.count()

    async def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        for made in fickle(next(rounds)):
            yield found(shard, made)

    return scan


async def half_a_pair(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Find a text that no encoding of Unicode can carry."""
    yield found(shard, ("half/whole", {}))
    yield found(shard, ("half/half", {"properties": {"Value": "a\ud83db"}}))


SCANS = {
    **{type_: straight(take) for type_, take in TYPES.items()},
    "Torture::Silent::Value": with_silence,
    "Torture::Slow::Value": slowly,
    "Torture::Endless::Value": without_end,
    "Torture::Waiting::Value": once_and_never_again,
    "Torture::Half::Value": half_a_pair,
    "Torture::Fickle::Value": different_each_time(),
}


@hookimpl
def proxyd_scanners() -> list[Scanner]:
    """Return one scanner for each way to hurt."""
    declared = (Operation("ec2", "DescribeVpcs"),)  # one has to be; none is ever called
    return [
        Scanner(
            type=type_,
            scope="global",
            operations=declared,
            fields=("Value", "Values", "At", "Round"),
            scan=scan,
        )
        for type_, scan in SCANS.items()
    ]
