"""Events as CloudTrail and services write them, over the scanners that there are."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd import registry
from proxyd.actions import actions_of
from proxyd.aws.models import operations_of
from proxyd.live.changes import MAX_DEPTH, MAX_STRINGS, Change, Guide, read
from proxyd.model import GLOBAL

from .fakes import ACCOUNT, REGION

SCANNERS = registry.load(registry.discover(), operations_of)
GUIDE = Guide(SCANNERS)
LARGEST = 256 * 1024
"""Bytes of the largest event that EventBridge passes on."""


def cloudtrail(source: str, name: str, **detail: Any) -> dict[str, Any]:
    """Write a call as CloudTrail tells of it and EventBridge wraps it."""
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{source}",
        "account": ACCOUNT,
        "time": "2026-11-24T12:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": {
            "eventVersion": "1.10",
            "userIdentity": {
                "type": "AssumedRole",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/me",
                "sessionContext": {"attributes": {"mfaAuthenticated": "false"}},
            },
            "eventTime": "2026-11-24T12:00:00Z",
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "sourceIPAddress": "192.0.2.1",
            "requestParameters": None,
            "responseElements": None,
            "readOnly": False,
            "eventType": "AwsApiCall",
            **detail,
        },
    }


def told(source: str, kind: str, **detail: Any) -> dict[str, Any]:
    """Write a notification of a service's own."""
    return cloudtrail(source, "") | {"detail-type": kind, "detail": detail}


def change(event: dict[str, Any]) -> Change:
    """Read an event that changed something."""
    found = read(json.dumps(event))
    assert found is not None
    return found


def types_of(event: dict[str, Any]) -> list[str] | None:
    """Return the types that an event is about, None where its name does not say."""
    about, precise = GUIDE.about(change(event))
    return [type_ for type_, _ in about] if precise else None


# ---- which types


