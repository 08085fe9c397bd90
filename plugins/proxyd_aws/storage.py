"""What holds bytes: buckets and the ways into them, volumes, file systems, vaults."""

from proxyd.plugin import each, listing, pages, tagged

_AUDIT = "WindowsConfiguration.AuditLogConfiguration.AuditLogDestination"
_LUSTRE = "LustreConfiguration"

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
        links="in AWS::EC2::VPC VpcConfiguration.VpcId, attached-to AWS::S3::Bucket Bucket, "
        "attached-to AWS::FSx::Volume DataSourceId",
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
        "MultiAttachEnabled, Devices=Attachments[].Device, CreateTime",
        links=(
            "in AWS::EC2::AvailabilityZone AvailabilityZone",
            "attached-to AWS::EC2::Instance Attachments[].InstanceId",
            "uses AWS::EC2::Snapshot SnapshotId, uses AWS::EC2::Volume SourceVolumeId",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::EC2::Snapshot",
        calls=pages("ec2", "DescribeSnapshots", "Snapshots[]", OwnerIds=["self"]),
        arn="arn:{partition}:ec2:{region}::snapshot/{SnapshotId}",
        properties="State, Description, VolumeSize, StorageTier, Encrypted, StartTime, "
        "RestoreExpiryTime",
        # A copied snapshot has a volume of this name, which there is not.
        links="member-of AWS::EC2::Volume VolumeId ~ !vol-ffffffff, "
        "encrypts-with AWS::KMS::Key KmsKeyId",
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
        "Gid=PosixUser.Gid, Permissions=RootDirectory.CreationInfo.Permissions",
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
        properties="State=LifeCycleState, IpAddress, Ipv6Address, AvailabilityZoneName",
        links=(
            "in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet SubnetId",
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
        "LustreDeploymentType=LustreConfiguration.DeploymentType, "
        "OntapDeploymentType=OntapConfiguration.DeploymentType, "
        "OpenZFSDeploymentType=OpenZFSConfiguration.DeploymentType, CreationTime",
        links=(
            "in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet SubnetIds",
            "uses AWS::EC2::NetworkInterface NetworkInterfaceIds",
            "uses AWS::EC2::RouteTable OntapConfiguration.RouteTableIds",
            "uses AWS::EC2::RouteTable OpenZFSConfiguration.RouteTableIds",
            "uses AWS::FSx::Volume OpenZFSConfiguration.RootVolumeId",
            "uses AWS::DirectoryService::MicrosoftAD WindowsConfiguration.ActiveDirectoryId",
            f"uses AWS::KinesisFirehose::DeliveryStream {_AUDIT} ~ arn:*:firehose:*",
            f"uses AWS::Logs::LogGroup {_AUDIT} ~ arn:*:log-group:*[!*]",
            f"uses AWS::Logs::LogGroup {_AUDIT} ~ (arn:*:log-group:*):[*]",
            f"uses AWS::Logs::LogGroup {_LUSTRE}.LogConfiguration.Destination "
            "~ arn:*:log-group:*[!*]",
            f"uses AWS::Logs::LogGroup {_LUSTRE}.LogConfiguration.Destination "
            "~ (arn:*:log-group:*):[*]",
            f"uses AWS::S3::Bucket {_LUSTRE}.DataRepositoryConfiguration.ImportPath ~ s3://(*)/*",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::FSx::Backup",
        calls=pages("fsx", "DescribeBackups", "Backups[]"),
        arn="ResourceARN",
        properties="State=Lifecycle, Type, ResourceType, FileSystemType=FileSystem.FileSystemType, "
        "StorageCapacity=FileSystem.StorageCapacity, SourceBackupRegion, CreationTime",
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
