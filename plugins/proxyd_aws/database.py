"""Databases: RDS and DynamoDB.

Neptune and DocumentDB are served by the RDS API too, and have types of their own.
"""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::RDS::DBInstance",
        calls=pages("rds", "DescribeDBInstances", "DBInstances[]"),
        arn="DBInstanceArn",
        id="DBInstanceIdentifier",
        name="DBInstanceIdentifier",
        tags="TagList",
        properties="State=DBInstanceStatus, Engine, EngineVersion, DBInstanceClass, MultiAZ, "
        "AvailabilityZone, EndpointAddress=Endpoint.Address, EndpointPort=Endpoint.Port, "
        "AllocatedStorage, StorageType, StorageEncrypted, PubliclyAccessible, "
        "DeletionProtection, BackupRetentionPeriod, InstanceCreateTime",
        links=(
            "member-of AWS::RDS::DBCluster DBClusterIdentifier",
            "in AWS::EC2::VPC DBSubnetGroup.VpcId",
            "in AWS::EC2::Subnet DBSubnetGroup.Subnets[].SubnetIdentifier",
            "uses AWS::RDS::DBSubnetGroup DBSubnetGroup.DBSubnetGroupName",
            "uses AWS::EC2::SecurityGroup VpcSecurityGroups[].VpcSecurityGroupId",
            "uses AWS::SecretsManager::Secret MasterUserSecret.SecretArn",
            "encrypts-with AWS::KMS::Key KmsKeyId",
            "runs-as AWS::IAM::Role AssociatedRoles[].RoleArn",
        ),
        drop=("Engine", "neptune", "docdb"),
    ),
    listing(
        "AWS::RDS::DBCluster",
        calls=pages("rds", "DescribeDBClusters", "DBClusters[]"),
        arn="DBClusterArn",
        id="DBClusterIdentifier",
        name="DBClusterIdentifier",
        tags="TagList",
        properties="State=Status, Engine, EngineVersion, EngineMode, Endpoint, ReaderEndpoint, "
        "Port, MultiAZ, AvailabilityZones, AllocatedStorage, StorageEncrypted, "
        "DeletionProtection, BackupRetentionPeriod, ClusterCreateTime",
        links=(
            "uses AWS::RDS::DBSubnetGroup DBSubnetGroup",
            "uses AWS::EC2::SecurityGroup VpcSecurityGroups[].VpcSecurityGroupId",
            "uses AWS::SecretsManager::Secret MasterUserSecret.SecretArn",
            "member-of AWS::RDS::GlobalCluster GlobalClusterIdentifier",
            "encrypts-with AWS::KMS::Key KmsKeyId",
            "runs-as AWS::IAM::Role AssociatedRoles[].RoleArn",
        ),
        drop=("Engine", "neptune", "docdb"),
    ),
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
        "Indexes=Table.GlobalSecondaryIndexes[].IndexName, ItemCount=Table.ItemCount, "
        "TableSizeBytes=Table.TableSizeBytes, TableClass=Table.TableClassSummary.TableClass, "
        "StreamEnabled=Table.StreamSpecification.StreamEnabled, "
        "ReplicaRegions=Table.Replicas[].RegionName, "
        "DeletionProtectionEnabled=Table.DeletionProtectionEnabled, "
        "CreationDateTime=Table.CreationDateTime",
        links="encrypts-with AWS::KMS::Key Table.SSEDescription.KMSMasterKeyArn",
    ),
)
