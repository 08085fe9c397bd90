"""Databases in memory: ElastiCache and MemoryDB.

What every account has from AWS (users, access lists and parameter groups called `default` or
`open-access`) is left out.
"""

from proxyd.plugin import listing, pages, tagged

_LOGS_TO = "LogDeliveryConfigurations[].DestinationDetails"
_LOGS = (
    f"uses AWS::Logs::LogGroup {_LOGS_TO}.CloudWatchLogsDetails.LogGroup",
    f"uses AWS::KinesisFirehose::DeliveryStream {_LOGS_TO}.KinesisFirehoseDetails.DeliveryStream",
)

SCANNERS = (
    listing(
        "AWS::ElastiCache::CacheCluster",
        calls=pages(
            "elasticache", "DescribeCacheClusters", "CacheClusters[]", ShowCacheNodeInfo=True
        ),
        arn="ARN",
        id="CacheClusterId",
        tags=tagged("elasticache:cluster"),
        properties="State=CacheClusterStatus, Engine, EngineVersion, CacheNodeType, "
        "NumCacheNodes, PreferredAvailabilityZone, NodeAddresses=CacheNodes[].Endpoint.Address, "
        "AtRestEncryptionEnabled, TransitEncryptionEnabled, AuthTokenEnabled, "
        "SnapshotRetentionLimit, CacheClusterCreateTime",
        links=(
            "member-of AWS::ElastiCache::ReplicationGroup ReplicationGroupId",
            "uses AWS::ElastiCache::SubnetGroup CacheSubnetGroupName",
            "uses AWS::ElastiCache::ParameterGroup "
            "CacheParameterGroup.CacheParameterGroupName ~ !default.*",
            "uses AWS::EC2::SecurityGroup SecurityGroups[].SecurityGroupId",
            *_LOGS,
            "triggers AWS::SNS::Topic NotificationConfiguration.TopicArn",
        ),
    ),
    listing(
        "AWS::ElastiCache::ReplicationGroup",
        calls=pages("elasticache", "DescribeReplicationGroups", "ReplicationGroups[]"),
        arn="ARN",
        id="ReplicationGroupId",
        tags=tagged("elasticache:replicationgroup"),
        properties="State=Status, Description, Engine, CacheNodeType, ClusterMode, MultiAZ, "
        "AutomaticFailover, ConfigurationEndpoint=ConfigurationEndpoint.Address, "
        "PrimaryEndpoints=NodeGroups[].PrimaryEndpoint.Address, AtRestEncryptionEnabled, "
        "TransitEncryptionEnabled, AuthTokenEnabled, SnapshotRetentionLimit, "
        "ReplicationGroupCreateTime",
        links=(
            "member-of AWS::ElastiCache::GlobalReplicationGroup "
            "GlobalReplicationGroupInfo.GlobalReplicationGroupId",
            "uses AWS::ElastiCache::UserGroup UserGroupIds",
            *_LOGS,
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::ElastiCache::SubnetGroup",
        calls=pages("elasticache", "DescribeCacheSubnetGroups", "CacheSubnetGroups[]"),
        arn="ARN",
        id="CacheSubnetGroupName",
        tags=tagged("elasticache:subnetgroup"),
        properties="CacheSubnetGroupDescription, SupportedNetworkTypes, "
        "AvailabilityZones=Subnets[].SubnetAvailabilityZone.Name",
        links="in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet Subnets[].SubnetIdentifier",
    ),
    listing(
        "AWS::ElastiCache::ParameterGroup",
        calls=pages("elasticache", "DescribeCacheParameterGroups", "CacheParameterGroups[]"),
        arn="ARN",
        id="CacheParameterGroupName",
        tags=tagged("elasticache:parametergroup"),
        properties="CacheParameterGroupFamily, Description, IsGlobal",
        drop=("CacheParameterGroupName", "default.*"),
    ),
    listing(
        "AWS::ElastiCache::User",
        calls=pages("elasticache", "DescribeUsers", "Users[]"),
        arn="ARN",
        id="UserId",
        name="UserName",
        tags=tagged("elasticache:user"),
        properties="State=Status, Engine, MinimumEngineVersion, "
        "AuthenticationType=Authentication.Type",
        links="member-of AWS::ElastiCache::UserGroup UserGroupIds",
        drop=("UserId", "default"),
    ),
    listing(
        "AWS::ElastiCache::UserGroup",
        calls=pages("elasticache", "DescribeUserGroups", "UserGroups[]"),
        arn="ARN",
        id="UserGroupId",
        tags=tagged("elasticache:usergroup"),
        properties="State=Status, Engine, MinimumEngineVersion, UserIds",
        links="attached-to AWS::ElastiCache::ReplicationGroup ReplicationGroups, "
        "attached-to AWS::ElastiCache::ServerlessCache ServerlessCaches",
    ),
    listing(
        "AWS::MemoryDB::Cluster",
        calls=pages("memorydb", "DescribeClusters", "Clusters[]"),
        arn="ARN",
        name="Name",
        tags=tagged("memorydb:cluster"),
        properties="State=Status, Description, Engine, EngineVersion, NodeType, NumberOfShards, "
        "AvailabilityMode, Address=ClusterEndpoint.Address, Port=ClusterEndpoint.Port, "
        "TLSEnabled, SnapshotRetentionLimit",
        links=(
            "member-of AWS::MemoryDB::MultiRegionCluster MultiRegionClusterName",
            "uses AWS::MemoryDB::SubnetGroup SubnetGroupName",
            "uses AWS::MemoryDB::ParameterGroup ParameterGroupName ~ !default.*",
            "uses AWS::MemoryDB::ACL ACLName ~ !open-access",
            "uses AWS::EC2::SecurityGroup SecurityGroups[].SecurityGroupId",
            "triggers AWS::SNS::Topic SnsTopicArn",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::MemoryDB::ACL",
        calls=pages("memorydb", "DescribeACLs", "ACLs[]"),
        arn="ARN",
        name="Name",
        tags=tagged("memorydb:acl"),
        properties="State=Status, MinimumEngineVersion, UserNames",
        drop=("Name", "open-access"),
    ),
    listing(
        "AWS::MemoryDB::User",
        calls=pages("memorydb", "DescribeUsers", "Users[]"),
        arn="ARN",
        name="Name",
        tags=tagged("memorydb:user"),
        properties="State=Status, MinimumEngineVersion, AuthenticationType=Authentication.Type",
        links="member-of AWS::MemoryDB::ACL ACLNames",
        drop=("Name", "default"),
    ),
    listing(
        "AWS::MemoryDB::ParameterGroup",
        calls=pages("memorydb", "DescribeParameterGroups", "ParameterGroups[]"),
        arn="ARN",
        name="Name",
        tags=tagged("memorydb:parametergroup"),
        properties="Family, Description",
        drop=("Name", "default.*"),
    ),
    listing(
        "AWS::MemoryDB::SubnetGroup",
        calls=pages("memorydb", "DescribeSubnetGroups", "SubnetGroups[]"),
        arn="ARN",
        name="Name",
        tags=tagged("memorydb:subnetgroup"),
        properties="Description, SupportedNetworkTypes, "
        "AvailabilityZones=Subnets[].AvailabilityZone.Name",
        links="in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet Subnets[].Identifier",
    ),
)
