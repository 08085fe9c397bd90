"""How operations are paged that botocore has no paginator for."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import DataNotFoundError

from proxyd.aws.pages import inferred

SESSION = botocore.session.Session()


def model(service: str, operation: str) -> Any:
    """Load an operation's model."""
    return SESSION.get_service_model(service).operation_model(operation)


def test_what_is_inferred_is_what_botocore_declares() -> None:
    """Where botocore declares the tokens too, they are the same, in every service."""
    loader, compared = SESSION.get_component("data_loader"), 0
    for service in SESSION.get_available_services():
        try:
            declared = loader.load_service_model(service, "paginators-1")["pagination"]
        except DataNotFoundError:
            continue
        for operation, config in declared.items():
            found = inferred(model(service, operation))
            # S3's ListObjects takes the last key where it gives no marker.
            if found is None or (service, operation) == ("s3", "ListObjects"):
                continue
            compared += 1
            assert found["input_token"] == config["input_token"], (service, operation)
            assert found["output_token"] == config["output_token"], (service, operation)
    assert compared > 2500


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("wafv2", "ListWebACLs", ("NextMarker", "NextMarker", None, "Limit")),
        (
            "cloudfront",
            "ListFunctions",
            ("Marker", "FunctionList.NextMarker", None, None),
        ),
        (
            "firehose",
            "ListDeliveryStreams",
            (
                "ExclusiveStartDeliveryStreamName",
                "DeliveryStreamNames[-1]",
                "HasMoreDeliveryStreams",
                "Limit",
            ),
        ),
    ],
)
def test_a_token_is_found_by_its_name(service: str, operation: str, expected: tuple[Any]) -> None:
    """The next marker goes into the marker; a limit is used only where the model bounds it."""
    found = inferred(model(service, operation)) or {}
    words = ("input_token", "output_token", "more_results", "limit_key")
    assert tuple(found.get(word) for word in words) == expected


def test_an_answer_without_a_token_has_one_page() -> None:
    """Nothing is asked twice of an operation that never says that there is more."""
    assert inferred(model("ec2", "DescribeKeyPairs")) is None
