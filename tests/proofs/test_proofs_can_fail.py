"""A proof that can not fail proves nothing: each is shown a scanner that is wrong on purpose."""

from typing import Any

import pytest

from proxyd.plugin import Scanner, batch, each, listing, pages
from proxyd.proofs import declared as proofs

VPCS = pages("ec2", "DescribeVpcs", "Vpcs[]")
KEYS = pages("kms", "ListKeys", "Keys[]")
CLUSTERS = pages("ecs", "ListClusters", "clusterArns[]")


def vpc(**changes: Any) -> Scanner:
    """Declare a scanner that is right but for the changes."""
    declared: dict[str, Any] = {
        "calls": VPCS,
        "arn": "arn:{partition}:ec2:{region}:{OwnerId}:vpc/{VpcId}",
    }
    return listing("AWS::EC2::VPC", **(declared | changes))


def function(**changes: Any) -> Scanner:
    """Declare a scanner of functions that is right but for the changes."""
    calls = pages("lambda", "ListFunctions", "Functions[]")
    return listing("AWS::Lambda::Function", calls=calls, arn="FunctionArn", tags=None, **changes)


def key(**changes: Any) -> Scanner:
    """Declare a scanner of keys, described one by one, that is right but for the changes."""
    describe = each("kms", "DescribeKey", KeyId="{KeyId}")
    declared: dict[str, Any] = {"calls": (KEYS, describe), "arn": "KeyArn", "tags": None}
    return listing("AWS::KMS::Key", **(declared | changes))


@pytest.mark.parametrize(
    ("scanner", "complaint"),
    [
        (vpc(properties="Stat"), "no 'Stat' here"),
        (vpc(properties="BlockPublicAccessStates"), "leads to no property"),
        (vpc(properties="CidrBlockAssociationSet.CidrBlock"), "write []"),
        (vpc(properties="State[]"), "State is no list"),
        (vpc(arn="Arn"), "arn 'Arn': no 'Arn' here"),
        (vpc(arn="arn:aws:ec2:{Region}:vpc/{VpcId}"), "arn 'Region'"),
        (vpc(id="CidrBlockAssociationSet[].CidrBlock"), "leads to no id"),
        (vpc(name="Name"), "name 'Name'"),
        (vpc(tags="TagSet"), "tags 'TagSet'"),
        (vpc(tags="VpcId"), "leads to no tags"),
        (vpc(links="in AWS::EC2::VPC VpcIds"), "link 'VpcIds'"),
        (vpc(links="in AWS::EC2::VPC IsDefault"), "leads to no link"),
        (vpc(keep=("Owner", "1")), "filter 'Owner'"),
        (vpc(keep=("OwnerId", "{Own}")), "filter 'Own'"),
        (vpc(calls=pages("ec2", "DescribeVpcs", "VPCs[]")), "no 'VPCs' here"),
        (vpc(calls=pages("ec2", "DescribeVpcs", "Vpcs")), "must end in []"),
        (vpc(calls=pages("ec2", "ListVpcs", "Vpcs[]")), "no operation 'ListVpcs'"),
        (vpc(calls=pages("ec3", "DescribeVpcs", "Vpcs[]")), "no service 'ec3'"),
        (key(drop=("KeyMetadata.KeyManager", "AWS")), "not there with detail=list"),
        (key(properties="^.KeyId"), "property '^.KeyId'"),
    ],
)
def test_a_wrong_path_is_found(scanner: Scanner, complaint: str) -> None:
    """A path that leads nowhere, or to the wrong kind of value, is named."""
    assert complaint in " ".join(proofs.wrong_paths(scanner))


@pytest.mark.parametrize(
    ("calls", "complaint"),
    [
        ((KEYS, each("kms", "DescribeKey")), "Missing required parameter"),
        ((KEYS, each("kms", "DescribeKey", KeyId="{Id}")), "no 'Id' here"),
        ((KEYS, each("kms", "DescribeKey", Key="{KeyId}")), "Unknown parameter"),
        ((KEYS, each("kms", "DescribeKey", KeyId=["{KeyId}"])), "Invalid type"),
        ((CLUSTERS, each("ecs", "ListServices", "serviceArns[]", cluster="{^.@}")), "no '^' here"),
        (pages("ec2", "DescribeVpcs", "Vpcs[]", MaxResults="5"), "Invalid type"),
        (
            (
                CLUSTERS,
                batch(
                    "ecs",
                    "DescribeClusters",
                    "clusters[]",
                    size=9,
                    clusters=["{@}"],
                    include=["TAG"],
                ),
            ),
            "'TAG' is none of",
        ),
    ],
)
def test_a_wrong_parameter_is_found(calls: Any, complaint: str) -> None:
    """A parameter that is missing, unknown or of the wrong kind is named."""
    assert complaint in " ".join(proofs.wrong_params(vpc(calls=calls)))


