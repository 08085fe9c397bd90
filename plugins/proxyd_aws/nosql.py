"""Databases that are not relational: key-value, documents, graphs, time series, and Aurora DSQL.

Neptune and DocumentDB are asked for in the RDS API: their own models leave the tags out.
"""

from typing import Any

from proxyd.plugin import Scanner, each, listing, pages, tagged


def _only(engine: str) -> list[dict[str, Any]]:
    return [{"Name": "engine", "Values": [engine]}]


def _instances(product: str, engine: str) -> Scanner:
    """Declare the instances of a product."""
    instance_groups = (
        "uses AWS::Neptune::DBParameterGroup DBParameterGroups[].DBParameterGroupName ~ !default.*"
        if product == "Neptune"
        else ""
    )
    return listing(
        f"AWS::{product}::DBInstance",
        calls=pages("rds", "DescribeDBInstances", "DBInstances[]", Filters=_only(engine)),
        arn="DBInstanceArn",
        id="DBInstanceIdentifier",
        tags="TagList",
        properties="State=DBInstanceStatus, EngineVersion, DBInstanceClass, "
        "AvailabilityZone, EndpointAddress=Endpoint.Address, EndpointPort=Endpoint.Port, "
        "StorageEncrypted, PubliclyAccessible, PromotionTier, InstanceCreateTime",
        links=(
            f"member-of AWS::{product}::DBCluster DBClusterIdentifier",
            "in AWS::EC2::VPC DBSubnetGroup.VpcId",
            "in AWS::EC2::Subnet DBSubnetGroup.Subnets[].SubnetIdentifier",
            "uses AWS::RDS::DBSubnetGroup DBSubnetGroup.DBSubnetGroupName",
            instance_groups,
            "uses AWS::EC2::SecurityGroup VpcSecurityGroups[].VpcSecurityGroupId",
            "encrypts-with AWS::KMS::Key KmsKeyId",
            "encrypts-with AWS::KMS::Key PerformanceInsightsKMSKeyId",
        ),
    )


def _db_clusters(product: str, engine: str) -> Scanner:
    """Declare the clusters of a product."""
    return listing(
        f"AWS::{product}::DBCluster",
        calls=pages("rds", "DescribeDBClusters", "DBClusters[]", Filters=_only(engine)),
        arn="DBClusterArn",
        id="DBClusterIdentifier",
        tags="TagList",
        properties="State=Status, EngineVersion, Endpoint, ReaderEndpoint, Port, MultiAZ, "
        "AvailabilityZones, StorageEncrypted, DeletionProtection, "
        "BackupRetentionPeriod, ClusterCreateTime",
        links=(
            f"member-of AWS::{product}::GlobalCluster GlobalClusterIdentifier",
            "uses AWS::RDS::DBSubnetGroup DBSubnetGroup",
            f"uses AWS::{product}::DBClusterParameterGroup DBClusterParameterGroup ~ !default.*",
            f"uses AWS::{product}::DBCluster ReplicationSourceIdentifier",
            "uses AWS::EC2::SecurityGroup VpcSecurityGroups[].VpcSecurityGroupId",
            "uses AWS::SecretsManager::Secret MasterUserSecret.SecretArn",
            "encrypts-with AWS::KMS::Key KmsKeyId",
            "runs-as AWS::IAM::Role AssociatedRoles[].RoleArn",
        ),
    )


def _global_clusters(product: str, engine: str) -> Scanner:
    """Declare the clusters that span regions of a product."""
    return listing(
        f"AWS::{product}::GlobalCluster",
        calls=pages("rds", "DescribeGlobalClusters", "GlobalClusters[]"),
        scope="global",
        arn="GlobalClusterArn",
        id="GlobalClusterIdentifier",
        tags="TagList",
        properties="State=Status, EngineVersion, Endpoint, StorageEncrypted, DeletionProtection",
        links=f"uses AWS::{product}::DBCluster GlobalClusterMembers[].DBClusterArn",
        keep=("Engine", engine),
    )


