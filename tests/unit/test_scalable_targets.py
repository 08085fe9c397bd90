"""Scalable targets, which AWS lists namespace by namespace and names in ways of their own."""

from __future__ import annotations

from typing import Any

import pytest

from proxyd.errors import AwsError
from proxyd.model import Link
from proxyd_aws import scaling

from .fakes import FakeShard, scan

TYPE = "AWS::ApplicationAutoScaling::ScalableTarget"
[TARGETS] = [scanner for scanner in scaling.SCANNERS if scanner.type == TYPE]
ARN = "arn:aws:application-autoscaling:eu-west-1:222222222222:scalable-target/1a2b"
ROLE = "arn:aws:iam::222222222222:role/scaling"
NO_TAGS: list[Any] = [{"ResourceTagMappingList": []}]


def target(resource: str, dimension: str, **more: Any) -> dict[str, Any]:
    """Make one as AWS tells it."""
    return {
        "ServiceNamespace": dimension.partition(":")[0],
        "ResourceId": resource,
        "ScalableDimension": dimension,
        "ScalableTargetARN": ARN,
        "RoleARN": ROLE,
        "MinCapacity": 1,
        "MaxCapacity": 4,
        "PredictedCapacity": 3,
        **more,
    }


def shard(*targets: dict[str, Any], tags: list[Any] = NO_TAGS) -> FakeShard:
    """Answer with these targets, each in its own namespace."""

    def answer(params: dict[str, Any]) -> dict[str, Any]:
        wanted = params["ServiceNamespace"]
        return {"ScalableTargets": [t for t in targets if t["ServiceNamespace"] == wanted]}

    made = FakeShard({"DescribeScalableTargets": answer, "GetResources": tags})
    made.reads = TARGETS.reads
    return made


@pytest.mark.parametrize(
    ("resource", "dimension", "type_", "other"),
    [
        ("fleet/desks", "appstream:fleet:DesiredCapacity", "AppStream::Fleet", "desks"),
        (
            "keyspace/shop/table/carts",
            "cassandra:table:ReadCapacityUnits",
            "Cassandra::Table",
            "arn:aws:cassandra:eu-west-1:222222222222:/keyspace/shop/table/carts",
        ),
        ("table/carts", "dynamodb:table:ReadCapacityUnits", "DynamoDB::Table", "carts"),
        ("table/carts/index/by", "dynamodb:index:WriteCapacityUnits", "DynamoDB::Table", "carts"),
        (
            "spot-fleet-request/sfr-1",
            "ec2:spot-fleet-request:TargetCapacity",
            "EC2::SpotFleet",
            "sfr-1",
        ),
        (
            "service/shop/web",
            "ecs:service:DesiredCount",
            "ECS::Service",
            "arn:aws:ecs:eu-west-1:222222222222:service/shop/web",
        ),
        (
            "replication-group/sessions",
            "elasticache:replication-group:Replicas",
            "ElastiCache::ReplicationGroup",
            "sessions",
        ),
        (
            "instancegroup/j-1/ig-2",
            "elasticmapreduce:instancegroup:InstanceCount",
            "EMR::Cluster",
            "j-1",
        ),
        (
            "arn:aws:kafka:eu-west-1:222222222222:cluster/bus/3c",
            "kafka:broker-storage:VolumeSize",
            "MSK::Cluster",
            "arn:aws:kafka:eu-west-1:222222222222:cluster/bus/3c",
        ),
        (
            "function:resize:live",
            "lambda:function:ProvisionedConcurrency",
            "Lambda::Function",
            "resize",
        ),
        ("cluster:graph", "neptune:cluster:ReadReplicaCount", "Neptune::DBCluster", "graph"),
        ("cluster:orders", "rds:cluster:ReadReplicaCount", "RDS::DBCluster", "orders"),
        (
            "endpoint/guess/variant/a",
            "sagemaker:variant:DesiredInstanceCount",
            "SageMaker::Endpoint",
            "guess",
        ),
        (
            "workspacespool/wspool-1",
            "workspaces:workspacespool:DesiredUserSessions",
            "WorkSpaces::WorkspacesPool",
            "wspool-1",
        ),
    ],
)
async def test_a_target_leads_to_what_is_scaled(
    resource: str, dimension: str, type_: str, other: str
) -> None:
    """By ARN where AWS's name of it makes one, else by the id of the other type's scanner."""
    [found] = await scan(TARGETS, shard(target(resource, dimension)))
    named = {"arn" if other.startswith("arn:") else "id": other}
    assert set(found.links) == {
        Link(rel="attached-to", type=f"AWS::{type_}", **named),
        Link(rel="runs-as", type="AWS::IAM::Role", arn=ROLE),
    }
    assert found.name == resource
    assert {(link.rel, link.type) for link in found.links} <= {link[:2] for link in TARGETS.links}


async def test_what_is_declared_leaves_it_and_no_more() -> None:
    """Capacities and what is suspended are told; what is predicted changes all the time."""
    suspended = {"DynamicScalingInSuspended": True, "Else": "not-to-be-told"}
    one = target("service/shop/web", "ecs:service:DesiredCount", SuspendedState=suspended)
    tags = [
        {"ResourceTagMappingList": [{"ResourceARN": ARN, "Tags": [{"Key": "a", "Value": "b"}]}]}
    ]
    [found] = await scan(TARGETS, shard(one, tags=tags))
    assert (found.arn, found.id, found.tags) == (ARN, "1a2b", {"a": "b"})
    assert found.properties == {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1,
        "MaxCapacity": 4,
        "DynamicScalingInSuspended": True,
    }


async def test_the_url_of_what_is_ones_own_is_not_told() -> None:
    """A custom resource is named by a URL, and that may hold anything."""
    own = target("https://x.test/?key=not-to-be-told", "custom-resource:ResourceType:Property")
    [found] = await scan(TARGETS, shard(own))
    assert "not-to-be-told" not in repr(found)
    assert found.name == "1a2b"


async def test_a_namespace_that_a_region_has_not_got_is_passed_over() -> None:
    """AWS refuses it as it refuses a misspelt one; the others are listed."""
    one = target("service/shop/web", "ecs:service:DesiredCount")

    def answer(params: dict[str, Any]) -> Any:
        if params["ServiceNamespace"] == "appstream":
            return AwsError("failed", "ValidationException")
        return {"ScalableTargets": [one] if params["ServiceNamespace"] == "ecs" else []}

    answers = FakeShard({"DescribeScalableTargets": answer, "GetResources": NO_TAGS})
    assert len(await scan(TARGETS, answers)) == 1
    assert answers.problem is None


async def test_a_refusal_ends_it() -> None:
    """What is denied for one namespace is denied for all."""
    denied = AwsError("denied", "AccessDeniedException", action="application-autoscaling:x")
    answers = FakeShard({"DescribeScalableTargets": [denied], "GetResources": NO_TAGS})
    with pytest.raises(AwsError):
        await scan(TARGETS, answers)


async def test_without_tags_the_targets_are_seen() -> None:
    """A refusal of the tagging API is noted, and no more."""
    one = target("service/shop/web", "ecs:service:DesiredCount")
    refused: list[Any] = [AwsError("denied", "AccessDenied", action="tag:GetResources")]
    answers = shard(one, tags=refused)
    [found] = await scan(TARGETS, answers)
    assert found.tags == {}
    assert answers.problem is not None
