"""What `listing()` is made from: the steps of a declaration, as data that can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from proxyd.model import LinkTo, Operation
from proxyd.paths import CONSTANTS, ITEM, PARENT, bare, placeholders, reads


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One API operation of a declaration; its parameters may name fields of the item before.

    Attributes:
        service: botocore's service name.
        operation: the API's operation name.
        items: the path of the items in the answer; None where the answer itself is the item.
        params: constant parameters, and templates such as `"{clusterArn}"` or `"{region}"`.

    """

    service: str
    operation: str
    items: str | None
    params: dict[str, Any]

    @property
    def op(self) -> Operation:
        """The operation, as sessions and guards know it."""
        return Operation(self.service, self.operation)


class Pages(Step, frozen=True, kw_only=True):
    """List, page after page; without `items` the one answer is the one item.

    `at_home` are other parameters with which the home region of the partition lists again.
    """

    at_home: dict[str, Any] = {}


class Each(Step, frozen=True, kw_only=True):
    """Call once per item: for its children (`items`), or for more about it (merged into it).

    With `into` the answer is kept under that name, or with `items` too the list of them, and
    the item stands without it if AWS has nothing or refuses; without, an item that is gone is
    left out. With `always` it is called for `detail=list` too, because which items are
    resources depends on it.
    """

    into: str | None = None
    always: bool = False

    @property
    def merges(self) -> bool:
        """Whether it adds to the item instead of listing what is under it."""
        return self.items is None or self.into is not None

    @property
    def is_detail(self) -> bool:
        """Whether `detail=list` leaves it out."""
        return self.merges and not self.always


class Batch(Step, frozen=True, kw_only=True):
    """Call once per `size` items: the parameter that is a list of one template collects them."""

    size: int

    @property
    def collects(self) -> str:
        """The name of the parameter that takes the list.

        Raises:
            ValueError: there is none.

        """
        for name, value in self.params.items():
            if _is_collector(value):
                return name
        msg = f'{self.operation}: no parameter collects the items, as names=["{{@}}"] would'
        raise ValueError(msg)


class Tagged(msgspec.Struct, frozen=True):
    """Tags from the tagging API: one paged call for all resources of a kind in a region."""

    kind: str
    step: Pages


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """A whole `listing()`, before it is compiled."""

    type: str
    steps: tuple[Step, ...]
    arn: str
    id: str | None
    name: str
    tags: str | Tagged | None
    properties: dict[str, str]
    links: tuple[LinkTo, ...]
    keep: tuple[str, ...]
    drop: tuple[str, ...]

    def operations(self) -> tuple[Operation, ...]:
        """Every operation it calls, in the order of their first use."""
        ops = [step.op for step in self.steps]
        if isinstance(self.tags, Tagged):
            ops.append(self.tags.step.op)
        return tuple(dict.fromkeys(ops))

    def detail_operations(self) -> tuple[Operation, ...]:
        """The operations that only `detail=full` calls: those that cost a call per resource."""
        detail = [s.op for s in self.steps if isinstance(s, Each) and s.is_detail]
        kept = {s.op for s in self.steps if not (isinstance(s, Each) and s.is_detail)}
        return tuple(op for op in dict.fromkeys(detail) if op not in kept)

    def reads(self) -> dict[Operation, tuple[str, ...]]:
        """Return which paths of each operation's answer it reads: the rest need not be made.

        It goes from the last step to the first, since what a step must give is what the
        declaration and the steps after it take from its items.
        """
        found: dict[Operation, set[str]] = {}
        needed = self._read_of_items()
        for step in reversed(self.steps):
            answer, needed = _split(step, needed)
            found.setdefault(step.op, set()).update(answer)
        if isinstance(self.tags, Tagged):
            items = str(self.tags.step.items)
            found.setdefault(self.tags.step.op, set()).update({items, "PaginationToken"})
        return {op: tuple(sorted(paths)) for op, paths in found.items()}

    def origins(self, path: str) -> set[tuple[Operation, str]]:
        """Return the operations whose answers may give what is at a path, and where in them."""
        found: set[tuple[Operation, str]] = set()
        here: str | None = bare(path)
        for step in reversed(self.steps):
            if here is None:
                break
            there, here = place(step, here)
            if there is not None:
                found.add((step.op, there))
        return found

    def _read_of_items(self) -> set[str]:
        """Return the paths that are read of an item when it has been through all steps."""
        named = [*self.properties.values(), *(link.path for link in self.links)]
        named += [path for path in (self.id, *self.keep[:1], *self.drop[:1]) if path]
        named += [path for glob in (*self.keep[1:], *self.drop[1:]) for path in placeholders(glob)]
        if not self.name.startswith("tag:"):
            named.append(self.name)
        if isinstance(self.tags, str):
            named.append(self.tags)
        arn = placeholders(self.arn) or [self.arn]
        paths = [path for path in (*named, *arn) if path not in CONSTANTS]
        return {read for path in paths for read in reads(path)}

    def cost(self) -> str:
        """The calls it takes, in words: `1 per region +1 per resource`."""
        words = ["1 per region"]
        for step in self.steps[1:]:
            match step:
                case Batch():
                    words.append(f"+1 per {step.size}")
                case Each() if step.merges:
                    words.append("+1 per resource")
                case _:
                    words.append("+1 per parent")
        if isinstance(self.tags, Tagged):
            words.append("+1 per 100 tagged")
        return " ".join(words)


def place(step: Step, path: str) -> tuple[str | None, str | None]:
    """Tell where a path of the items that a step leaves may come from.

    Returns:
        the path in the step's answer, and the path in the items that it is given.

    """
    if isinstance(step, Each) and step.into is not None:
        if path.partition(".")[0].removesuffix("[]") != step.into:
            return None, path
        return _under(step.items, path.removeprefix(step.into)), None
    if isinstance(step, Each) and step.merges:
        return (None, path) if _is_above(path) else (path, path)
    if step.items is not None and _is_above(path):
        return None, path if isinstance(step, Batch) else path.removeprefix(f"{PARENT}.")
    return _under(step.items, f".{path}"), None


def _under(items: str | None, rest: str) -> str:
    """Write where in an answer the rest of a path is: under its items, or in the answer itself."""
    if items is None:
        return rest.removeprefix(".")
    return f"{items}{rest.removeprefix('[]')}".removesuffix(f".{ITEM}")


def _split(step: Step, needed: set[str]) -> tuple[set[str], set[str]]:
    """Tell what of the needed paths this step's answer gives from what came before it."""
    places = [place(step, path) for path in needed]
    answer = {path for path, _ in places if path is not None}
    before = {path for _, path in places if path is not None}
    before |= {read for path in templates(step.params) for read in reads(path)}
    return (answer or {step.items} if step.items else answer), before


def _is_above(path: str) -> bool:
    return path.startswith(f"{PARENT}.")


def templates(value: Any) -> Iterator[str]:
    """Yield the paths in all templates among some parameters."""
    match value:
        case str():
            yield from (path for path in placeholders(value) if path not in CONSTANTS)
        case list():
            yield from (path for each in value for path in templates(each))
        case dict():
            yield from (path for each in value.values() for path in templates(each))


def _is_collector(value: object) -> bool:
    match value:
        case [str(template)] if placeholders(template):
            return True
    return False