def _snapshots(product: str, engine: str) -> Scanner:
    """Declare the snapshots of clusters of a product."""
    return listing(
        f"AWS::{product}::DBClusterSnapshot",
        calls=pages(
            "rds", "DescribeDBClusterSnapshots", "DBClusterSnapshots[]", Filters=_only(engine)
        ),
        arn="DBClusterSnapshotArn",
        id="DBClusterSnapshotIdentifier",
        tags="TagList",
        properties="State=Status, SnapshotType, EngineVersion, StorageType, "
        "StorageEncrypted, AvailabilityZones, SnapshotCreateTime",
        links=(
            f"member-of AWS::{product}::DBCluster DBClusterIdentifier, in AWS::EC2::VPC VpcId",
            f"uses AWS::{product}::DBClusterSnapshot SourceDBClusterSnapshotArn",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    )


def _parameter_groups(product: str, engine: str) -> Scanner:
    """Declare the parameter groups of clusters of a product."""
    return listing(
        f"AWS::{product}::DBClusterParameterGroup",
        calls=pages("rds", "DescribeDBClusterParameterGroups", "DBClusterParameterGroups[]"),
        arn="DBClusterParameterGroupArn",
        id="DBClusterParameterGroupName",
        tags=tagged("rds:cluster-pg"),
        properties="DBParameterGroupFamily, Description",
        keep=("DBParameterGroupFamily", f"{engine}*"),
        drop=("DBClusterParameterGroupName", "default.*"),
    )


def _clusters(product: str, engine: str) -> tuple[Scanner, ...]:
    """Declare what DocumentDB and Neptune have alike."""
    return (
        _instances(product, engine),
        _db_clusters(product, engine),
        _global_clusters(product, engine),
        _snapshots(product, engine),
        _parameter_groups(product, engine),
    )


SCANNERS = (
    listing(
        "AWS::DynamoDB::Table",
        calls=(
            pages("dynamodb", "ListTables", "TableNames[]"),
            each("dynamodb", "DescribeTable", TableName="{@}"),
        ),
        arn="arn:{partition}:dynamodb:{region}:{account}:table/{@}",
        name="@",
        tags=tagged("dynamodb:table"),
        properties="State=Table.TableStatus, BillingMode=Table.BillingModeSummary.BillingMode, "
        "ReadCapacityUnits=Table.ProvisionedThroughput.ReadCapacityUnits, "
        "WriteCapacityUnits=Table.ProvisionedThroughput.WriteCapacityUnits, "
        "KeyAttributes=Table.KeySchema[].AttributeName, "
        "Indexes=Table.GlobalSecondaryIndexes[].IndexName, "
        "TableClass=Table.TableClassSummary.TableClass, "
        "StreamEnabled=Table.StreamSpecification.StreamEnabled, "
        "ReplicaRegions=Table.Replicas[].RegionName, "
        "DeletionProtectionEnabled=Table.DeletionProtectionEnabled, "
        "CreationDateTime=Table.CreationDateTime",
        links="encrypts-with AWS::KMS::Key Table.SSEDescription.KMSMasterKeyArn",
    ),
    listing(
        "AWS::DynamoDB::Backup",
        calls=pages("dynamodb", "ListBackups", "BackupSummaries[]", BackupType="ALL"),
        arn="BackupArn",
        name="BackupName",
        tags=None,
        properties="State=BackupStatus, BackupType, BackupSizeBytes, BackupCreationDateTime, "
        "BackupExpiryDateTime",
        links="member-of AWS::DynamoDB::Table TableArn",
        drop=("BackupStatus", "DELETED"),
    ),
    listing(
        "AWS::DynamoDB::GlobalTable",
        calls=pages("dynamodb", "ListGlobalTables", "GlobalTables[]"),
        arn="arn:{partition}:dynamodb::{account}:global-table/{GlobalTableName}",
        name="GlobalTableName",
        tags=None,
        properties="ReplicaRegions=ReplicationGroup[].RegionName",
        # Its replicas have its name.
        links="uses AWS::DynamoDB::Table GlobalTableName",
        # Each region of a table lists it: the first of them has it.
        keep=("ReplicationGroup[0].RegionName", "{region}"),
    ),
    listing(
        "AWS::DAX::Cluster",
        calls=pages("dax", "DescribeClusters", "Clusters[]"),
        arn="ClusterArn",
        name="ClusterName",
        tags=tagged("dax:cache"),
        properties="State=Status, Description, NodeType, TotalNodes, "
        "Address=ClusterDiscoveryEndpoint.Address, Port=ClusterDiscoveryEndpoint.Port, "
        "AvailabilityZones=Nodes[].AvailabilityZone, SSEStatus=SSEDescription.Status, "
        "ClusterEndpointEncryptionType",
        links=(
            "uses AWS::DAX::SubnetGroup SubnetGroup",
            "uses AWS::DAX::ParameterGroup ParameterGroup.ParameterGroupName ~ !default.*",
            "uses AWS::EC2::SecurityGroup SecurityGroups[].SecurityGroupIdentifier",
            "triggers AWS::SNS::Topic NotificationConfiguration.TopicArn",
            "runs-as AWS::IAM::Role IamRoleArn",
        ),
    ),
    # AWS has no ARNs for the groups of DAX: these are made like those of ElastiCache.
    listing(
        "AWS::DAX::ParameterGroup",
        calls=pages("dax", "DescribeParameterGroups", "ParameterGroups[]"),
        arn="arn:{partition}:dax:{region}:{account}:parametergroup:{ParameterGroupName}",
        name="ParameterGroupName",
        tags=None,
        properties="Description",
        drop=("ParameterGroupName", "default.*"),
    ),
    listing(
        "AWS::DAX::SubnetGroup",
        calls=pages("dax", "DescribeSubnetGroups", "SubnetGroups[]"),
        arn="arn:{partition}:dax:{region}:{account}:subnetgroup:{SubnetGroupName}",
        name="SubnetGroupName",
        tags=None,
        properties="Description, AvailabilityZones=Subnets[].SubnetAvailabilityZone, "
        "SupportedNetworkTypes",
        links="in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet Subnets[].SubnetIdentifier",
    ),
    listing(
        "AWS::DSQL::Cluster",
        calls=(
            pages("dsql", "ListClusters", "clusters[]"),
            # Of a cluster the list tells no more than the ARN.
            each("dsql", "GetCluster", into="Detail", identifier="{identifier}"),
        ),
        arn="arn",
        tags=tagged("dsql:cluster"),
        properties="State=Detail.status, deletionProtectionEnabled="
        "Detail.deletionProtectionEnabled, encryptionType=Detail.encryptionDetails.encryptionType, "
        "witnessRegion=Detail.multiRegionProperties.witnessRegion, "
        "creationTime=Detail.creationTime",
        # A cluster of several regions: those of the others.
        links="uses AWS::DSQL::Cluster Detail.multiRegionProperties.clusters, "
        "encrypts-with AWS::KMS::Key Detail.encryptionDetails.kmsKeyArn ~ arn:*",
    ),
    # GetTable would tell more of a table, and takes the right to read it.
    listing(
        "AWS::Cassandra::Keyspace",
        calls=pages("keyspaces", "ListKeyspaces", "keyspaces[]"),
        arn="resourceArn",
        id="keyspaceName",
        tags=tagged("cassandra"),
        properties="replicationStrategy, replicationRegions",
        drop=("keyspaceName", "system*"),
    ),
    listing(
        "AWS::Cassandra::Table",
        calls=(
            pages("keyspaces", "ListKeyspaces", "keyspaces[]"),
            each("keyspaces", "ListTables", "tables[]", keyspaceName="{keyspaceName}"),
        ),
        arn="resourceArn",
        id="tableName",
        tags=tagged("cassandra"),
        properties="keyspaceName",
        links="member-of AWS::Cassandra::Keyspace keyspaceName",
        drop=("keyspaceName", "system*"),
    ),
    listing(
        "AWS::Timestream::Database",
        calls=pages("timestream-write", "ListDatabases", "Databases[]"),
        arn="Arn",
        name="DatabaseName",
        # For the whole service: a kind of tables there is not.
        tags=tagged("timestream"),
        properties="TableCount, CreationTime",
        links="encrypts-with AWS::KMS::Key KmsKeyId",
    ),
    listing(
        "AWS::Timestream::Table",
        calls=(
            pages("timestream-write", "ListDatabases", "Databases[]"),
            each("timestream-write", "ListTables", "Tables[]", DatabaseName="{DatabaseName}"),
        ),
        arn="Arn",
        name="TableName",
        tags=tagged("timestream"),
        properties="State=TableStatus, MemoryStoreRetentionPeriodInHours="
        "RetentionProperties.MemoryStoreRetentionPeriodInHours, "
        "MagneticStoreRetentionPeriodInDays="
        "RetentionProperties.MagneticStoreRetentionPeriodInDays, EnableMagneticStoreWrites="
        "MagneticStoreWriteProperties.EnableMagneticStoreWrites, CreationTime",
        links=(
            "member-of AWS::Timestream::Database DatabaseName",
            "uses AWS::S3::Bucket MagneticStoreWriteProperties."
            "MagneticStoreRejectedDataLocation.S3Configuration.BucketName",
        ),
    ),
    *_clusters("DocDB", "docdb"),
    listing(
        "AWS::DocDBElastic::Cluster",
        calls=(
            pages("docdb-elastic", "ListClusters", "clusters[]"),
            # The list tells neither the network that it is in nor its key.
            each("docdb-elastic", "GetCluster", clusterArn="{clusterArn}"),
        ),
        arn="clusterArn",
        name="clusterName",
        tags=tagged("docdb-elastic:cluster"),
        properties="State=status, clusterEndpoint=cluster.clusterEndpoint, "
        "shardCapacity=cluster.shardCapacity, shardCount=cluster.shardCount, "
        "shardInstanceCount=cluster.shardInstanceCount, "
        "backupRetentionPeriod=cluster.backupRetentionPeriod, "
        "authType=cluster.authType, createTime=cluster.createTime",
        links=(
            "in AWS::EC2::Subnet cluster.subnetIds",
            "uses AWS::EC2::SecurityGroup cluster.vpcSecurityGroupIds",
            "encrypts-with AWS::KMS::Key cluster.kmsKeyId ~ !AWS_OWNED*",
        ),
    ),
    *_clusters("Neptune", "neptune"),
    listing(
        "AWS::Neptune::DBParameterGroup",
        calls=pages("rds", "DescribeDBParameterGroups", "DBParameterGroups[]"),
        arn="DBParameterGroupArn",
        id="DBParameterGroupName",
        tags=tagged("rds:pg"),
        properties="DBParameterGroupFamily, Description",
        keep=("DBParameterGroupFamily", "neptune*"),
        drop=("DBParameterGroupName", "default.*"),
    ),
)
