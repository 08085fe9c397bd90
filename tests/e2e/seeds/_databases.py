"""Seeds of every kind of database, tied to one network, key and role."""

from __future__ import annotations

from typing import Any

from tests.e2e.oracle import Account

from . import REGION, Made
from ._ground import PASSWORD, TAGS, Ground


def _relational(account: Account, ground: Ground) -> Made:
    rds = account.client("rds", REGION)
    subnets = rds.create_db_subnet_group(
        DBSubnetGroupName="data",
        DBSubnetGroupDescription="data",
        SubnetIds=ground.subnets,
        Tags=TAGS,
    )["DBSubnetGroup"]
    parameters = rds.create_db_parameter_group(
        DBParameterGroupName="data", DBParameterGroupFamily="mysql8.0", Description="data"
    )["DBParameterGroup"]
    cluster_parameters = rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="data",
        DBParameterGroupFamily="aurora-postgresql16",
        Description="data",
    )["DBClusterParameterGroup"]
    login: dict[str, Any] = {"MasterUsername": "admin", "MasterUserPassword": PASSWORD}
    instance = rds.create_db_instance(
        DBInstanceIdentifier="data",
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        AllocatedStorage=20,
        DBSubnetGroupName="data",
        DBParameterGroupName="data",
        VpcSecurityGroupIds=[ground.group],
        StorageEncrypted=True,
        KmsKeyId=ground.key,
        Tags=TAGS,
        **login,
    )["DBInstance"]
    cluster = rds.create_db_cluster(
        DBClusterIdentifier="data",
        Engine="aurora-postgresql",
        DBSubnetGroupName="data",
        DBClusterParameterGroupName="data",
        VpcSecurityGroupIds=[ground.group],
        Tags=TAGS,
        **login,
    )["DBCluster"]
    member = rds.create_db_instance(
        DBInstanceIdentifier="data-1",
        DBClusterIdentifier="data",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
    )["DBInstance"]
    rds.create_db_snapshot(
        DBInstanceIdentifier="data", DBSnapshotIdentifier="data-by-hand", Tags=TAGS
    )
    rds.create_db_cluster_snapshot(
        DBClusterIdentifier="data", DBClusterSnapshotIdentifier="data-by-hand"
    )
    subscription = rds.create_event_subscription(
        SubscriptionName="data", SnsTopicArn=ground.topic, SourceType="db-instance", Tags=TAGS
    )["EventSubscription"]
    proxy = rds.create_db_proxy(
        DBProxyName="data",
        EngineFamily="POSTGRESQL",
        Auth=[{"AuthScheme": "SECRETS", "IAMAuth": "REQUIRED"}],
        RoleArn=ground.role,
        VpcSubnetIds=ground.subnets,
        VpcSecurityGroupIds=[ground.group],
    )["DBProxy"]
    rds.register_db_proxy_targets(DBProxyName="data", DBClusterIdentifiers=["data"])
    return {
        "AWS::RDS::DBSubnetGroup": {subnets["DBSubnetGroupArn"]},
        "AWS::RDS::DBParameterGroup": {parameters["DBParameterGroupArn"]},
        "AWS::RDS::DBClusterParameterGroup": {cluster_parameters["DBClusterParameterGroupArn"]},
        "AWS::RDS::DBInstance": {instance["DBInstanceArn"], member["DBInstanceArn"]},
        "AWS::RDS::DBCluster": {cluster["DBClusterArn"]},
        "AWS::RDS::EventSubscription": {subscription["EventSubscriptionArn"]},
        "AWS::RDS::DBProxy": {proxy["DBProxyArn"]},
    }


def _graphs(account: Account, ground: Ground) -> Made:
    rds = account.client("rds", REGION)
    parameters = rds.create_db_parameter_group(
        DBParameterGroupName="graph", DBParameterGroupFamily="neptune1.3", Description="data"
    )["DBParameterGroup"]
    cluster_parameters = rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="graph", DBParameterGroupFamily="neptune1.3", Description="data"
    )["DBClusterParameterGroup"]
    cluster = rds.create_db_cluster(
        DBClusterIdentifier="graph",
        Engine="neptune",
        DBSubnetGroupName="data",
        DBClusterParameterGroupName="graph",
        VpcSecurityGroupIds=[ground.group],
        MasterUsername="admin",
        MasterUserPassword=PASSWORD,
        Tags=TAGS,
    )["DBCluster"]
    instance = rds.create_db_instance(
        DBInstanceIdentifier="graph-1",
        DBClusterIdentifier="graph",
        DBInstanceClass="db.r6g.large",
        Engine="neptune",
    )["DBInstance"]
    rds.create_db_cluster_snapshot(
        DBClusterIdentifier="graph", DBClusterSnapshotIdentifier="graph-by-hand"
    )
    home = account.client("rds", "us-east-1")
    spread = [
        home.create_global_cluster(GlobalClusterIdentifier=f"{engine}-everywhere", Engine=engine)[
            "GlobalCluster"
        ]["GlobalClusterArn"]
        for engine in ("neptune", "aurora-postgresql")
    ]
    return {
        "AWS::Neptune::DBParameterGroup": {parameters["DBParameterGroupArn"]},
        "AWS::Neptune::DBClusterParameterGroup": {cluster_parameters["DBClusterParameterGroupArn"]},
        "AWS::Neptune::DBCluster": {cluster["DBClusterArn"]},
        "AWS::Neptune::DBInstance": {instance["DBInstanceArn"]},
        "AWS::Neptune::GlobalCluster": set(spread[:1]),
        "AWS::RDS::GlobalCluster": set(spread[1:]),
    }


