"""The methods of REST APIs, which stand in maps and so have a scanner of their own making."""

from __future__ import annotations

from typing import Any

from proxyd.errors import AwsError
from proxyd.model import Link
from proxyd_aws import api

from .fakes import FakeShard, scan

[METHODS] = [scanner for scanner in api.SCANNERS if scanner.type == "AWS::ApiGateway::Method"]
FUNCTION = "arn:aws-cn:lambda:cn-north-1:222222222222:function:shop"
ROLE = "arn:aws-cn:iam::222222222222:role/shop"
SECRET = "not-to-be-told"


def apis(*ids: str) -> list[Any]:
    """Answer with some APIs."""
    return [{"items": [{"id": api} for api in ids]}]


def resources(**integration: Any) -> dict[str, Any]:
    """Answer with one resource that has one method."""
    method = {
        "httpMethod": "GET",
        "authorizationType": "CUSTOM",
        "authorizerId": "auth",
        "requestParameters": {SECRET: True},
        "methodIntegration": integration,
    }
    return {"items": [{"id": "res", "path": "/orders", "resourceMethods": {"GET": method}}]}


async def links_of(**integration: Any) -> set[Link]:
    """Scan one method and return where it leads, less where it stands."""
    shard = FakeShard({"GetRestApis": apis("a"), "GetResources": [resources(**integration)]})
    [found] = await scan(METHODS, shard)
    assert SECRET not in repr(found)
    assert set(found.properties) <= set(METHODS.fields)
    assert {(link.rel, link.type) for link in found.links} <= {link[:2] for link in METHODS.links}
    return {link for link in found.links if link.rel not in ("member-of", "uses")}


async def test_a_method_knows_where_it_stands() -> None:
    """Its ARN and links name API, resource and authorizer."""
    shard = FakeShard({"GetRestApis": apis("a"), "GetResources": [resources()]})
    [found] = await scan(METHODS, shard)
    assert found.arn == "arn:aws:apigateway:eu-west-1::/restapis/a/resources/res/methods/GET"
    assert found.name == "GET /orders"
    assert {(link.rel, link.id) for link in found.links} == {
        ("member-of", "a"),
        ("member-of", "res"),
        ("uses", "auth"),
    }


async def test_a_function_is_found_in_the_address_of_its_integration() -> None:
    """Version and alias are not part of the function's ARN."""
    for qualifier in ("", ":live"):
        uri = (
            "arn:aws-cn:apigateway:cn-north-1:lambda:path/2015-03-31/functions/"
            f"{FUNCTION}{qualifier}/invocations"
        )
        assert await links_of(uri=uri, credentials=ROLE) == {
            Link(rel="triggers", type="AWS::Lambda::Function", arn=FUNCTION),
            Link(rel="runs-as", type="AWS::IAM::Role", arn=ROLE),
        }


async def test_other_addresses_stay_here() -> None:
    """A URL may hold a password, and a variable of the stage names nothing."""
    variable = "arn:aws:apigateway:eu-west-1:lambda:path/functions/${stageVariables.f}/invocations"
    for uri in (f"https://user:{SECRET}@example.com/", variable):
        assert await links_of(uri=uri, connectionId="${stageVariables.link}") == set()
    assert await links_of(credentials="arn:aws:iam::*:user/*") == set()


async def test_a_private_integration_leads_to_its_link() -> None:
    """A VPC link is named by its id."""
    assert await links_of(connectionId="link") == {
        Link(rel="routes-to", type="AWS::ApiGateway::VpcLink", id="link")
    }


async def test_one_api_does_not_spoil_the_others() -> None:
    """One that is gone is left out, one that can not be read makes the shard incomplete."""
    broken = AwsError("timeout", "ReadTimeout")

    def answer(params: dict[str, Any]) -> dict[str, Any] | Exception:
        gone = AwsError("failed", "NotFoundException")
        return {"gone": gone, "broken": broken}.get(params["restApiId"]) or resources()

    shard = FakeShard({"GetRestApis": apis("gone", "broken", "a"), "GetResources": answer})
    assert len(await scan(METHODS, shard)) == 1
    assert shard.problems == [broken]
