"""Seeds for storage and databases."""

from __future__ import annotations

from tests.e2e.oracle import Account

from . import REGION, Made
from ._databases import DATABASES
from ._ground import TAGS, Ground


def seed(account: Account) -> Made:
    """Create one or two of each type, tied together as in an account."""
    ground = Ground(account)
    made: Made = {}
    for some in (_objects, _blocks, _files, _backups, _movers, _transfer, *DATABASES):
        made |= some(account, ground)
    return made


def _objects(account: Account, _: Ground) -> Made:
    s3 = account.client("s3", REGION)
    where = {"LocationConstraint": REGION}
    names = ["data-open", "data-closed"]
    for name in names:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    s3.put_bucket_tagging(Bucket="data-open", Tagging={"TagSet": TAGS})
    shut = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    s3.put_public_access_block(Bucket="data-closed", PublicAccessBlockConfiguration=shut)
    return {
        "AWS::S3::Bucket": {f"arn:aws:s3:::{name}" for name in names},
    }


def _blocks(account: Account, ground: Ground) -> Made:
    ec2 = account.client("ec2", REGION)
    volume = ec2.create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=8,
        Encrypted=True,
        KmsKeyId=ground.key,
        TagSpecifications=[{"ResourceType": "volume", "Tags": TAGS}],
    )["VolumeId"]
    snapshot = ec2.create_snapshot(
        VolumeId=volume, TagSpecifications=[{"ResourceType": "snapshot", "Tags": TAGS}]
    )["SnapshotId"]
    restored = ec2.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=snapshot)["VolumeId"]
    prefix = f"arn:aws:ec2:{REGION}:{account.account}:volume/"
    return {
        "AWS::EC2::Volume": {prefix + volume, prefix + restored},
        "AWS::EC2::Snapshot": {f"arn:aws:ec2:{REGION}::snapshot/{snapshot}"},
    }


def _files(account: Account, ground: Ground) -> Made:
    efs = account.client("efs", REGION)
    system = efs.create_file_system(
        CreationToken="data",
        Encrypted=True,
        KmsKeyId=ground.key,
        Tags=[*TAGS, {"Key": "Name", "Value": "data"}],
    )
    target = efs.create_mount_target(
        FileSystemId=system["FileSystemId"],
        SubnetId=ground.subnets[0],
        SecurityGroups=[ground.group],
    )["MountTargetId"]
    point = efs.create_access_point(
        ClientToken="data",
        FileSystemId=system["FileSystemId"],
        PosixUser={"Uid": 1000, "Gid": 1000},
        RootDirectory={"Path": "/data"},
        Tags=TAGS,
    )
    fsx = account.client("fsx", REGION)
    windows = fsx.create_file_system(
        FileSystemType="WINDOWS",
        StorageCapacity=32,
        SubnetIds=ground.subnets[:1],
        SecurityGroupIds=[ground.group],
        KmsKeyId=ground.key,
        WindowsConfiguration={"ThroughputCapacity": 8, "DeploymentType": "SINGLE_AZ_2"},
        Tags=TAGS,
    )["FileSystem"]
    backup = fsx.create_backup(FileSystemId=windows["FileSystemId"], Tags=TAGS)["Backup"]
    account.client("glacier", REGION).create_vault(accountId="-", vaultName="data")
    owned = f"{REGION}:{account.account}"
    return {
        "AWS::EFS::FileSystem": {system["FileSystemArn"]},
        "AWS::EFS::MountTarget": {f"arn:aws:elasticfilesystem:{owned}:mount-target/{target}"},
        "AWS::EFS::AccessPoint": {point["AccessPointArn"]},
        "AWS::FSx::FileSystem": {windows["ResourceARN"]},
        "AWS::FSx::Backup": {backup["ResourceARN"]},
        "AWS::Glacier::Vault": {f"arn:aws:glacier:{owned}:vaults/data"},
    }


def _backups(account: Account, ground: Ground) -> Made:
    backup = account.client("backup", REGION)
    vault = backup.create_backup_vault(
        BackupVaultName="data", EncryptionKeyArn=ground.key, BackupVaultTags={"team": "data"}
    )
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "data",
        "ScheduleExpression": "cron(0 5 ? * * *)",
        "Lifecycle": {"DeleteAfterDays": 35},
    }
    plan = backup.create_backup_plan(
        BackupPlan={"BackupPlanName": "data", "Rules": [rule]}, BackupPlanTags={"team": "data"}
    )
    report = backup.create_report_plan(
        ReportPlanName="data",
        ReportDeliveryChannel={"S3BucketName": "data-closed", "Formats": ["CSV"]},
        ReportSetting={"ReportTemplate": "BACKUP_JOB_REPORT"},
    )
    return {
        "AWS::Backup::BackupPlan": {plan["BackupPlanArn"]},
        "AWS::Backup::BackupVault": {vault["BackupVaultArn"]},
        "AWS::Backup::ReportPlan": {report["ReportPlanArn"]},
    }


def _movers(account: Account, ground: Ground) -> Made:
    datasync = account.client("datasync", REGION)
    places = [
        datasync.create_location_s3(
            S3BucketArn=f"arn:aws:s3:::{bucket}", S3Config={"BucketAccessRoleArn": ground.role}
        )["LocationArn"]
        for bucket in ("data-open", "data-closed")
    ]
    task = datasync.create_task(
        SourceLocationArn=places[0], DestinationLocationArn=places[1], Name="data"
    )
    return {"AWS::DataSync::Task": {task["TaskArn"]}}


def _transfer(account: Account, ground: Ground) -> Made:
    transfer = account.client("transfer", REGION)
    server = transfer.create_server(
        EndpointType="VPC",
        EndpointDetails={
            "VpcId": ground.vpc,
            "SubnetIds": ground.subnets,
            "SecurityGroupIds": [ground.group],
        },
        LoggingRole=ground.role,
        Protocols=["SFTP"],
        Tags=TAGS,
    )["ServerId"]
    connector = transfer.create_connector(
        Url="sftp://files.example.com", AccessRole=ground.role, Tags=TAGS
    )["ConnectorId"]
    prefix = f"arn:aws:transfer:{REGION}:{account.account}"
    return {
        "AWS::Transfer::Server": {f"{prefix}:server/{server}"},
        "AWS::Transfer::Connector": {f"{prefix}:connector/{connector}"},
    }
