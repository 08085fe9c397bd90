"""Answers made from botocore's own output shapes, in the service's own protocol.

Every optional field is there, and every string says by which path it came.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from moto.core.model import ServiceModel as MotoServiceModel
from moto.core.serialize import get_serializer_class

from proxyd.model import Operation

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MAX_DEPTH = 12

_loader = Loader()
_services: dict[str, ServiceModel] = {}


def operation_model(operation: Operation) -> OperationModel:
    """Load an operation's model."""
    if operation.service not in _services:
        loaded = _loader.load_service_model(operation.service, "service-2")
        _services[operation.service] = ServiceModel(loaded, operation.service)
    return _services[operation.service].operation_model(operation.name)


def full(  # noqa: PLR0911 - a table reads best as one
    shape: Shape, path: str = "", seen: tuple[str, ...] = ()
) -> Any:
    """Make a value with every member of a shape; lists have two elements, maps one entry."""
    match shape.type_name:
        case "structure":
            return _structure(shape, path, seen)
        case "list":
            return [full(shape.member, f"{path}[{i}]", seen) for i in range(2)]
        case "map":
            return {_text(shape.key, f"{path}.key"): full(shape.value, f"{path}.value", seen)}
        case "string" | "character":
            return _text(shape, path)
        case "blob":
            return path.encode()
        case "timestamp":
            return MOMENT
        case "boolean":
            return True
        case "float" | "double":
            return 1.5
    return 7


def _structure(shape: Shape, path: str, seen: tuple[str, ...]) -> dict[str, Any]:
    if seen.count(shape.name) > 1 or len(seen) > MAX_DEPTH:
        return {}
    inside = (*seen, shape.name)
    members = shape.members.items()
    if shape.is_tagged_union:
        members = list(members)[:1]
    return {name: full(member, f"{path}.{name}".lstrip("."), inside) for name, member in members}


def _text(shape: Shape, path: str) -> str:
    return str(shape.enum[0]) if shape.enum else f"<{path}> é☃ & 𝄞"


def response(operation: Operation, value: Any) -> dict[str, Any]:
    """Write a value as the service would, as botocore's parsers take it."""
    protocol = operation_model(operation).service_model.resolved_protocol
    loaded = _loader.load_service_model(operation.service, "service-2")
    model = MotoServiceModel(loaded, operation.service).operation_model(operation.name)
    written = get_serializer_class(operation.service, protocol)(model).serialize(value)
    body = written["body"]
    headers = {name.lower(): str(text) for name, text in written["headers"].items()}
    return {
        "body": body.encode() if isinstance(body, str) else body,
        "headers": headers,
        "status_code": written["status_code"],
        "context": {"operation_name": operation.name},
    }
