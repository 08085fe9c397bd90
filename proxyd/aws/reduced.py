"""Parsers that make only what a scanner declares.

botocore turns every field of an answer into Python objects: a page of 1,000 EC2 instances
takes 0.3 s of CPU, on the event loop. A scanner says which paths it reads, so the output
shape is reduced to those; for the XML of the query protocols it is also compiled to closures,
which is four to six times faster than botocore's walk. What comes out is
what botocore's own parser makes of the same answer, less the fields that nobody asked for:
tests/unit/test_reduced.py compares the two for every operation that scanners use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element  # for the type: botocore does the parsing

from aiobotocore.parsers import PROTOCOL_PARSERS, AioResponseParserFactory
from botocore.model import ListShape, Shape, StructureShape
from botocore.parsers import QueryParser
from botocore.utils import parse_timestamp

from proxyd.aws import binding
from proxyd.model import Operation
from proxyd.paths import segments

Reader = Callable[[Element], Any]
Tree = dict[str, "Tree"]

_REDIRECT = 300


def reduce(shape: Shape, paths: Iterable[str]) -> Shape:
    """Return a copy of a shape that has only what lies on some paths, or under their ends."""
    return _reduce(shape, _tree(paths))


def _tree(paths: Iterable[str]) -> Tree:
    """Join paths to a tree of names; a name without branches means all that is under it."""
    root: Tree = {}
    for path in paths:
        branch, ended = root, False
        for name, _ in segments(path):
            ended = name in branch and not branch[name]
            if ended:
                break
            branch = branch.setdefault(name, {})
        if not ended:
            branch.clear()
    return root


def _reduce(shape: Shape, tree: Tree) -> Shape:
    if not tree:
        return shape
    if isinstance(shape, ListShape):
        return _with(shape, member=_reduce(shape.member, tree))
    if isinstance(shape, StructureShape) and not shape.is_document_type:
        members = {n: _reduce(m, tree[n]) for n, m in shape.members.items() if n in tree}
        return _with(shape, members=members)
    return shape


def _with(shape: Shape, **properties: Any) -> Shape:
    """Copy a shape with its cached properties set beforehand, so that they are not made."""
    copy = type(shape)(shape.name, shape._shape_model, shape._shape_resolver)  # noqa: SLF001 - there is no copy()
    copy.__dict__.update(properties)
    return copy


def compile_xml(shape: Shape) -> Reader | None:
    """Compile a shape to a function of an XML element, for the query and EC2 protocols.

    None where it holds what few answers have (maps, flattened lists): botocore's walk does those.
    """
    match shape.type_name:
        case "structure" if not shape.is_tagged_union:
            return _structure(shape)
        case "list" if not shape.serialization.get("flattened"):
            return _list(shape)
        case scalar:
            return _SCALARS.get(scalar)


def _list(shape: Shape) -> Reader | None:
    member = compile_xml(shape.member)
    return None if member is None else lambda element: [member(child) for child in element]


def _structure(shape: Shape) -> Reader | None:
    fields: dict[str, tuple[str, Reader]] = {}
    for name, member in shape.members.items():
        reader = compile_xml(member)
        if reader is None or member.serialization.keys() & _ELSEWHERE:
            return None
        fields[member.serialization.get("name", name)] = (name, reader)
    find = fields.get

    def read(element: Element) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for child in element:
            tag = child.tag
            field = find(tag[tag.rfind("}") + 1 :])
            if field is not None and field[0] not in out:
                out[field[0]] = field[1](child)
        return out

    return read


def timestamp(text: Any) -> datetime:
    """Parse a timestamp as botocore does, without the detour where it is plain ISO 8601."""
    if isinstance(text, str) and _ISO.fullmatch(text):
        return datetime.fromisoformat(text)
    parsed: datetime = parse_timestamp(text)
    return parsed


_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?(Z|[+-]\d\d:\d\d)")
_ELSEWHERE = frozenset({"location", "xmlAttribute", "eventheader", "flattened"})
_SCALARS: dict[str, Reader] = {
    "boolean": lambda element: element.text == "true",
    "character": lambda element: element.text or "",
    "double": lambda element: float(element.text or ""),
    "float": lambda element: float(element.text or ""),
    "integer": lambda element: int(element.text or ""),
    "long": lambda element: int(element.text or ""),
    "string": lambda element: element.text or "",
    "timestamp": lambda element: timestamp(element.text or ""),
}


class Reduced:
    """An output shape reduced to some paths, and what reads it from XML."""

    def __init__(self, shape: Shape, paths: tuple[str, ...]) -> None:
        self.shape = reduce(shape, paths)
        self.read = compile_xml(self.shape)


class Reductions:
    """The reduced shapes of the operations that scanners use: made once, used in every region."""

    def __init__(self) -> None:
        self._made: dict[tuple[Operation, tuple[str, ...]], Reduced] = {}

    def of(self, response: dict[str, Any], shape: Shape | None) -> Reduced | None:
        """Return what to parse an answer by, None where all of it is wanted."""
        call = binding.current()
        if call.paths is None or shape is None or response["status_code"] >= _REDIRECT:
            return None
        if response["context"]["operation_name"] != call.operation.name:
            return None
        key = (call.operation, call.paths)
        if key not in self._made:
            self._made[key] = Reduced(shape, call.paths)
        return self._made[key]


class ParserFactory(AioResponseParserFactory):  # type: ignore[misc] # aiobotocore is untyped
    """Gives aiobotocore's own parsers, each told to make no more than was declared."""

    def __init__(self) -> None:
        super().__init__()
        self.set_parser_defaults(timestamp_parser=timestamp)
        self._reductions = Reductions()
        self._parsers: dict[str, Any] = {}

    def create_parser(self, protocol_name: str) -> Any:
        """Return the parser of a protocol; it holds no state, so one does for all."""
        parser = self._parsers.get(protocol_name)
        if parser is None:
            kind = _reducing(PROTOCOL_PARSERS[protocol_name], self._reductions)
            parser = self._parsers[protocol_name] = kind(**self._defaults)
        return parser


def _reducing(parser: Any, reductions: Reductions) -> Any:
    class Reducing(parser):  # type: ignore[misc]
        def _do_parse(self, response: dict[str, Any], shape: Shape | None) -> Any:
            reduced = reductions.of(response, shape)
            if reduced is None:
                return super()._do_parse(response, shape)
            if reduced.read is None or not isinstance(self, QueryParser):
                return super()._do_parse(response, reduced.shape)
            return _read(self, response, reduced)

    return Reducing


def _read(parser: Any, response: dict[str, Any], reduced: Reduced) -> dict[str, Any]:
    """Parse as `QueryParser._parse_body_as_xml` does, with the compiled reader for its walk."""
    root = parser._parse_xml_string_to_dom(response["body"])  # noqa: SLF001 - it is a QueryParser
    start = root
    wrapper = reduced.shape.serialization.get("resultWrapper")
    if wrapper is not None:
        start = parser._find_result_wrapped_shape(wrapper, root)  # noqa: SLF001
    assert reduced.read is not None
    parsed: dict[str, Any] = reduced.read(start)
    parser._inject_response_metadata(root, parsed)  # noqa: SLF001
    return parsed
