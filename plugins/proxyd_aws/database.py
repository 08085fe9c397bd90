"""Relational databases: RDS and Aurora.

Neptune and DocumentDB are served by the RDS API too, and have types of their own; subnet groups
and subscriptions belong to no engine, so all of them are here.
"""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::RDS::DBInstance",
        calls=pages("rds", "DescribeDBInstances", "DBInstances[]"),
        arn="DBInstanceArn",
        id="DBInstanceIdentifier",
        tags="TagList",
        properties="State=DBInstanceStatus, Engine, EngineVersion, DBInstanceClass, MultiAZ, "
        "AvailabilityZone, EndpointAddress=Endpoint.Address, EndpointPort=Endpoint.Port, "
        "AllocatedStorage, StorageEncrypted, PubliclyAccessible, DeletionProtection, "
        "BackupRetentionPeriod, InstanceCreateTime",
        links=(
            "member-of AWS::RDS::DBCluster DBClusterIdentifier",
            "in AWS::EC2::VPC DBSubnetGroup.VpcId",
            "in AWS::EC2::Subnet DBSubnetGroup.Subnets[].SubnetIdentifier",
            "uses AWS::RDS::DBSubnetGroup DBSubnetGroup.DBSubnetGroupName",
            "uses AWS::EC2::SecurityGroup VpcSecurityGroups[].VpcSecurityGroupId",
            "uses AWS::RDS::DBParameterGroup DBParameterGroups[].DBParameterGroupName ~ !default.*",
            "uses AWS::RDS::OptionGroup OptionGroupMemberships[].OptionGroupName ~ !default:*",
            "uses AWS::RDS::DBInstance ReadReplicaSourceDBInstanceIdentifier",
            "uses AWS::RDS::DBCluster ReadReplicaSourceDBClusterIdentifier",
            "uses AWS::SecretsManager::Secret MasterUserSecret.SecretArn",
            "uses AWS::DirectoryService::MicrosoftAD DomainMemberships[].Domain",
            "routes-to AWS::Kinesis::Stream ActivityStreamKinesisStreamName",
            "encrypts-with AWS::KMS::Key KmsKeyId",
            "encrypts-with AWS::KMS::Key PerformanceInsightsKMSKeyId",
            "runs-as AWS::IAM::Role AssociatedRoles[].RoleArn",
            "runs-as AWS::IAM::Role MonitoringRoleArn",
        ),
        drop=("Engine", "neptune", "docdb"),
    ),
    listing(
        "AWS::RDS::DBCluster",
        calls=pages("rds", "DescribeDBClusters", "DBClusters[]"),
        arn="DBClusterArn",
        id="DBClusterIdentifier",
        tags="TagList",
        properties="State=Status, Engine, EngineVersion, EngineMode, Endpoint, ReaderEndpoint, "
        "Port, MultiAZ, AvailabilityZones, StorageEncrypted, "
        "DeletionProtection, BackupRetentionPeriod, ClusterCreateTime",
        links=(
            "uses AWS::RDS::DBSubnetGroup DBSubnetGroup",
            "uses AWS::EC2::SecurityGroup VpcSecurityGroups[].VpcSecurityGroupId",
            "uses AWS::RDS::DBClusterParameterGroup DBClusterParameterGroup ~ !default.*",
            "uses AWS::RDS::DBCluster ReplicationSourceIdentifier ~ arn:*:cluster:*",
            "uses AWS::RDS::DBInstance ReplicationSourceIdentifier ~ arn:*:db:*",
            "uses AWS::SecretsManager::Secret MasterUserSecret.SecretArn",
            "uses AWS::DirectoryService::MicrosoftAD DomainMemberships[].Domain",
            "member-of AWS::RDS::GlobalCluster GlobalClusterIdentifier",
            "routes-to AWS::Kinesis::Stream ActivityStreamKinesisStreamName",
            "encrypts-with AWS::KMS::Key KmsKeyId",
            "encrypts-with AWS::KMS::Key PerformanceInsightsKMSKeyId",
            "runs-as AWS::IAM::Role AssociatedRoles[].RoleArn",
            "runs-as AWS::IAM::Role MonitoringRoleArn",
        ),
        drop=("Engine", "neptune", "docdb"),
    ),
    # The same answer comes from every region, and the ARN names none.
    listing(
        "AWS::RDS::GlobalCluster",
        calls=pages("rds", "DescribeGlobalClusters", "GlobalClusters[]"),
        scope="global",
        arn="GlobalClusterArn",
        id="GlobalClusterIdentifier",
        tags="TagList",
        properties="State=Status, Engine, EngineVersion, Endpoint, StorageEncrypted, "
        "DeletionProtection",
        links="uses AWS::RDS::DBCluster GlobalClusterMembers[].DBClusterArn",
        drop=("Engine", "neptune", "docdb"),
    ),
    listing(
        "AWS::RDS::DBProxy",
        calls=(
            pages("rds", "DescribeDBProxies", "DBProxies[]"),
            # A proxy is a name for its database, and no list call tells which.
            each(
                "rds",
                "DescribeDBProxyTargets",
                "Targets[]",
                into="Targets",
                DBProxyName="{DBProxyName}",
            ),
        ),
        arn="DBProxyArn",
        id="DBProxyName",
        tags=tagged("rds:db-proxy"),
        properties="State=Status, EngineFamily, Endpoint, RequireTLS, IdleClientTimeout, "
        "IAMAuth=Auth[].IAMAuth, CreatedDate",
        links=(
            "in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet VpcSubnetIds",
            "uses AWS::EC2::SecurityGroup VpcSecurityGroupIds",
            "uses AWS::SecretsManager::Secret Auth[].SecretArn",
            "routes-to AWS::RDS::DBCluster Targets[Type=TRACKED_CLUSTER].RdsResourceId",
            "routes-to AWS::RDS::DBInstance Targets[Type=RDS_INSTANCE].RdsResourceId",
            "runs-as AWS::IAM::Role RoleArn",
        ),
    ),
    # Without a type named, automated and manual ones come, and nothing that others share.
    listing(
        "AWS::RDS::DBSnapshot",
        calls=pages("rds", "DescribeDBSnapshots", "DBSnapshots[]"),
        arn="DBSnapshotArn",
        id="DBSnapshotIdentifier",
        tags="TagList",
        properties="State=Status, SnapshotType, Engine, EngineVersion, AllocatedStorage, "
        "StorageType, Encrypted, AvailabilityZone, SourceRegion, SnapshotCreateTime",
        links=(
            "member-of AWS::RDS::DBInstance DBInstanceIdentifier, in AWS::EC2::VPC VpcId",
            "uses AWS::RDS::OptionGroup OptionGroupName ~ !default:*",
            "uses AWS::RDS::DBSnapshot SourceDBSnapshotIdentifier",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::RDS::ClusterSnapshot",
        calls=pages("rds", "DescribeDBClusterSnapshots", "DBClusterSnapshots[]"),
        arn="DBClusterSnapshotArn",
        id="DBClusterSnapshotIdentifier",
        tags="TagList",
        properties="State=Status, SnapshotType, Engine, EngineVersion, AllocatedStorage, "
        "StorageType, StorageEncrypted, AvailabilityZones, SnapshotCreateTime",
        links=(
            "member-of AWS::RDS::DBCluster DBClusterIdentifier, in AWS::EC2::VPC VpcId",
            "uses AWS::RDS::ClusterSnapshot SourceDBClusterSnapshotArn",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
        drop=("Engine", "neptune", "docdb"),
    ),
    listing(
        "AWS::RDS::DBSubnetGroup",
        calls=pages("rds", "DescribeDBSubnetGroups", "DBSubnetGroups[]"),
        arn="DBSubnetGroupArn",
        id="DBSubnetGroupName",
        tags=tagged("rds:subgrp"),
        properties="State=SubnetGroupStatus, DBSubnetGroupDescription, SupportedNetworkTypes, "
        "AvailabilityZones=Subnets[].SubnetAvailabilityZone.Name",
        links="in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet Subnets[].SubnetIdentifier",
    ),
    listing(
        "AWS::RDS::DBParameterGroup",
        calls=pages("rds", "DescribeDBParameterGroups", "DBParameterGroups[]"),
        arn="DBParameterGroupArn",
        id="DBParameterGroupName",
        tags=tagged("rds:pg"),
        properties="DBParameterGroupFamily, Description",
        keep=("DBParameterGroupFamily ~ !neptune*", "?*"),
        drop=("DBParameterGroupName", "default.*"),
    ),
    listing(
        "AWS::RDS::DBClusterParameterGroup",
        calls=pages("rds", "DescribeDBClusterParameterGroups", "DBClusterParameterGroups[]"),
        arn="DBClusterParameterGroupArn",
        id="DBClusterParameterGroupName",
        tags=tagged("rds:cluster-pg"),
        properties="DBParameterGroupFamily, Description",
        keep=("DBClusterParameterGroupName ~ !default.*", "?*"),
        drop=("DBParameterGroupFamily", "neptune*", "docdb*"),
    ),
    listing(
        "AWS::RDS::OptionGroup",
        calls=pages("rds", "DescribeOptionGroups", "OptionGroupsList[]"),
        arn="OptionGroupArn",
        id="OptionGroupName",
        tags=tagged("rds:og"),
        properties="EngineName, MajorEngineVersion, OptionGroupDescription, "
        "Options=Options[].OptionName",
        links="in AWS::EC2::VPC VpcId, uses AWS::EC2::SecurityGroup "
        "Options[].VpcSecurityGroupMemberships[].VpcSecurityGroupId",
        drop=("OptionGroupName", "default:*"),
    ),
    listing(
        "AWS::RDS::EventSubscription",
        calls=pages("rds", "DescribeEventSubscriptions", "EventSubscriptionsList[]"),
        arn="EventSubscriptionArn",
        id="CustSubscriptionId",
        tags=tagged("rds:es"),
        properties="State=Status, Enabled, SourceType, SourceIdsList, EventCategoriesList, "
        "SubscriptionCreationTime",
        links="triggers AWS::SNS::Topic SnsTopicArn",
    ),
)