@pytest.mark.parametrize(
    ("source", "name", "types"),
    [
        ("ec2", "RunInstances", "EC2::Instance"),
        ("ec2", "TerminateInstances", "EC2::Instance"),
        ("ec2", "ModifyInstanceAttribute", "EC2::Instance"),
        ("ec2", "CreateVpc", "EC2::VPC"),
        ("ec2", "CreateVpcEndpoint", "EC2::VPCEndpoint"),
        ("ec2", "CreateVpcEndpointServiceConfiguration", "EC2::VPCEndpointService"),
        ("ec2", "AcceptVpcPeeringConnection", "EC2::VPCPeeringConnection"),
        ("ec2", "DeleteSubnet", "EC2::Subnet"),
        ("ec2", "AuthorizeSecurityGroupIngress", "EC2::SecurityGroup"),
        ("ec2", "AttachVolume", "EC2::Volume"),
        ("ec2", "AllocateAddress", "EC2::EIP"),
        ("ec2", "AssociateAddress", "EC2::EIP"),
        ("ec2", "AttachInternetGateway", "EC2::InternetGateway"),
        ("ec2", "CreateEgressOnlyInternetGateway", "EC2::EgressOnlyInternetGateway"),
        ("ec2", "CreateNatGateway", "EC2::NatGateway"),
        ("ec2", "ReplaceRouteTableAssociation", "EC2::RouteTable"),
        ("ec2", "AssociateTransitGatewayRouteTable", "EC2::TransitGatewayRouteTable"),
        ("ec2", "AllocateHosts", "EC2::Host"),
        ("rds", "ModifyDBInstance", "DocDB::DBInstance Neptune::DBInstance RDS::DBInstance"),
        ("rds", "CreateDBSubnetGroup", "RDS::DBSubnetGroup"),
        ("lambda", "CreateFunction20150331", "Lambda::Function"),
        ("lambda", "UpdateFunctionConfiguration20150331v2", "Lambda::Function"),
        ("lambda", "PublishLayerVersion20181031", "Lambda::LayerVersion"),
        ("lambda", "CreateEventSourceMapping20150331", "Lambda::EventSourceMapping"),
        ("s3", "CreateBucket", "S3::Bucket"),
        ("s3", "PutBucketPublicAccessBlock", "S3::Bucket"),
        ("s3", "DeleteBucketTagging", "S3::Bucket"),
        ("s3", "CreateMultiRegionAccessPoint", "S3::MultiRegionAccessPoint"),
        ("iam", "AttachRolePolicy", "IAM::Role"),
        ("iam", "CreateServiceLinkedRole", "IAM::Role"),
        ("iam", "AddUserToGroup", "IAM::Group IAM::User"),
        ("iam", "CreateAccessKey", "IAM::AccessKey"),
        ("dynamodb", "CreateTable", "DynamoDB::Table"),
        ("sqs", "SetQueueAttributes", "SQS::Queue"),
        ("sns", "SetTopicAttributes", "SNS::Topic"),
        ("kms", "ScheduleKeyDeletion", "KMS::Key"),
        ("kms", "CreateAlias", "KMS::Alias"),
        ("logs", "CreateLogGroup", "Logs::LogGroup"),
        ("events", "PutRule", "Events::Rule"),
        ("monitoring", "PutMetricAlarm", "CloudWatch::Alarm"),
        ("ecs", "UpdateService", "ECS::Service"),
        ("ecs", "RegisterTaskDefinition", "ECS::TaskDefinition"),
        ("eks", "CreateNodegroup", "EKS::Nodegroup"),
        ("ecr", "DeleteRepository", "ECR::Repository"),
        ("elasticloadbalancing", "CreateListener", "ElasticLoadBalancingV2::Listener"),
        (
            "elasticloadbalancing",
            "CreateLoadBalancer",
            "ElasticLoadBalancing::LoadBalancer ElasticLoadBalancingV2::LoadBalancer",
        ),
        ("autoscaling", "UpdateAutoScalingGroup", "AutoScaling::AutoScalingGroup"),
        ("autoscaling", "CreateLaunchConfiguration", "AutoScaling::LaunchConfiguration"),
        ("cloudformation", "CreateStack", "CloudFormation::Stack"),
        ("cloudfront", "UpdateDistribution", "CloudFront::Distribution"),
        ("route53", "ChangeResourceRecordSets", "Route53::RecordSet"),
        ("apigateway", "CreateStage", "ApiGateway::Stage ApiGatewayV2::Stage"),
        ("acm", "RequestCertificate", "CertificateManager::Certificate"),
        ("elasticfilesystem", "CreateFileSystem", "EFS::FileSystem"),
        ("elasticache", "CreateReplicationGroup", "ElastiCache::ReplicationGroup"),
        ("states", "UpdateStateMachine", "StepFunctions::StateMachine"),
        ("sagemaker", "CreateEndpointConfig", "SageMaker::EndpointConfig"),
        ("es", "CreateDomain", "Elasticsearch::Domain OpenSearchService::Domain"),
        ("kafka", "CreateClusterV2", "MSK::Cluster"),
        ("ec2", "CreateTransitGatewayVpcAttachment", "EC2::TransitGatewayAttachment"),
        (
            "rds",
            "CreateDBClusterSnapshot",
            "DocDB::DBClusterSnapshot Neptune::DBClusterSnapshot RDS::ClusterSnapshot",
        ),
    ],
)
def test_the_name_of_an_operation_says_which_types(source: str, name: str, types: str) -> None:
    """What the operation is about is in its name, and the longest noun is the one meant."""
    assert types_of(cloudtrail(source, name)) == [f"AWS::{each}" for each in types.split()]


@pytest.mark.parametrize(
    ("source", "kind", "type_"),
    [
        ("ec2", "EC2 Instance State-change Notification", "EC2::Instance"),
        ("ec2", "EBS Volume Notification", "EC2::Volume"),
        ("ec2", "EBS Snapshot Notification", "EC2::Snapshot"),
        ("ecs", "ECS Service Action", "ECS::Service"),
        ("ecs", "ECS Task State Change", "ECS::Task"),
        ("cloudwatch", "CloudWatch Alarm State Change", "CloudWatch::Alarm"),
        ("cloudformation", "CloudFormation Stack Status Change", "CloudFormation::Stack"),
    ],
)
def test_a_notification_of_a_service_says_so_too(source: str, kind: str, type_: str) -> None:
    """What no operation tells (an instance runs now) is told by its detail type."""
    assert types_of(told(source, kind)) == [f"AWS::{type_}"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("ec2", "CreateTags"),
        ("ec2", "CreateRoute"),
        ("iam", "CreatePolicyVersion"),
        ("lambda", "AddPermission20150331v2"),
        ("lambda", "TagResource20170331v2"),
        ("elasticloadbalancing", "RegisterTargets"),
        ("logs", "PutRetentionPolicy"),
    ],
)
def test_a_name_that_says_nothing_is_about_all_of_its_service(source: str, name: str) -> None:
    """All types that the service's actions show are looked at, and none of another service."""
    about, precise = GUIDE.about(change(cloudtrail(source, name)))
    expected = {
        scanner.type
        for scanner in SCANNERS.values()
        if any(action.startswith(f"{source}:") for action in actions_of(scanner.operations))
    }
    assert not precise
    assert {type_ for type_, _ in about} == expected
    assert len(expected) > 1


