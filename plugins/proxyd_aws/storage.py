"""What holds bytes: buckets and volumes."""

from proxyd.plugin import each, listing, pages

SCANNERS = (
    listing(
        "AWS::S3::Bucket",
        calls=(
            pages("s3", "ListBuckets", "Buckets[]", BucketRegion="{region}"),
            # Of a bucket the list tells no more than the name.
            each("s3", "GetBucketTagging", into="Tagging", Bucket="{Name}"),
        ),
        arn="arn:{partition}:s3:::{Name}",
        name="Name",
        tags="Tagging.TagSet",
        properties="BucketRegion, CreationDate",
        # An endpoint that ignores the parameter answers with every bucket in every region;
        # one that heeds it need not tell the region.
        keep=("BucketRegion", "{region}", ""),
    ),
    listing(
        "AWS::EC2::Volume",
        calls=pages("ec2", "DescribeVolumes", "Volumes[]"),
        arn="arn:{partition}:ec2:{region}:{account}:volume/{VolumeId}",
        properties="State, VolumeType, Size, Iops, Throughput, Encrypted, AvailabilityZone, "
        "SnapshotId, MultiAttachEnabled, Devices=Attachments[].Device, CreateTime",
        links=(
            "attached-to AWS::EC2::Instance Attachments[].InstanceId",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
)
