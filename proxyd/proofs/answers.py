"""Answers made from botocore's own output shapes, in the service's own protocol.

Every string and every number says where it comes from: it holds a mark, and `Marks` knows the
operation and the path of each. The same request always gets the same answer.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, NamedTuple

import jmespath
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from moto.core.model import ServiceModel as MotoServiceModel
from moto.core.serialize import get_serializer_class

from proxyd.model import Operation
from proxyd.proofs.shapes import pagination

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MAX_DEPTH = 12
HOSTILE = "<script>\"'&;\n {region} ${jndi:x} %s é☃ \u2028 𝄞"
"""What a tag or a name may hold: markup, templates, line ends, and letters beyond the BMP."""

_MARK = re.compile(r"v(\d+)v")
_ACCOUNT = re.compile(r"(.*owner(id)?|.*account(id)?|registryid|catalogid)", re.IGNORECASE)
_ARN = re.compile(r".*arn", re.IGNORECASE)
_REGION = re.compile(r".*region(name)?", re.IGNORECASE)
_URL = re.compile(r".*ur[li]", re.IGNORECASE)


class Place(NamedTuple):
    """Where a value stands: in which operation's answer, and on which path."""

    operation: Operation
    path: str


class Marks:
    """Which mark stands for which value."""

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}

    def number(self, place: Place, *which: object) -> int:
        """Return the number of one value: the same in every run, whoever is asked first."""
        digest = hashlib.blake2b(repr((place, which)).encode(), digest_size=5).digest()
        number = int.from_bytes(digest)
        self._places[number] = place
        return number

    def found_in(self, value: object) -> set[Place]:
        """Return the places from which a value, or what is in it, was taken."""
        match value:
            case str():
                numbers = [int(n) for n in _MARK.findall(value)]
                return {self._places[n] for n in numbers if n in self._places}
            case bool() | None:
                return set()
            case int() | float():
                return {self._places[int(value)]} if int(value) in self._places else set()
            case Mapping():
                return self.found_in([*value.keys(), *value.values()])
            case Collection():
                return {place for each in value for place in self.found_in(each)}
        return set()


class Where(NamedTuple):
    """The partition, region and account that the answers are about."""

    partition: str
    region: str
    account: str


class Maker:
    """Makes the answers of one operation.

    Args:
        operation: whose answers.
        marks: where each value is noted.
        where: what ARNs and owners say.
        keys: paths that lead through maps, whose keys have to be there.
        texts: path → what the values there are like: globs, taken in turn; "" is any.
        avoided: path → globs that no value there may match.
        only: the paths that are there at all; None: every member of every structure.
        spared: the paths whose texts are not made hostile; None: none are.
        omitted: the paths that are not there.
        size: elements of every list.
        turn: with which of several possible values it begins.

    """

    def __init__(
        self,
        operation: Operation,
        marks: Marks,
        where: Where,
        *,
        keys: Collection[str] = (),
        texts: Mapping[str, list[str]],
        avoided: Mapping[str, list[str]],
        only: Collection[str] | None = None,
        spared: Collection[str] | None = None,
        omitted: Collection[str] = (),
        size: int = 2,
        turn: int = 0,
    ) -> None:
        self._operation = operation
        self._marks = marks
        self._where = where
        self._keys = keys
        self._texts = texts
        self._avoided = avoided
        self._only = only
        self._spared = spared
        self._omitted = omitted
        self._size = size
        self._from = turn
        self._request = ""

    def answer(self, request: str, *, more: bool = False) -> dict[str, Any]:
        """Make the answer to a request; with `more` it says that there is another page."""
        self._request = request
        model = operation_model(self._operation)
        if model.output_shape is None:
            return {}
        made: dict[str, Any] = self._value(model.output_shape, "", 0, ())
        config = pagination(self._operation)
        if config is not None:
            _say_whether_there_is_more(made, config, more=more)
        return made

    def _value(self, shape: Shape, path: str, index: int, seen: tuple[str, ...]) -> Any:  # noqa: PLR0911 - a table reads best as one
        place = Place(self._operation, path)
        number = self._marks.number(place, self._request, index)
        match shape.type_name:
            case "structure":
                return self._structure(shape, path, index, seen)
            case "list":
                size = self._size_of(f"{path}[]")
                return [
                    self._value(shape.member, f"{path}[]", index * size + i, seen)
                    for i in range(size)
                ]
            case "map":
                return self._map(shape, path, index, seen)
            case "string" | "character":
                return self._text(shape, path, index, number)
            case "blob":
                return f"v{number}v".encode()
            case "timestamp":
                return MOMENT
            case "boolean":
                return self._fits(path, "True")
            case "float" | "double":
                return number + 0.5
        return number

    def _size_of(self, path: str) -> int:
        """Return how many elements a list has: enough for one of each kind of text in it."""
        inside = [
            len(globs)
            for at, globs in self._texts.items()
            if at == path.removesuffix("[]")
            or (at.startswith(path) and "[" not in at.removeprefix(path))
        ]
        return self._size and max(self._size, *inside, 0)

    def _structure(
        self, shape: Shape, path: str, index: int, seen: tuple[str, ...]
    ) -> dict[str, Any]:
        if shape.is_document_type or seen.count(shape.name) > 1 or len(seen) > MAX_DEPTH:
            return {}
        inside = (*seen, shape.name)
        members = {f"{path}.{name}".lstrip("."): member for name, member in shape.members.items()}
        wanted = {at: member for at, member in members.items() if self._is_there(at)}
        if shape.is_tagged_union:
            # One of them, and the next one the next time.
            turn = self._turn(index)
            names = [at for at in wanted if self._is_read(at)] or [*wanted]
            wanted = {at: wanted[at] for at in names[turn % len(names) :][:1]} if names else {}
        return {
            at.rpartition(".")[2]: self._value(member, at, index, inside)
            for at, member in wanted.items()
        }

    def _is_there(self, path: str) -> bool:
        if self._only is None or path in self._omitted:
            return path not in self._omitted
        return any(_leads_to(path, wanted) or _leads_to(wanted, path) for wanted in self._only)

    def _map(self, shape: Shape, path: str, index: int, seen: tuple[str, ...]) -> dict[str, Any]:
        inside = [key[len(path) + 1 :].split(".")[0] for key in self._keys if _leads_to(path, key)]
        names = sorted({name.removesuffix("[]") for name in inside if name})
        if not names:
            place = Place(self._operation, f"{path}.key")
            number = self._marks.number(place, self._request, index)
            name = self._text(shape.key, f"{path}.key", index, number)
            return {name: self._value(shape.value, f"{path}.*", index, seen)}
        return {name: self._value(shape.value, f"{path}.{name}", index, seen) for name in names}

    def _text(self, shape: Shape, path: str, index: int, number: int) -> str:
        words = [str(word) for word in shape.enum if self._fits(path, word)]
        if shape.enum:
            words = words or [str(word) for word in shape.enum]
            return words[self._turn(index) % len(words)]
        globs = self._texts.get(path, self._texts.get(path.removesuffix("[]"), [""]))
        glob = globs[self._turn(index) % len(globs)]
        if glob:
            return _like(glob, f"v{number}v")
        text: str = self._plain(path.rpartition(".")[2].removesuffix("[]"), number)
        text += "x" * (shape.metadata.get("min", 0) - len(text))  # it may be a parameter yet
        if self._spared is not None and path not in self._spared:
            return f"{text} {HOSTILE}"
        return text

    def _turn(self, index: int) -> int:
        """Return whose turn it is among several: the next one's with each element and request."""
        return index + self._from + zlib.crc32(self._request.encode())

    def _is_read(self, path: str) -> bool:
        return any(_leads_to(path, key) for key in self._keys)

    def _fits(self, path: str, word: str) -> bool:
        """Whether a word is one that the filters of the scanner let through."""
        if any(fnmatchcase(word, glob) for glob in self._avoided.get(path, ())):
            return False
        return any(fnmatchcase(word, glob or "*") for glob in self._texts.get(path, ("*",)))

    def _plain(self, name: str, number: int) -> str:
        where, mark = self._where, f"{name}-v{number}v"
        if _ARN.fullmatch(name.removesuffix("s")):
            service = self._operation.service
            return f"arn:{where.partition}:{service}:{where.region}:{where.account}:{mark}"
        if _ACCOUNT.fullmatch(name):
            return where.account
        if _REGION.fullmatch(name):
            return where.region
        if _URL.fullmatch(name):
            return (
                f"https://{self._operation.service}.{where.region}.example/{where.account}/{mark}"
            )
        return mark


