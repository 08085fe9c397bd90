"""Paging: how an operation is asked for more, how much at once, and what of an answer that reads.

botocore has paginators for half of what answers in pages. The other half says how by the names
of its members, always in one of a few ways; what fits none of them is in a table.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from aiobotocore.paginate import AioPaginator
from botocore import xform_name
from botocore.model import OperationModel, Shape, StructureShape

from proxyd.model import Operation

PAGE = 100
"""Items of a page: what every paged operation takes, also those whose model names no limit."""

PAGES = {"ec2": 300}
"""Services that give more at once. 300 instances take 14 ms to parse, and spare two calls."""

_FEWER = {
    Operation("application-autoscaling", "DescribeScalableTargets"): 50,
    Operation("gamelift", "DescribeMatchmakingConfigurations"): 10,
    Operation("glacier", "ListVaults"): 10,
}
"""Operations that give fewer, which only their documentation says."""

_BY_HAND = {
    Operation("dynamodb", "ListGlobalTables"): {
        "input_token": "ExclusiveStartGlobalTableName",
        "output_token": "LastEvaluatedGlobalTableName",
        "limit_key": "Limit",
        "result_key": "GlobalTables",
    },
    Operation("firehose", "ListDeliveryStreams"): {
        "input_token": "ExclusiveStartDeliveryStreamName",
        "output_token": "DeliveryStreamNames[-1]",
        "more_results": "HasMoreDeliveryStreams",
        "limit_key": "Limit",
        "result_key": "DeliveryStreamNames",
    },
    Operation("route53", "ListTrafficPolicies"): {
        "input_token": "TrafficPolicyIdMarker",
        "output_token": "TrafficPolicyIdMarker",
        "more_results": "IsTruncated",
        "limit_key": "MaxItems",
        "result_key": "TrafficPolicySummaries",
    },
    Operation("kinesisanalytics", "ListApplications"): {
        "input_token": "ExclusiveStartApplicationName",
        "output_token": "ApplicationSummaries[-1].ApplicationName",
        "more_results": "HasMoreApplications",
        "limit_key": "Limit",
        "result_key": "ApplicationSummaries",
    },
}
"""Operations that say that there is more in ways of their own, in botocore's own terms."""

_TOKEN = re.compile(r"(next|pagination|nextcontinuation|nextpage)?_?(token|marker)", re.IGNORECASE)
_INPUT = re.compile(r"(next|pagination|continuation|page|nextpage)?_?(token|marker)", re.IGNORECASE)
_MORE = re.compile(r"(is_?)?truncated", re.IGNORECASE)
_LIMIT = re.compile(r"(max|page)_?(results|items|records|size)|limit", re.IGNORECASE)
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*")


class Paging(msgspec.Struct, frozen=True):
    """How an operation is paged.

    Attributes:
        config: botocore's `PaginationConfig`.
        reads: the paths of an answer that tell whether and how there is more.

    """

    config: dict[str, int]
    reads: tuple[str, ...]


def paging(client: Any, operation: str) -> Paging | None:
    """Return how an operation is paged, None where it has one page only."""
    pages = paginator(client, operation)
    if pages is None:
        return None
    declared = pages._pagination_cfg  # noqa: SLF001 - there is no public way to it
    tokens = _expressions(declared["output_token"]) + _expressions(declared.get("more_results"))
    reads = {word for token in tokens for word in _WORDS.findall(token)}
    return Paging(_size(client, operation, declared.get("limit_key")), tuple(sorted(reads)))


def paginator(client: Any, operation: str) -> Any:
    """Return what asks for page after page, None where an operation has one page only."""
    method = xform_name(operation)
    if client.can_paginate(method):
        return client.get_paginator(method)
    model = client.meta.service_model.operation_model(operation)
    config = inferred(model)
    return None if config is None else AioPaginator(getattr(client, method), config, model)


def inferred(model: OperationModel) -> dict[str, str] | None:
    """Tell by its members how an operation is paged, in botocore's terms; None if it is not."""
    by_hand = _BY_HAND.get(Operation(model.service_model.service_name, model.name))
    if by_hand is not None:
        return by_hand
    asks = [name for name in _members(model.input_shape) if _INPUT.fullmatch(name)]
    told = _paths(model.output_shape, _TOKEN)
    # An answer may repeat the marker that was asked with; the next one says so in its name.
    tokens = [t for t in told if "next" in t.casefold()] or told
    if len(asks) != 1 or len(tokens) != 1:
        return None
    found = {"input_token": asks[0], "output_token": tokens[0], "result_key": tokens[0]}
    more = _paths(model.output_shape, _MORE)
    if more:
        found["more_results"] = more[0]
    # Only where the model says how many there may be: nobody has tried what these take.
    limits = {n: m for n, m in _members(model.input_shape).items() if _LIMIT.fullmatch(n)}
    bounded = [name for name, member in limits.items() if "max" in member.metadata]
    if bounded:
        found["limit_key"] = bounded[0]
    return found


def _paths(shape: Shape | None, pattern: re.Pattern[str]) -> list[str]:
    """Return the members of a shape that match, and of the structures right under it."""
    found = []
    for name, member in _members(shape).items():
        if pattern.fullmatch(name):
            found.append(name)
        found += [f"{name}.{under}" for under in _members(member) if pattern.fullmatch(under)]
    return found


def _members(shape: Shape | None) -> dict[str, Shape]:
    return dict(shape.members) if isinstance(shape, StructureShape) else {}


def _size(client: Any, operation: str, limit: str | None) -> dict[str, int]:
    if limit is None:
        return {}
    model = client.meta.service_model
    bounds = model.operation_model(operation).input_shape.members[limit].metadata
    wanted = PAGES.get(model.service_name, PAGE)
    wanted = _FEWER.get(Operation(model.service_name, operation), wanted)
    return {"PageSize": max(bounds.get("min", 1), min(bounds.get("max", wanted), wanted))}


def _expressions(declared: str | list[str] | None) -> list[str]:
    if declared is None:
        return []
    return [declared] if isinstance(declared, str) else declared