@pytest.mark.parametrize("source", ["tagging", "health", "signin", "", "ec2x", "EC2"])
def test_a_service_that_no_scanner_knows_is_about_nothing(source: str) -> None:
    """Then only the names in the event can tell."""
    assert GUIDE.about(change(cloudtrail(source, "TagResources"))) == ([], False)


@pytest.mark.parametrize(
    ("source", "name", "types"),
    [
        ("iam", "CreateUser", ["AWS::IAM::User"]),
        ("route53", "CreateHostedZone", ["AWS::Route53::HostedZone"]),
        ("cloudfront", "CreateDistribution", ["AWS::CloudFront::Distribution"]),
        ("organizations", "CreateAccount", ["AWS::Organizations::Account"]),
    ],
)
def test_what_is_global_is_looked_at_as_global(source: str, name: str, types: list[str]) -> None:
    """Its events come from us-east-1, where no shard of it is."""
    event = cloudtrail(source, name, awsRegion="us-east-1") | {"region": "us-east-1"}
    assert GUIDE.about(change(event)) == ([(type_, GLOBAL) for type_ in types], True)


def test_a_service_may_have_both_global_and_regional_types() -> None:
    """Each is looked at where its shard is."""
    about, _ = GUIDE.about(change(cloudtrail("s3", "TagResource")))
    assert ("AWS::S3::Bucket", REGION) in about
    assert ("AWS::S3::MultiRegionAccessPoint", GLOBAL) in about


def test_the_region_is_that_of_the_call() -> None:
    """An event that was passed on from another region says in its detail where it happened."""
    event = cloudtrail("ec2", "CreateVpc", awsRegion="eu-north-1")
    assert GUIDE.about(change(event))[0] == [("AWS::EC2::VPC", "eu-north-1")]
    assert change(told("ec2", "EBS Volume Notification")).region == REGION


# ---- what is in an event


@pytest.mark.parametrize(
    "detail",
    [
        {"readOnly": True},
        {"errorCode": "Client.UnauthorizedOperation", "errorMessage": "no"},
        {"errorCode": "DryRunOperation"},
    ],
)
def test_what_has_only_been_read_or_has_failed_is_no_change(detail: dict[str, Any]) -> None:
    """A read, or a call that AWS refused, has changed nothing."""
    assert read(json.dumps(cloudtrail("ec2", "RunInstances", **detail))) is None


@pytest.mark.parametrize("detail", [{"errorCode": None}, {"errorCode": ""}, {"readOnly": None}])
def test_what_does_not_say_that_it_failed_is_a_change(detail: dict[str, Any]) -> None:
    """In doubt one look too many is taken."""
    assert types_of(cloudtrail("ec2", "RunInstances", **detail)) == ["AWS::EC2::Instance"]


def test_a_change_has_what_is_needed_and_no_more() -> None:
    """Account, region, service and name, and the words among which ids and ARNs may be."""
    found = change(
        cloudtrail(
            "ec2",
            "DeleteTags",
            requestParameters={
                "resourcesSet": {"items": [{"resourceId": "i-1"}, {"resourceId": "vol-2"}]},
                "tagSet": {"items": [{"key": "env", "value": 7}]},
            },
        )
    )
    assert (found.account, found.region) == (ACCOUNT, REGION)
    assert (found.service, found.name) == ("ec2", "deletetags")
    assert {"i-1", "vol-2", "env"} <= found.strings
    assert "resourceId" not in found.strings


def test_a_notification_names_its_resource_in_its_detail() -> None:
    """It is found there as in any other event."""
    event = told("ec2", "EC2 Instance State-change Notification", **{"instance-id": "i-1"})
    assert change(event).strings == {"i-1"}


def test_words_are_looked_for_up_to_a_bound() -> None:
    """The first of them are what is looked at, however many there are."""
    words = [f"i-{number}" for number in range(10 * MAX_STRINGS)]
    found = change(told("ec2", "x", items=words))
    assert found.strings == set(words[:MAX_STRINGS])


@pytest.mark.parametrize("inside", ["list", "dict"])
def test_words_are_looked_for_down_to_a_depth(inside: str) -> None:
    """What lies deeper than any real event goes is left alone."""
    value: Any = "there"
    for _ in range(MAX_DEPTH - 1):
        value = [value] if inside == "list" else {"in": value}
    assert change(told("ec2", "x", deep=value)).strings == {"there"}
    assert change(told("ec2", "x", deep=[value])).strings == frozenset()