def _snapshots(account: Account, _: Ground) -> Made:
    """Ask which there are: some come by themselves, with a database that keeps backups."""
    rds = account.client("rds", REGION)
    clusters = rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    graphs = {s["DBClusterSnapshotArn"] for s in clusters if s["Engine"] == "neptune"}
    return {
        "AWS::RDS::DBSnapshot": {
            s["DBSnapshotArn"] for s in rds.describe_db_snapshots()["DBSnapshots"]
        },
        "AWS::RDS::ClusterSnapshot": {s["DBClusterSnapshotArn"] for s in clusters} - graphs,
        "AWS::Neptune::DBClusterSnapshot": graphs,
    }


def _dynamodb(account: Account, ground: Ground) -> Made:
    dynamodb = account.client("dynamodb", REGION)
    tables = [
        dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": ground.key},
            Tags=TAGS,
        )["TableDescription"]["TableArn"]
        for name in ("orders", "carts")
    ]
    backup = dynamodb.create_backup(TableName="orders", BackupName="by-hand")["BackupDetails"]
    return {
        "AWS::DynamoDB::Table": set(tables),
        "AWS::DynamoDB::Backup": {backup["BackupArn"]},
    }


def _others(account: Account, ground: Ground) -> Made:
    cluster = account.client("dax", REGION).create_cluster(
        ClusterName="data", NodeType="dax.t3.small", ReplicationFactor=2, IamRoleArn=ground.role
    )["Cluster"]
    timestream = account.client("timestream-write", REGION)
    database = timestream.create_database(DatabaseName="data", KmsKeyId=ground.key, Tags=TAGS)
    table = timestream.create_table(DatabaseName="data", TableName="readings", Tags=TAGS)
    return {
        "AWS::DAX::Cluster": {cluster["ClusterArn"]},
        "AWS::Timestream::Database": {database["Database"]["Arn"]},
        "AWS::Timestream::Table": {table["Table"]["Arn"]},
    }


def _caches(account: Account, ground: Ground) -> Made:
    elasticache = account.client("elasticache", REGION)
    subnets = elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="data",
        CacheSubnetGroupDescription="data",
        SubnetIds=ground.subnets,
        Tags=TAGS,
    )["CacheSubnetGroup"]
    alone = elasticache.create_cache_cluster(
        CacheClusterId="alone",
        Engine="memcached",
        CacheNodeType="cache.t3.micro",
        NumCacheNodes=1,
        CacheSubnetGroupName="data",
        SecurityGroupIds=[ground.group],
        Tags=TAGS,
    )["CacheCluster"]
    group = elasticache.create_replication_group(
        ReplicationGroupId="data",
        ReplicationGroupDescription="data",
        Engine="redis",
        CacheNodeType="cache.t3.micro",
        NumCacheClusters=2,
        CacheSubnetGroupName="data",
        KmsKeyId=ground.key,
        Tags=TAGS,
    )["ReplicationGroup"]
    user = elasticache.create_user(
        UserId="reader",
        UserName="reader",
        Engine="redis",
        Passwords=["not-a-real-password"],
        AccessString="on ~* +@read",
    )
    return {
        "AWS::ElastiCache::SubnetGroup": {subnets["ARN"]},
        "AWS::ElastiCache::CacheCluster": {alone["ARN"]},
        "AWS::ElastiCache::ReplicationGroup": {group["ARN"]},
        "AWS::ElastiCache::User": {user["ARN"]},
    }


