"""Parsers that make only what is declared: the same values as botocore's, less the rest."""

from __future__ import annotations

import asyncio
import time
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from aiobotocore.parsers import create_parser
from botocore.credentials import ReadOnlyCredentials
from botocore.utils import parse_timestamp
from hypothesis import given
from hypothesis import strategies as st

from proxyd import registry
from proxyd.aws import binding
from proxyd.aws.models import operations_of
from proxyd.aws.reduced import ParserFactory, compile_xml, reduce, timestamp
from proxyd.model import Operation, Scanner
from proxyd.proofs.answers import Maker, Marks, Where, operation_model, response

from .fakes import _reduced as projected
from .fakes import _tree as tree

SCANNERS = registry.load(registry.discover(), operations_of)
READS = [
    pytest.param(scanner, operation, id=f"{scanner.type}-{operation.name}")
    for scanner in SCANNERS.values()
    for operation in scanner.reads
]
INSTANCES = Operation("ec2", "DescribeInstances")


class Nobody:
    """Credentials and pace of a call that is only parsed."""

    async def current(self) -> ReadOnlyCredentials:
        """Never asked."""
        raise AssertionError

    async def renew(self, stale: ReadOnlyCredentials) -> None:
        """Never asked."""

    async def wait(self, service: str, region: str) -> None:
        """Never asked."""

    def throttled(self, service: str, region: str) -> None:
        """Never asked."""


def full(operation: Operation) -> dict[str, Any]:
    """Make an answer with every member; lists have two elements, maps one entry."""
    where = Where("aws", "eu-west-1", "222222222222")
    return Maker(operation, Marks(), where, texts={}, avoided={}).answer("request")


def bound(operation: Operation) -> binding.Binding:
    """Bind a call of this operation."""
    return binding.Binding(
        credentials=Nobody(),
        operations=frozenset({operation}),
        meter=binding.Meter(),
        pace=Nobody(),
    )


async def parsed(
    operation: Operation, answer: dict[str, Any], paths: tuple[str, ...] | None
) -> dict[str, Any]:
    """Parse as a client of proxyd's does in a call that wants these paths."""
    model = operation_model(operation)
    parser = ParserFactory().create_parser(model.service_model.resolved_protocol)
    with binding.calling(bound(operation), operation, paths):
        result: dict[str, Any] = await parser.parse(deepcopy(answer), model.output_shape)
    result.pop("ResponseMetadata")
    return result


async def by_botocore(operation: Operation, answer: dict[str, Any]) -> dict[str, Any]:
    """Parse as botocore does."""
    model = operation_model(operation)
    parser = create_parser(model.service_model.resolved_protocol)
    result: dict[str, Any] = await parser.parse(deepcopy(answer), model.output_shape)
    result.pop("ResponseMetadata")
    return result


@pytest.mark.parametrize(("scanner", "operation"), READS)
async def test_it_is_botocores_answer_less_what_is_not_read(
    scanner: Scanner, operation: Operation
) -> None:
    """For every operation of every scanner, with every field there, and with none."""
    paths = scanner.reads[operation]
    shape = operation_model(operation).output_shape
    values: list[dict[str, Any]] = [{}, full(operation)]
    for value in values:
        answer = response(operation, value)
        expected = projected(await by_botocore(operation, answer), tree(paths))
        found = await parsed(operation, answer, paths)
        assert projected(found, tree(paths)) == expected
        assert found == expected or _through_a_map(shape, tree(paths))
    assert found, "of the answer that has everything, something is read"


def _through_a_map(shape: Any, branches: dict[str, Any]) -> bool:
    """Whether keys of a map are read, which is kept whole then, or one member of a union."""
    if shape.type_name == "list":
        return _through_a_map(shape.member, branches)
    if shape.type_name != "structure":
        return shape.type_name == "map" and bool(branches)
    known = [(name, under) for name, under in branches.items() if name in shape.members]
    return shape.is_tagged_union or any(_through_a_map(shape.members[n], u) for n, u in known)


async def test_without_paths_it_is_all_of_botocores_answer() -> None:
    """A scanner that does not say what it reads gets everything."""
    answer = response(INSTANCES, full(INSTANCES))
    assert await parsed(INSTANCES, answer, None) == await by_botocore(INSTANCES, answer)


async def test_an_error_is_parsed_as_botocore_does() -> None:
    """An answer that is an error keeps its code and message, whatever is read."""
    answer = {
        "body": b"<Response><Errors><Error><Code>C</Code><Message>m</Message></Error></Errors>"
        b"<RequestID>r</RequestID></Response>",
        "headers": {},
        "status_code": 403,
        "context": {"operation_name": INSTANCES.name},
    }
    assert (await parsed(INSTANCES, answer, ("NextToken",)))["Error"]["Code"] == "C"


async def test_an_operation_that_botocore_adds_is_not_reduced() -> None:
    """Paths are those of the declared operation: another one's answer stays whole."""
    regions = Operation("ec2", "DescribeRegions")
    answer = response(regions, full(regions))
    parser = ParserFactory().create_parser("ec2")
    with binding.calling(bound(INSTANCES), INSTANCES, ("NextToken",)):
        result = await parser.parse(deepcopy(answer), operation_model(regions).output_shape)
    assert result["Regions"]


def test_every_query_answer_of_ours_is_compiled() -> None:
    """The walk of the hot protocols is compiled, but for the few with maps in what they read."""
    left = set()
    for scanner in SCANNERS.values():
        for operation, paths in scanner.reads.items():
            model = operation_model(operation)
            if model.service_model.resolved_protocol in ("query", "ec2"):
                read = compile_xml(reduce(model.output_shape, paths))
                if read is None:
                    left.add(operation)
    assert left == {Operation("sns", "GetTopicAttributes")}


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.678Z",
        "2026-01-02T03:04:05.678901Z",
        "2026-01-02T03:04:05+02:00",
        "Fri, 02 Jan 2026 03:04:05 GMT",
        "2026-01-02",
        1767323045,
        1767323045.5,
        "1767323045",
    ],
)
def test_timestamps_are_botocores(text: str | float) -> None:
    """Whatever the format, the moment is the one that botocore reads."""
    assert timestamp(text) == parse_timestamp(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_iso_timestamp_is_botocores(moment: datetime) -> None:
    """The fast way gives what the slow one gives."""
    text = moment.isoformat()
    assert timestamp(text) == parse_timestamp(text)


async def test_a_page_takes_a_fraction_of_botocores_time() -> None:
    """A page of instances with all their fields costs under half of the CPU of botocore's walk."""
    value = full(INSTANCES)
    value["Reservations"] = [value["Reservations"][0] for _ in range(20)]
    answer = response(INSTANCES, value)
    paths = SCANNERS["AWS::EC2::Instance"].reads[INSTANCES]
    await parsed(INSTANCES, answer, paths)  # compiles
    ours = min([await _cpu(parsed(INSTANCES, answer, paths)) for _ in range(5)])
    theirs = min([await _cpu(by_botocore(INSTANCES, answer)) for _ in range(5)])
    assert ours < theirs / 2


async def _cpu(parsing: Any) -> float:
    started = time.process_time()
    await asyncio.ensure_future(parsing)
    return time.process_time() - started
