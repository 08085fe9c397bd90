"""How scanners are spread over sessions: worked out once for all streams that ask the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from proxyd.aws.policy import SessionPolicy, pack, split

MAX_PACKINGS = 256


class Packed:
    """One session's worth of types, and its policy as STS takes it."""

    __slots__ = ("document", "policy", "types")

    def __init__(self, policy: SessionPolicy) -> None:
        self.policy = policy
        self.types = frozenset(policy.types)
        self.document = policy.document


class Packing:
    """The sessions that some needs take."""

    def __init__(self, needs: Mapping[str, tuple[str, ...]]) -> None:
        self._needs = needs
        self._packs = [Packed(policy) for policy in pack(needs)]

    def holding(self, types: Iterable[str] | None = None) -> list[Packed]:
        """Return the packs that hold any of these types, or all packs."""
        if types is None:
            return list(self._packs)
        wanted = set(types)
        return [packed for packed in self._packs if not wanted.isdisjoint(packed.types)]

    def refine(self, packed: Packed) -> list[Packed]:
        """Cut a pack in two, for everyone: STS finds its packed form too large.

        Raises:
            ValueError: it holds one type only.

        """
        halves = [Packed(half) for half in split(packed.policy, self._needs)]
        if packed in self._packs:
            place = self._packs.index(packed)
            self._packs[place : place + 1] = halves
        return halves


class Packings:
    """The packings in use, least recently used out first."""

    def __init__(self) -> None:
        self._made: OrderedDict[object, Packing] = OrderedDict()

    def of(self, key: object, needs: Callable[[], Mapping[str, tuple[str, ...]]]) -> Packing:
        """Return the packing of a key, made from its needs when it is asked for first."""
        packing = self._made.get(key)
        if packing is None:
            packing = self._made[key] = Packing(needs())
            if len(self._made) > MAX_PACKINGS:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return packing