# ---- what is no event


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "not json",
        '"text"',
        "\x00",
        "\ud800",
        '{"account": "1"}',
        json.dumps(cloudtrail("ec2", "x") | {"account": 1}),
        json.dumps(cloudtrail("ec2", "x") | {"detail": None}),
        json.dumps(cloudtrail("ec2", "x") | {"detail": []}),
        json.dumps(cloudtrail("ec2", "x", eventName=["RunInstances"])),
        json.dumps(cloudtrail("ec2", "x", readOnly="no")),
        json.dumps(cloudtrail("ec2", "x", items="\ud800")),
        json.dumps(cloudtrail("ec2", "x"))[:-1],
        json.dumps({"Type": "Notification", "Message": "{}"}),
    ],
)
def test_what_is_no_event_is_a_value_error(body: str) -> None:
    """Whoever reads the queue counts it, and goes on."""
    with pytest.raises(ValueError):  # noqa: PT011 - msgspec's own texts
        read(body)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
GOOD = cloudtrail("ec2", "RunInstances", requestParameters={"instancesSet": {"items": ["i-1"]}})


def survives(body: str) -> None:
    """Do all that is done with a message; only a ValueError may come of it."""
    try:
        found = read(body)
    except ValueError:
        return
    if found is not None:
        about, _ = GUIDE.about(found)
        assert all(type_ in SCANNERS for type_, _ in about)
        assert len(found.strings) <= MAX_STRINGS


@given(body=st.text())
def test_any_text_is_survived(body: str) -> None:
    """Anyone who may send to the queue may send anything."""
    survives(body)


@given(value=VALUES)
def test_any_json_is_survived(value: Any) -> None:
    """Whatever JSON it is."""
    survives(json.dumps(value))


@given(
    field=st.sampled_from(["account", "region", "source", "detail-type", "detail", "resources"]),
    value=VALUES,
    inner=st.dictionaries(
        st.sampled_from(["eventSource", "eventName", "awsRegion", "readOnly", "errorCode", "x"]),
        VALUES,
    ),
)
def test_any_event_that_is_a_little_wrong_is_survived(
    field: str, value: Any, inner: dict[str, Any]
) -> None:
    """Fields of other types, and names that no operation has."""
    survives(json.dumps(GOOD | {"detail": GOOD["detail"] | inner}))
    survives(json.dumps(GOOD | {field: value}))


@given(data=st.data())
def test_any_event_with_a_piece_cut_out_or_put_in_is_survived(data: st.DataObject) -> None:
    """Bytes that were lost or added anywhere."""
    body = json.dumps(GOOD)
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    survives(body[:start] + data.draw(st.text(max_size=10)) + body[end:])


@pytest.mark.parametrize("depth", [20, 200, 700])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_nested_a_little_is_survived(depth: int, opening: str) -> None:
    """A few hundred levels are more than any event has."""
    survives(_nested(opening, depth))


@pytest.mark.parametrize("depth", [2000, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_nested_deeply_is_survived(depth: int, opening: str) -> None:
    """However deep, it is no event: it may not end who listens."""
    survives(_nested(opening, depth))


def _nested(opening: str, depth: int) -> str:
    deep = opening * depth + "1" + {"[": "]"}.get(opening, "}") * depth
    return json.dumps(GOOD | {"detail": "HERE"}).replace(
        '"HERE"', f'{{"requestParameters": {deep}}}'
    )


@pytest.mark.parametrize(
    "each", ["1", "[]", "{}", '"i-1"', "null", '{"a":["b",{"c":1}]}', "1.5e300"]
)
def test_a_message_as_large_as_there_is_takes_no_time(each: str) -> None:
    """A full message of anything is read within what nobody who watches would notice."""
    many = ",".join([each] * (LARGEST // (len(each) + 1)))
    body = json.dumps(GOOD | {"detail": "HERE"}).replace('"HERE"', f'{{"items": [{many}]}}')
    started = time.process_time()
    survives(body)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("field", ["detail-type", "source", "account"])
def test_a_name_as_large_as_there_is_takes_no_time(field: str) -> None:
    """Names are compared with all nouns of a service, however long they are."""
    started = time.process_time()
    survives(json.dumps(told("ec2", "x") | {field: "instanc" * (LARGEST // 7)}))
    assert time.process_time() - started < 1
