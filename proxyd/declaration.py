"""What `listing()` is made from: the steps of a declaration, as data that can be checked."""

from __future__ import annotations

from typing import Any

import msgspec

from proxyd.model import LinkTo, Operation
from proxyd.paths import placeholders


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
    """List, page after page."""


class Each(Step, frozen=True, kw_only=True):
    """Call once per item: for its children (`items`), or for more about it (merged into it).

    With `into` the answer is kept under that name, and the item stands without it if AWS
    has nothing or refuses; without, an item that is gone is left out. With `always` it is
    called for `detail=list` too, because which items are resources depends on it.
    """

    into: str | None = None
    always: bool = False

    @property
    def merges(self) -> bool:
        """Whether it adds to the item instead of listing what is under it."""
        return self.items is None

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

    def cost(self) -> str:
        """The calls it takes, in words: `1 per region +1 per resource`."""
        words = ["1 per region"]
        for step in self.steps[1:]:
            match step:
                case Batch():
                    words.append(f"+1 per {step.size}")
                case Each(items=None):
                    words.append("+1 per resource")
                case _:
                    words.append("+1 per parent")
        if isinstance(self.tags, Tagged):
            words.append("+1 per 100 tagged")
        return " ".join(words)


def _is_collector(value: object) -> bool:
    match value:
        case [str(template)] if placeholders(template):
            return True
    return False
