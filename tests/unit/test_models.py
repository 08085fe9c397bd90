"""Service models that have only what is declared."""

from __future__ import annotations

import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from proxyd import registry
from proxyd.aws.models import NarrowLoader, builtin_loader, operations_of
from proxyd.model import Operation

SCANNERS = registry.load(registry.discover(), operations_of).values()
OPERATIONS = {op for scanner in SCANNERS for op in scanner.operations}
SERVICES = sorted({op.service for op in OPERATIONS})


def drawn(shape: Shape | None, seen: tuple[str, ...] = ()) -> Any:
    """Draw a shape with all that is under it: names, types, and how they are written."""
    if shape is None or shape.name in seen:
        return None
    inside = (*seen, shape.name)
    own = (shape.name, shape.type_name, dict(shape.serialization), dict(shape.metadata))
    match shape:
        case StructureShape():
            return own, {name: drawn(member, inside) for name, member in shape.members.items()}
        case ListShape():
            return own, drawn(shape.member, inside)
        case MapShape():
            return own, drawn(shape.key, inside), drawn(shape.value, inside)
    return own


@pytest.mark.parametrize("service", SERVICES)
def test_a_declared_operation_is_what_botocore_has(service: str) -> None:
    """Input, output, errors and protocol are the same, in every service that scanners use."""
    # A loader of its own: clients of other tests change the models that they are made from.
    fresh = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    whole = ServiceModel(fresh.load_service_model(service, "service-2"), service)
    loader = NarrowLoader(OPERATIONS)
    narrow = ServiceModel(loader.load_service_model(service, "service-2"), service)
    declared = {op.name for op in OPERATIONS if op.service == service}
    discovery = {name for name in narrow.operation_names if name not in declared}
    assert discovery <= {"DescribeEndpoints", "HeadBucket"}
    for name in declared:
        ours, theirs = narrow.operation_model(name), whole.operation_model(name)
        assert drawn(ours.input_shape) == drawn(theirs.input_shape)
        assert drawn(ours.output_shape) == drawn(theirs.output_shape)
        assert dict(ours.http) == dict(theirs.http)
    assert {s.name for s in narrow.error_shapes} == {s.name for s in whole.error_shapes}
    assert narrow.metadata == whole.metadata


def test_it_holds_no_prose_and_no_whole_model() -> None:
    """Documentation is most of a model; what was read is let go of."""
    loader = NarrowLoader([Operation("ec2", "DescribeVpcs")])
    model = loader.load_service_model("ec2", "service-2")
    assert list(model["operations"]) == ["DescribeVpcs"]
    assert len(model["shapes"]) < 100
    assert "documentation" not in str(model["shapes"])
    assert loader.load_service_model("ec2", "service-2") is model
    kept = loader._cache.values()  # noqa: SLF001 - what botocore would keep for ever
    assert all("DescribeInstances" not in str(value)[:100_000] for value in kept)


def test_what_nobody_declares_is_whole() -> None:
    """A service of which no operation is declared, and paginators, are botocore's own."""
    loader = NarrowLoader([Operation("ec2", "DescribeVpcs")])
    whole = builtin_loader()
    assert loader.load_service_model("sqs", "service-2") == whole.load_service_model(
        "sqs", "service-2"
    )
    assert loader.load_service_model("ec2", "paginators-1") == whole.load_service_model(
        "ec2", "paginators-1"
    )


@pytest.fixture
def hasty() -> Generator[None, None, None]:
    """Have threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_models_are_loaded_while_another_thread_reads_how_they_page() -> None:
    """Clients are made in a thread, and their pages are read on the loop, by the same loader."""
    loader = NarrowLoader(OPERATIONS)

    def read_pages() -> None:
        for _ in range(3):
            for service in SERVICES:
                with suppress(UnknownServiceError):
                    loader.load_service_model(service, "paginators-1")
            loader._cache.clear()  # noqa: SLF001 - so that there is something to read again

    with ThreadPoolExecutor(1) as pool:
        pages = pool.submit(read_pages)
        for service in SERVICES[:60]:
            assert loader.load_service_model(service, "service-2")["operations"]
        pages.result()
