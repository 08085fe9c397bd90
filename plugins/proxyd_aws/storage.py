"""What holds bytes: buckets and the ways into them, volumes, file systems, vaults."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::S3::Bucket",
        calls=(
            pages("s3", "ListBuckets", "Buckets[]", BucketRegion="{region}"),
            # S3 has a call for every setting of a bucket. This one tells whether it can be open
            # to everybody; all are encrypted nowadays, and the key's id is marked as secret.
            each("s3", "GetPublicAccessBlock", into="Access", Bucket="{Name}"),
        ),
        arn="arn:{partition}:s3:::{Name}",
        name="Name",
        tags=tagged("s3"),
        properties="BucketRegion, "
        "BlockPublicAcls=Access.PublicAccessBlockConfiguration.BlockPublicAcls, "
        "IgnorePublicAcls=Access.PublicAccessBlockConfiguration.IgnorePublicAcls, "
        "BlockPublicPolicy=Access.PublicAccessBlockConfiguration.BlockPublicPolicy, "
        "RestrictPublicBuckets=Access.PublicAccessBlockConfiguration.RestrictPublicBuckets, "
        "CreationDate",
        # An endpoint that ignores the parameter answers with every bucket in every region;
        # one that heeds it need not tell the region.
        keep=("BucketRegion", "{region}", ""),
    ),
    listing(
        "AWS::S3::AccessPoint",
        calls=pages("s3control", "ListAccessPoints", "AccessPointList[]", AccountId="{account}"),
        arn="AccessPointArn",
        name="Name",
        tags=tagged("s3"),
        properties="NetworkOrigin, Alias, BucketAccountId, DataSourceType",
        links=(
            "in AWS::EC2::VPC VpcConfiguration.VpcId",
            "attached-to AWS::S3::Bucket Bucket",
            "attached-to AWS::FSx::Volume DataSourceId ~ arn:*:fsx:*",
        ),
    ),
    listing(
        "AWS::S3::MultiRegionAccessPoint",
        calls=pages(
            "s3control", "ListMultiRegionAccessPoints", "AccessPoints[]", AccountId="{account}"
        ),
        scope="global",
        arn="arn:{partition}:s3::{account}:accesspoint/{Alias}",
        name="Name",
        tags=None,
        properties="State=Status, Alias, Regions=Regions[].Region, "
        "BlockPublicAcls=PublicAccessBlock.BlockPublicAcls, "
        "IgnorePublicAcls=PublicAccessBlock.IgnorePublicAcls, "
        "BlockPublicPolicy=PublicAccessBlock.BlockPublicPolicy, "
        "RestrictPublicBuckets=PublicAccessBlock.RestrictPublicBuckets, CreatedAt",
        links="routes-to AWS::S3::Bucket Regions[].Bucket",
    ),
    listing(
        "AWS::EC2::Volume",
        calls=pages("ec2", "DescribeVolumes", "Volumes[]"),
        arn="arn:{partition}:ec2:{region}:{account}:volume/{VolumeId}",
        properties="State, VolumeType, Size, Iops, Throughput, Encrypted, AvailabilityZone, "
        "SnapshotId, MultiAttachEnabled, Devices=Attachments[].Device, CreateTime",
        links=(
            "attached-to AWS::EC2::Instance Attachments[].InstanceId",
            "uses AWS::EC2::Snapshot SnapshotId",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::EC2::Snapshot",
        calls=pages("ec2", "DescribeSnapshots", "Snapshots[]", OwnerIds=["self"]),
        arn="arn:{partition}:ec2:{region}::snapshot/{SnapshotId}",
        properties="State, Description, VolumeSize, StorageTier, Encrypted, OwnerId, StartTime, "
        "CompletionTime, RestoreExpiryTime",
        links=(
            # A copied snapshot has a volume of this name, which there is not.
            "member-of AWS::EC2::Volume VolumeId ~ !vol-ffffffff",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
        # An endpoint that does not know `self` answers with everybody's.
        keep=("OwnerId", "{account}"),
    ),
    listing(
        "AWS::EFS::FileSystem",
        calls=pages("efs", "DescribeFileSystems", "FileSystems[]"),
        arn="FileSystemArn",
        name="Name",
        properties="State=LifeCycleState, PerformanceMode, ThroughputMode, "
        "ProvisionedThroughputInMibps, Encrypted, AvailabilityZoneName, NumberOfMountTargets, "
        "ReplicationOverwriteProtection=FileSystemProtection.ReplicationOverwriteProtection, "
        "CreationTime",
        links="encrypts-with AWS::KMS::Key KmsKeyId",
    ),
    listing(
        "AWS::EFS::AccessPoint",
        calls=pages("efs", "DescribeAccessPoints", "AccessPoints[]"),
        arn="AccessPointArn",
        name="Name",
        properties="State=LifeCycleState, Path=RootDirectory.Path, Uid=PosixUser.Uid, "
        "Gid=PosixUser.Gid, SecondaryGids=PosixUser.SecondaryGids, "
        "Permissions=RootDirectory.CreationInfo.Permissions, OwnerId",
        links="member-of AWS::EFS::FileSystem FileSystemId",
    ),
    listing(
        "AWS::EFS::MountTarget",
        calls=(
            pages("efs", "DescribeFileSystems", "FileSystems[]"),
            each("efs", "DescribeMountTargets", "MountTargets[]", FileSystemId="{FileSystemId}"),
        ),
        # AWS has no ARN for them: this one is made like those of what they belong to.
        arn="arn:{partition}:elasticfilesystem:{region}:{account}:mount-target/{MountTargetId}",
        tags=None,
        properties="State=LifeCycleState, IpAddress, Ipv6Address, AvailabilityZoneName, "
        "AvailabilityZoneId, OwnerId",
        links=(
            "in AWS::EC2::VPC VpcId",
            "in AWS::EC2::Subnet SubnetId",
            "attached-to AWS::EFS::FileSystem FileSystemId",
            "uses AWS::EC2::NetworkInterface NetworkInterfaceId",
        ),
    ),
    listing(
        "AWS::FSx::FileSystem",
        calls=pages("fsx", "DescribeFileSystems", "FileSystems[]"),
        arn="ResourceARN",
        properties="State=Lifecycle, FileSystemType, FileSystemTypeVersion, StorageCapacity, "
        "StorageType, DNSName, WindowsDeploymentType=WindowsConfiguration.DeploymentType, "
        "WindowsThroughputCapacity=WindowsConfiguration.ThroughputCapacity, "
        "LustreDeploymentType=LustreConfiguration.DeploymentType, "
        "LustrePerUnitStorageThroughput=LustreConfiguration.PerUnitStorageThroughput, "
        "OntapDeploymentType=OntapConfiguration.DeploymentType, "
        "OntapThroughputCapacity=OntapConfiguration.ThroughputCapacity, "
        "OpenZFSDeploymentType=OpenZFSConfiguration.DeploymentType, "
        "OpenZFSThroughputCapacity=OpenZFSConfiguration.ThroughputCapacity, CreationTime",
        links=(
            "in AWS::EC2::VPC VpcId",
            "in AWS::EC2::Subnet SubnetIds",
            "uses AWS::EC2::NetworkInterface NetworkInterfaceIds",
            "uses AWS::EC2::RouteTable OntapConfiguration.RouteTableIds",
            "uses AWS::EC2::RouteTable OpenZFSConfiguration.RouteTableIds",
            "uses AWS::FSx::Volume OpenZFSConfiguration.RootVolumeId",
            "uses AWS::DirectoryService::MicrosoftAD WindowsConfiguration.ActiveDirectoryId",
            "uses AWS::KinesisFirehose::DeliveryStream "
            "WindowsConfiguration.AuditLogConfiguration.AuditLogDestination ~ arn:*:firehose:*",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::FSx::Backup",
        calls=pages("fsx", "DescribeBackups", "Backups[]"),
        arn="ResourceARN",
        properties="State=Lifecycle, Type, ResourceType, FileSystemType=FileSystem.FileSystemType, "
        "StorageCapacity=FileSystem.StorageCapacity, SourceBackupRegion, OwnerId, CreationTime",
        links=(
            "member-of AWS::FSx::FileSystem FileSystem.FileSystemId",
            "member-of AWS::FSx::Volume Volume.VolumeId",
            "uses AWS::FSx::Backup SourceBackupId",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::Glacier::Vault",
        calls=pages("glacier", "ListVaults", "VaultList[]", accountId="{account}"),
        arn="VaultARN",
        name="VaultName",
        tags=tagged("glacier:vaults"),
        properties="NumberOfArchives, SizeInBytes, CreationDate",
    ),
)
