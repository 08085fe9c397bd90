"""Whether the roles are still given, of all targets that are streamed: asked every few seconds.

One right is tried for each target, by turns; only when that is refused are the others. So it
costs STS one request for each target in that time, however many streams there are.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

from proxyd.alarms import Alarm, Alarms
from proxyd.model import Target
from proxyd.rights import Right, Rights

LOOKS = 50.0
"""Rights that are tried each second, all in all: with very many targets it takes longer."""


class _Post:
    """One target that is watched over."""

    __slots__ = ("alarm", "holders", "looking")

    def __init__(self) -> None:
        self.holders: Counter[Right] = Counter()
        self.alarm: Alarm | None = None
        self.looking: asyncio.Task[None] | None = None


class Sentinel:
    """Finds out soon when a role is taken away, and tells the holders of the rights to it."""

    def __init__(self, rights: Rights, alarms: Alarms, seconds: float) -> None:
        self._rights = rights
        self._alarms = alarms
        self._seconds = seconds
        self._posts: dict[Target, _Post] = {}

    def hold(self, right: Right) -> None:
        """Watch over a right, for one stream more."""
        target = right.access.purpose.target
        post = self._posts.setdefault(target, _Post())
        post.holders[right] += 1
        if post.alarm is None and post.looking is None:
            self._rest(target, post)

    def drop(self, right: Right) -> None:
        """Forget a right, for one stream."""
        target = right.access.purpose.target
        post = self._posts.get(target)
        if post is None:
            return  # a stream that ended after all others had to
        post.holders[right] -= 1
        if not post.holders[right]:
            del post.holders[right]
        if not post.holders:
            del self._posts[target]
            self._end(post)

    def stop(self) -> None:
        """Look no more."""
        for post in self._posts.values():
            self._end(post)
        self._posts.clear()

    def _end(self, post: _Post) -> None:
        if post.alarm is not None:
            self._alarms.call_off(post.alarm)
        if post.looking is not None:
            post.looking.cancel()

    def _rest(self, target: Target, post: _Post) -> None:
        pause = max(self._seconds, len(self._posts) / LOOKS)
        post.alarm = self._alarms.after(pause, partial(self._start, target, post))

    def _start(self, target: Target, post: _Post) -> None:
        post.alarm = None
        post.looking = asyncio.create_task(self._look(target, post))

    async def _look(self, target: Target, post: _Post) -> None:
        try:
            sample = next((right for right in post.holders if right.refused is None), None)
            if sample is not None:
                post.holders[sample] = post.holders.pop(sample)  # the next one is another's turn
                await self._rights.check(sample)
                if sample.refused is not None:
                    await self._look_at_all(post, sample)
        finally:
            post.looking = None
            if self._posts.get(target) is post:
                self._rest(target, post)

    async def _look_at_all(self, post: _Post, sample: Right) -> None:
        """Try one right of each principal: whom a role trusts may depend on who it is for."""
        answers = {sample.access.purpose.principal: sample.refused}
        for right in list(post.holders):
            name = right.access.purpose.principal
            if right.refused is not None:
                continue  # it knows; and what was refused to it then may be given by now
            if name not in answers:
                await self._rights.check(right)
                answers[name] = right.refused
            elif (why := answers[name]) is not None:
                right.taken(why)