@cache
def _loader() -> Loader:
    """Return a loader of its own: botocore's clients change the models that they are made from."""
    return Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def _like(glob: str, mark: str) -> str:
    """Make a text that a glob matches, with a mark where it leaves room for one."""
    glob = re.sub(r"[()]", "", glob)
    classes = re.sub(r"\[(!?)(.)[^\]]*\]", lambda m: "x" if m[1] else m[2], glob)
    return classes.replace("*", mark).replace("?", "x")


def _leads_to(path: str, end: str) -> bool:
    """Whether a path is the beginning of another, or the whole of it."""
    rest = end.removeprefix(path)
    return rest != end and (not rest or rest[0] in ".[" or not path)


def _say_whether_there_is_more(made: dict[str, Any], config: dict[str, Any], *, more: bool) -> None:
    says = _listed(config.get("more_results"))
    for path in says:
        _set(made, path, more)
    for path in _listed(config["output_token"]):
        if not more:
            _set(made, path, None)


def _set(made: dict[str, Any], path: str, value: object) -> None:
    """Set a member, or take it away; what is no plain path is left as it is."""
    *before, last = path.split(".")
    for name in before:
        made = made.get(name, {})
    if not last.isidentifier():
        return
    if value is None:
        made.pop(last, None)
    else:
        made[last] = value


def tokens_of(operation: Operation, answer: dict[str, Any]) -> list[str]:
    """Return what a request for the page after an answer would bear."""
    config = pagination(operation)
    if config is None:
        return []
    found = [jmespath.search(path, answer) for path in _listed(config["output_token"])]
    return [str(token) for token in found if token]


def _listed(value: str | list[str] | None) -> list[str]:
    if isinstance(value, list):
        return value
    return [value] if value else []


@cache
def _service_model(service: str) -> ServiceModel:
    return ServiceModel(_loader().load_service_model(service, "service-2"), service)


def operation_model(operation: Operation) -> OperationModel:
    """Load an operation's model."""
    return _service_model(operation.service).operation_model(operation.name)


def response(operation: Operation, value: Any) -> dict[str, Any]:
    """Write a value as the service would, as botocore's parsers take it."""
    protocol = operation_model(operation).service_model.resolved_protocol
    loaded = _loader().load_service_model(operation.service, "service-2")
    model = MotoServiceModel(loaded, operation.service).operation_model(operation.name)
    written = get_serializer_class(operation.service, protocol)(model).serialize(value)
    body = written["body"]
    return {
        "body": body.encode() if isinstance(body, str) else body,
        "headers": {name.lower(): str(text) for name, text in written["headers"].items()},
        "status_code": written["status_code"],
        "context": {"operation_name": operation.name},
    }