@pytest.mark.parametrize("path", ["Tags", "Tags[].Key", "BlockPublicAccessStates", "IsDefault"])
def test_a_parameter_of_the_wrong_kind_is_found(path: str) -> None:
    """A parameter that takes a text from a path to something else is named."""
    for template in (f"{{{path}}}", f"a-{{{path}}}"):
        calls = (VPCS, each("kms", "DescribeKey", KeyId=template))
        in_text = template.startswith("a-") and path == "IsDefault"
        assert bool(proofs.wrong_params(vpc(calls=calls))) is not in_text


@pytest.mark.parametrize(
    ("calls", "complaint"),
    [
        ((VPCS, each("ec2", "DescribeVpcs", into="More", VpcIds=["{VpcId}"])), "reads only"),
        (
            (VPCS, batch("ec2", "DescribeSubnets", "Subnets[]", size=9, SubnetIds=["{VpcId}"])),
            "reads only",
        ),
        (pages("route53", "ListGeoLocations", "GeoLocationDetailsList[]"), "nobody knows"),
    ],
)
def test_a_lost_page_is_found(calls: Any, complaint: str) -> None:
    """An operation with pages that is asked once, or that nobody can page, is named."""
    assert complaint in " ".join(proofs.lost_pages(vpc(calls=calls)))


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (pages("ec2", "DescribeNothing", "A[]"), "no such action"),
        (pages("nowhere", "DescribeVpcs", "A[]"), "no such action"),
        (pages("ec2", "TerminateInstances", "A[]"), "access level is Write"),
        (pages("ec2", "CreateTags", "A[]"), "access level is Tagging"),
        (pages("dynamodb", "Scan", "Items[]"), "never-list"),
        (pages("lambda", "GetFunction", "Layers[]"), "never-list"),
        (pages("secretsmanager", "GetSecretValue", "VersionStages[]"), "never-list"),
        (pages("ssm", "GetParametersByPath", "Parameters[]"), "never-list"),
    ],
)
def test_a_wrong_action_is_found(call: Any, complaint: str) -> None:
    """An action that is unknown, writes, or reads data or credentials is named."""
    assert complaint in " ".join(proofs.wrong_actions(vpc(calls=call)))


def test_an_unknown_type_is_found() -> None:
    """A type that CloudFormation has no schema for is named."""
    scanner = listing("AWS::EC2::Vpc", calls=VPCS, arn="VpcId")
    assert proofs.unknown_type(scanner) == ["AWS::EC2::Vpc: CloudFormation has no such type"]


@pytest.mark.parametrize(
    ("scanner", "complaint"),
    [
        (
            listing(
                "AWS::CloudFront::Distribution",
                calls=pages("cloudfront", "ListDistributions", "DistributionList.Items[]"),
                arn="ARN",
                name="Comment",
                tags=None,
            ),
            "name 'Comment': Comment is marked sensitive",
        ),
        (function(properties="Environment.Variables.URL"), "Environment is on the never-list"),
        (vpc(calls=pages("sns", "ListSubscriptions", "Subscriptions[]"), arn="Endpoint"), "never"),
        (
            vpc(
                calls=(
                    pages("sqs", "ListQueues", "QueueUrls[]"),
                    each("sqs", "GetQueueAttributes", QueueUrl="{@}", AttributeNames=["All"]),
                ),
                properties="Attributes.Policy",
            ),
            "Policy is on the never-list",
        ),
        (
            listing(
                "AWS::IAM::Role",
                calls=pages("iam", "ListRoles", "Roles[]"),
                arn="Arn",
                properties="AssumeRolePolicyDocument",
            ),
            "AssumeRolePolicyDocument is on the never-list",
        ),
        (
            listing(
                "AWS::CloudFormation::Stack",
                calls=pages("cloudformation", "DescribeStacks", "Stacks[]"),
                arn="StackId",
                properties="Outputs[].OutputValue",
            ),
            "Outputs is on the never-list",
        ),
    ],
)
def test_a_secret_path_is_found(scanner: Scanner, complaint: str) -> None:
    """A path through a marked or listed field is named."""
    assert complaint in " ".join(proofs.secret_paths(scanner))


def test_a_listed_field_may_be_a_link_to_an_arn() -> None:
    """A field that may hold anything is allowed where only ARNs are let through."""
    subscriptions = pages("sns", "ListSubscriptions", "Subscriptions[]")

    def complaints(path: str) -> list[str]:
        links = f"triggers AWS::SQS::Queue {path}"
        scanner = vpc(calls=subscriptions, arn="SubscriptionArn", tags=None, links=links)
        return proofs.secret_paths(scanner)

    assert complaints("Endpoint ~ arn:*:sqs:*") == []
    assert complaints("Endpoint")
    assert complaints("Endpoint ~ *")
    assert complaints("Endpoint ~ !arn:*")


def test_an_unknown_link_is_found() -> None:
    """A link to a type that nobody knows is named, one to a plugin's own type is not."""
    scanner = vpc(links="in Acme::Net::Zone VpcId")
    assert proofs.unknown_links(scanner, []) == ["link to Acme::Net::Zone: no such type"]
    assert proofs.unknown_links(scanner, ["Acme::Net::Zone"]) == []
