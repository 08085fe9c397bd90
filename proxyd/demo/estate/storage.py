"""Keys, secrets, databases and buckets."""

from __future__ import annotations

from typing import Any

from .compute import subnets
from .site import Site, pairs

_KEYS = ("data", "logs", "backups")


def make_storage(site: Site) -> None:
    """Make what holds data, and what it is locked with."""
    for purpose in _KEYS[: site.extent.zones]:
        _make_key(site, purpose)
    for app in site.apps:
        _make_secret(site, f"{app.name}/database", app.team)
    if site.extent.databases:
        _make_databases(site)


def _make_key(site: Site, purpose: str) -> None:
    kms = site.aws("kms")
    key = kms.create_key(
        Description=site.text(f"Encrypts {purpose}"),
        Tags=pairs(site.tags(f"{purpose}-key"), "TagKey", "TagValue"),
    )["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{site.name(purpose)}", TargetKeyId=key)
    site.ids[f"key-{purpose}"] = key
    site.made["AWS::KMS::Key"] += 1
    site.made["AWS::KMS::Alias"] += 1


def _make_secret(site: Site, name: str, team: str) -> None:
    site.aws("secretsmanager").create_secret(
        Name=site.name(name),
        Description=site.text(f"Credentials of {name}"),
        SecretString=site.confidential,
        KmsKeyId=site.ids["key-data"],
        Tags=pairs(site.tags(name, team)),
    )
    site.made["AWS::SecretsManager::Secret"] += 1


def _make_databases(site: Site) -> None:
    rds, running = site.aws("rds"), {app.name: app.team for app in site.apps}
    rds.create_db_subnet_group(
        DBSubnetGroupName=site.name("databases"),
        DBSubnetGroupDescription=site.text("Where databases live"),
        SubnetIds=subnets(site, "private"),
        Tags=pairs(site.tags("databases")),
    )
    site.made["AWS::RDS::DBSubnetGroup"] += 1
    if (name := site.portfolio.database) in running:
        _make_instance(site, f"{name}-db", name, running[name], engine="postgres", **_login(site))
    if (name := site.portfolio.cluster) in running:
        _make_cluster(site, name, running[name])


def _login(site: Site) -> dict[str, Any]:
    return {
        "MasterUsername": "service",
        "MasterUserPassword": site.confidential,
        "AllocatedStorage": 200,
    }


def _make_instance(
    site: Site, identifier: str, app: str, team: str, *, engine: str, **more: Any
) -> None:
    site.aws("rds").create_db_instance(
        DBInstanceIdentifier=site.name(identifier),
        DBInstanceClass="db.r6g.large",
        Engine=engine,
        DBSubnetGroupName=site.name("databases"),
        VpcSecurityGroupIds=[site.ids[f"sg-{app}-db"]],
        Tags=pairs(site.tags(identifier, team)),
        **more,
    )
    site.made["AWS::RDS::DBInstance"] += 1


def _make_cluster(site: Site, app: str, team: str) -> None:
    cluster, engine = f"{app}-cluster", "aurora-postgresql"
    site.aws("rds").create_db_cluster(
        DBClusterIdentifier=site.name(cluster),
        Engine=engine,
        MasterUsername="service",
        MasterUserPassword=site.confidential,
        DBSubnetGroupName=site.name("databases"),
        VpcSecurityGroupIds=[site.ids[f"sg-{app}-db"]],
        Tags=pairs(site.tags(cluster, team)),
    )
    site.made["AWS::RDS::DBCluster"] += 1
    member = {"DBClusterIdentifier": site.name(cluster)}
    _make_instance(site, f"{cluster}-1", app, team, engine=engine, **member)


def make_buckets(sites: list[Site]) -> None:
    """Make the account's buckets, dealt out to its regions in turn."""
    for number, purpose in enumerate(sites[0].portfolio.buckets):
        site = sites[number % len(sites)]
        # Bucket names are the world's, so that the account's number goes in.
        bucket, s3 = site.name(f"{site.target}-{site.account}-{purpose}"), site.aws("s3")
        # The oldest region is the one that may not be named.
        home = {"LocationConstraint": site.region} if site.region != "us-east-1" else {}
        s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": home} if home else {}))
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs(site.tags(purpose))})
        site.globally["AWS::S3::Bucket"] += 1
