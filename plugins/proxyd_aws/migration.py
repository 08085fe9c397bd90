"""Database Migration Service: what copies, from where and to where.

How an endpoint logs in stays there, and so does all that its settings and a task's may hold.
"""

from proxyd.plugin import listing, pages, tagged

_BY_SECRET = (
    "DocDbSettings",
    "GcpMySQLSettings",
    "IBMDb2Settings",
    "MicrosoftSQLServerSettings",
    "MongoDbSettings",
    "MySQLSettings",
    "OracleSettings",
    "PostgreSQLSettings",
    "RedshiftSettings",
    "SybaseSettings",
)
"""The settings of engines that may take their credentials from Secrets Manager."""

SCANNERS = (
    listing(
        "AWS::DMS::ReplicationInstance",
        calls=pages("dms", "DescribeReplicationInstances", "ReplicationInstances[]"),
        arn="ReplicationInstanceArn",
        id="ReplicationInstanceIdentifier",
        tags=tagged("dms:rep"),
        properties="State=ReplicationInstanceStatus, ReplicationInstanceClass, EngineVersion, "
        "AllocatedStorage, AvailabilityZone, MultiAZ, PubliclyAccessible, "
        "PrivateIpAddresses=ReplicationInstancePrivateIpAddresses, "
        "PublicIpAddresses=ReplicationInstancePublicIpAddresses, InstanceCreateTime",
        links=(
            "in AWS::EC2::VPC ReplicationSubnetGroup.VpcId, "
            "in AWS::EC2::Subnet ReplicationSubnetGroup.Subnets[].SubnetIdentifier",
            "uses AWS::DMS::ReplicationSubnetGroup "
            "ReplicationSubnetGroup.ReplicationSubnetGroupIdentifier",
            "uses AWS::EC2::SecurityGroup VpcSecurityGroups[].VpcSecurityGroupId",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::DMS::Endpoint",
        calls=pages("dms", "DescribeEndpoints", "Endpoints[]"),
        arn="EndpointArn",
        id="EndpointIdentifier",
        tags=tagged("dms:endpoint"),
        properties="State=Status, EndpointType, EngineName, ServerName, Port, DatabaseName, "
        "SslMode",
        links=(
            "uses AWS::DMS::Certificate CertificateArn",
            # By its address: after an instance's name comes a word of AWS's of twelve letters.
            "uses AWS::RDS::DBCluster ServerName ~ (*).cluster-*.rds.amazonaws.com*",
            "uses AWS::RDS::DBInstance ServerName ~ (*).????????????.*.rds.amazonaws.com*",
            "uses AWS::DocDB::DBCluster ServerName ~ (*).cluster-*.docdb.amazonaws.com*",
            "uses AWS::Redshift::Cluster ServerName ~ (*).*.redshift.amazonaws.com*",
            "uses AWS::S3::Bucket S3Settings.BucketName",
            "uses AWS::S3::Bucket RedshiftSettings.BucketName",
            "uses AWS::S3::Bucket NeptuneSettings.S3BucketName",
            "uses AWS::Kinesis::Stream KinesisSettings.StreamArn",
            "uses AWS::Timestream::Database TimestreamSettings.DatabaseName",
            *(
                f"uses AWS::SecretsManager::Secret {settings}.SecretsManagerSecretId"
                for settings in _BY_SECRET
            ),
            "encrypts-with AWS::KMS::Key KmsKeyId",
            "runs-as AWS::IAM::Role ServiceAccessRoleArn",
        ),
    ),
    listing(
        "AWS::DMS::ReplicationTask",
        calls=pages("dms", "DescribeReplicationTasks", "ReplicationTasks[]", WithoutSettings=True),
        arn="ReplicationTaskArn",
        id="ReplicationTaskIdentifier",
        tags=tagged("dms:task"),
        properties="State=Status, MigrationType, StopReason, ReplicationTaskCreationDate, "
        "ReplicationTaskStartDate",
        links=(
            "in AWS::DMS::ReplicationInstance ReplicationInstanceArn",
            "in AWS::DMS::ReplicationInstance TargetReplicationInstanceArn",
            "uses AWS::DMS::Endpoint SourceEndpointArn",
            "routes-to AWS::DMS::Endpoint TargetEndpointArn",
        ),
    ),
    listing(
        "AWS::DMS::Certificate",
        calls=pages("dms", "DescribeCertificates", "Certificates[]"),
        arn="CertificateArn",
        id="CertificateIdentifier",
        tags=tagged("dms:cert"),
        properties="CertificateOwner, SigningAlgorithm, KeyLength, ValidFromDate, ValidToDate",
    ),
)