def _memory(account: Account, ground: Ground) -> Made:
    memorydb = account.client("memorydb", REGION)
    memorydb.create_subnet_group(SubnetGroupName="data", SubnetIds=ground.subnets, Tags=TAGS)
    cluster = memorydb.create_cluster(
        ClusterName="data",
        NodeType="db.t4g.small",
        ACLName="open-access",
        SubnetGroupName="data",
        SecurityGroupIds=[ground.group],
        KmsKeyId=ground.key,
        SnsTopicArn=ground.topic,
        Tags=TAGS,
    )["Cluster"]
    user = memorydb.create_user(
        UserName="reader",
        AuthenticationMode={"Type": "iam"},
        AccessString="on ~* +@read",
    )["User"]
    return {
        # One of the default network's subnets comes by itself.
        "AWS::MemoryDB::SubnetGroup": {
            group["ARN"] for group in memorydb.describe_subnet_groups()["SubnetGroups"]
        },
        "AWS::MemoryDB::Cluster": {cluster["ARN"]},
        "AWS::MemoryDB::User": {user["ARN"]},
    }


def _warehouses(account: Account, ground: Ground) -> Made:
    redshift = account.client("redshift", REGION)
    redshift.create_cluster_subnet_group(
        ClusterSubnetGroupName="data", Description="data", SubnetIds=ground.subnets
    )
    redshift.create_cluster(
        ClusterIdentifier="data",
        NodeType="ra3.xlplus",
        NumberOfNodes=2,
        MasterUsername="admin",
        MasterUserPassword=PASSWORD,
        ClusterSubnetGroupName="data",
        VpcSecurityGroupIds=[ground.group],
        IamRoles=[ground.role],
        Encrypted=True,
        KmsKeyId=ground.key,
        Tags=TAGS,
    )
    redshift.create_cluster_snapshot(
        SnapshotIdentifier="by-hand", ClusterIdentifier="data", Tags=TAGS
    )
    prefix = f"arn:aws:redshift:{REGION}:{account.account}"
    # One comes by itself.
    snapshots = redshift.describe_cluster_snapshots()["Snapshots"]
    return {
        "AWS::Redshift::Cluster": {f"{prefix}:cluster:data"},
        "AWS::Redshift::Snapshot": {
            f"{prefix}:snapshot:data/{snapshot['SnapshotIdentifier']}" for snapshot in snapshots
        },
    }


def _migrations(account: Account, ground: Ground) -> Made:
    dms = account.client("dms", REGION)
    dms.create_replication_subnet_group(
        ReplicationSubnetGroupIdentifier="data",
        ReplicationSubnetGroupDescription="data",
        SubnetIds=ground.subnets,
    )
    instance = dms.create_replication_instance(
        ReplicationInstanceIdentifier="data",
        ReplicationInstanceClass="dms.t3.small",
        ReplicationSubnetGroupIdentifier="data",
        VpcSecurityGroupIds=[ground.group],
        KmsKeyId=ground.key,
        Tags=TAGS,
    )["ReplicationInstance"]["ReplicationInstanceArn"]
    source, target = [
        dms.create_endpoint(
            EndpointIdentifier=kind,
            EndpointType=kind,
            EngineName="mysql",
            ServerName="db.example.com",
            Port=3306,
            Username="admin",
            Password=PASSWORD,
            KmsKeyId=ground.key,
            Tags=TAGS,
        )["Endpoint"]["EndpointArn"]
        for kind in ("source", "target")
    ]
    task = dms.create_replication_task(
        ReplicationTaskIdentifier="data",
        SourceEndpointArn=source,
        TargetEndpointArn=target,
        ReplicationInstanceArn=instance,
        MigrationType="full-load",
        TableMappings="{}",
        Tags=TAGS,
    )["ReplicationTask"]
    return {
        "AWS::DMS::ReplicationInstance": {instance},
        "AWS::DMS::Endpoint": {source, target},
        "AWS::DMS::ReplicationTask": {task["ReplicationTaskArn"]},
    }


def _searches(account: Account, ground: Ground) -> Made:
    place: dict[str, Any] = {
        "VPCOptions": {"SubnetIds": ground.subnets[:1], "SecurityGroupIds": [ground.group]},
        "EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": ground.key_id},
        "TagList": TAGS,
    }
    new = account.client("opensearch", REGION).create_domain(
        DomainName="new", EngineVersion="OpenSearch_2.11", **place
    )["DomainStatus"]
    old = account.client("es", REGION).create_elasticsearch_domain(
        DomainName="old", ElasticsearchVersion="7.10", **place
    )["DomainStatus"]
    return {
        "AWS::OpenSearchService::Domain": {new["ARN"]},
        "AWS::Elasticsearch::Domain": {old["ARN"]},
    }


DATABASES = (
    _relational,
    _graphs,
    _snapshots,
    _dynamodb,
    _others,
    _caches,
    _memory,
    _warehouses,
    _migrations,
    _searches,
)
"""In order: snapshots are of what was made before them."""
