"""What AWS's services can do, read from botocore's models."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore
import msgspec
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

from proxyd.model import Operation


class _Model(msgspec.Struct):
    """Of a service model only the names of the operations: the rest stays unparsed."""

    operations: dict[str, msgspec.Raw]


_decoder = msgspec.json.Decoder(_Model)
_DATA = Path(botocore.__file__).parent / "data"


@cache
def builtin_loader() -> Loader:
    """Return what loads botocore's own models, none of ~/.aws/models or $AWS_DATA_PATH."""
    return Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


@cache
def operations_of(service: str) -> frozenset[str]:
    """Return a service's operation names; empty where botocore knows no such service.

    It reads names only, at about 2 ms a service: loading the whole model of EC2 alone costs
    a hundred.
    """
    try:
        version = builtin_loader().determine_latest_version(service, "service-2")
    except (DataNotFoundError, UnknownServiceError):
        return frozenset()
    path = _DATA / service / version / "service-2.json.gz"
    return frozenset(_decoder.decode(gzip.decompress(path.read_bytes())).operations)


_BOTOCORES_OWN = frozenset({Operation("s3", "HeadBucket")})
"""Operations that botocore calls by itself: the guard has to meet them to refuse them."""

Model = dict[str, Any]


class NarrowLoader(Loader):  # type: ignore[misc] # botocore is untyped
    """Loads service models with the operations that scanners declare, and no others.

    A client has a method and a docstring for each operation of its service, and EC2 has seven
    hundred: with the declared ones only, 2,100 clients take 590 MB instead of 1,040.
    """

    _cache: dict[Any, Any]

    def __init__(self, operations: Iterable[Operation]) -> None:
        super().__init__([self.BUILTIN_DATA_PATH], include_default_search_paths=False)
        self._wanted: dict[str, set[str]] = {}
        for service, name in {*operations, *_BOTOCORES_OWN}:
            self._wanted.setdefault(service, set()).add(name)
        self._narrow: dict[str, Model] = {}

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Model:
        """Load a model, narrowed if it is that of a service and not of its pages or endpoints."""
        if type_name != "service-2" or service_name not in self._wanted:
            loaded: Model = super().load_service_model(service_name, type_name, api_version)
            return loaded
        if service_name not in self._narrow:
            whole = super().load_service_model(service_name, type_name, api_version)
            self._narrow[service_name] = narrowed(whole, self._wanted[service_name])
            self._forget(whole)
        return self._narrow[service_name]

    def _forget(self, whole: Model) -> None:
        """Let go of a whole model: botocore's loader would keep it."""
        # Clients are made in a thread, and the loop reads how they page: it adds to this meanwhile.
        kept = [(k, v) for k, v in list(self._cache.items()) if v is not whole]
        self._cache = {k: v for k, v in kept if not (isinstance(v, tuple) and v[0] is whole)}


def narrowed(model: Model, operations: Iterable[str]) -> Model:
    """Copy a service model with some operations, the shapes that those need, and no prose."""
    wanted = set(operations)
    kept = {
        name: _without_prose(operation)
        for name, operation in model["operations"].items()
        if name in wanted or operation.get("endpointoperation")
    }
    shapes = model["shapes"]
    reached = {name for name, shape in shapes.items() if shape.get("exception")}
    new = {name for operation in kept.values() for name in _references(operation)} | reached
    while new:
        reached |= new
        new = {name for shape in new for name in _references(shapes[shape])} - reached
    return {
        **model,
        "operations": kept,
        "shapes": {name: _without_prose(shapes[name]) for name in shapes if name in reached},
    }


def _references(value: object) -> Iterator[str]:
    """Yield the names of the shapes that a part of a model refers to."""
    match value:
        case {"shape": str(name)}:
            yield name
    if isinstance(value, dict):
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_prose(part)
            for name, part in value.items()
            if name != "documentation" or not isinstance(part, str)
        }
    return value
