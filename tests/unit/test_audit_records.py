"""Records: what they can hold, and that OCSF's own schema knows them."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from proxyd.audit import ocsf
from proxyd.audit.records import CODES, Record, checked, phrase, request_ids
from proxyd.aws.access import actions_for
from proxyd.aws.regions import everywhere
from proxyd_aws.plugin import proxyd_scanners
from tests.unit.audited import AT, RUN, SAMPLES

SECRETS = (
    "arn:aws:s3:::payroll",
    "i-0abcd1234ef567890",
    "my-payroll-bucket",
    "my bucket/with a path",
    "pxd_abc_secret+secret=",
    "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ec2:DescribeVpcs",
    "tag:Owner=Jane",
    'name~"payroll"',
    "line\nbreak",
    "",
)
FREE = {"principal", "source_identity"}
"""Who it was: that is what the trail is for, and a provider may call them what it likes."""

PHRASES = {"layers", "missing", "organization", "reason", "sandbox", "target"}
"""Names of the configuration and words of the kernel, as far as a secret could be either."""


def ids(record: Record) -> str:
    """Name a test after its record."""
    return record.CODE


@lru_cache
def validator(kind: str, profiles: tuple[str, ...]) -> jsonschema.Draft202012Validator:
    """Return what checks events of a class against OCSF's published schema."""
    schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.6.0"))
    return jsonschema.Draft202012Validator(schemas.get_class_schema(kind, list(profiles)))


def errors(event: dict[str, Any]) -> list[str]:
    """Say what OCSF's schema has against an event."""
    kinds = {6003: "api_activity", 3002: "authentication", 6002: "application_lifecycle"}
    profiles = tuple(event["metadata"].get("profiles", ()))
    found = validator(kinds[event["class_uid"]], profiles).iter_errors(event)
    return [f"{error.json_path}: {error.message}" for error in found]


def event_of(record: Record) -> dict[str, Any]:
    """Write a record as a line, and read that."""
    event: dict[str, Any] = json.loads(ocsf.line(record, ocsf.Place(RUN, 3, AT)))
    return event


def test_there_is_a_sample_of_every_event() -> None:
    """The registry and the samples that the tests below rest on name the same events."""
    assert {record.CODE for record in SAMPLES} == set(CODES)


@pytest.mark.parametrize("record", SAMPLES, ids=ids)
def test_every_record_is_an_event_of_ocsf(record: Record) -> None:
    """Each validates against the published schema of its class, version 1.6.0."""
    assert errors(event_of(record)) == []


@pytest.mark.parametrize("record", SAMPLES, ids=ids)
def test_the_schema_finds_what_is_wrong(record: Record) -> None:
    """The schema that the test above relies on refuses a class without its time or with more."""
    event = event_of(record)
    assert errors({k: v for k, v in event.items() if k != "time"}) != []
    assert errors({**event, "resource_name": "payroll"}) != []


@pytest.mark.parametrize("record", SAMPLES, ids=ids)
def test_a_line_is_ascii_and_ends_with_what_ocsf_has_no_word_for(record: Record) -> None:
    """The seal goes at the end of the last member, so that has to be an object, and last."""
    line = ocsf.line(record, ocsf.Place(RUN, 3, AT))
    assert re.fullmatch(rb"[\x20-\x7e]+", line)
    assert list(json.loads(line))[-1] == "unmapped"
    assert line.endswith(b"}}")


@pytest.mark.parametrize("record", SAMPLES, ids=ids)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_field_takes_more_than_it_is_for(record: Record, secret: str) -> None:
    """An ARN, a resource's name, a tag, a filter, a token, an AWS message: refused everywhere."""
    for name in record.__struct_fields__:
        if name in FREE or (name in PHRASES and not set(secret) & set(':=/"~\n')):
            continue
        forged: Any
        match getattr(record, name):
            case str():
                forged = secret
            case tuple():
                forged = (secret,)
            case dict():
                forged = {secret: 1}
            case _:
                continue
        with pytest.raises(msgspec.ValidationError):
            checked(msgspec.structs.replace(record, **{name: forged}))


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b"])
def test_everything_that_can_be_asked_for_fits(partition: str) -> None:
    """Every region that there is, and every type and action of every scanner."""
    asked = [
        msgspec.structs.replace(
            SAMPLES[0],
            partition=partition,
            regions=everywhere(partition),
            types=tuple(scanner.type for scanner in proxyd_scanners()),
        ),
        msgspec.structs.replace(SAMPLES[2], missing_actions=tuple(actions_for(proxyd_scanners()))),
    ]
    assert [checked(record) for record in asked] == asked


@given(st.text())
def test_words_of_the_kernel_are_cut_to_fit(text: str) -> None:
    """Whatever it says, what is written of it has no quotes, slashes, equals signs or breaks."""
    assert not set(phrase(text)) & set("\"'/\\=\n\r<>@*+:_")
    assert len(phrase(text)) <= 160


@given(st.text(min_size=1, max_size=40))
def test_any_name_of_a_principal_is_one_line(name: str) -> None:
    """A provider may give its people any name: the line stays one line of ASCII that says it."""
    record = msgspec.structs.replace(SAMPLES[0], principal=name)
    line = ocsf.line(checked(record), ocsf.Place(RUN, 3, AT))
    assert re.fullmatch(rb"[\x20-\x7e]+", line)
    assert json.loads(line)["actor"]["user"]["name"] == name


def test_ids_of_aws_are_ids() -> None:
    """What is not of the shape of an id is dropped, and the last of many are kept."""
    good = "c6104cbe-af31-11e0-8154-cbc7ccf896c7"
    wrong = ("arn:aws:iam::1:role/x", "", "a b", "i-0abcd1234ef567890", "my-payroll-bucket")
    assert request_ids([good, *wrong, f"{good}\n"]) == (good,)
    many = [f"{number:08}-af31-11e0-8154-cbc7ccf896c7" for number in range(1000)]
    assert request_ids(many) == tuple(many[-64:])


def test_it_joins_to_cloudtrail() -> None:
    """A scan's event names the account, the session, the identity and AWS's own request ids."""
    event = event_of(SAMPLES[2])
    assert event["cloud"]["account"] == {"uid": "222222222222", "name": "production"}
    assert event["unmapped"]["session_name"] == "proxyd-a1b2c3d4e5f6"
    assert event["unmapped"]["source_identity"] == "anna"
    assert event["unmapped"]["aws_request_ids"] == ["c6104cbe-af31-11e0-8154-cbc7ccf896c7"]
    assert event["metadata"]["correlation_uid"] == "00112233445566aa"
    assert (event["duration"], event["end_time"] - event["start_time"]) == (1200, 1200)
