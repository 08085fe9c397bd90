"""Systems Manager: parameters, documents and what is done to instances when.

What a parameter holds, what a document says and what is passed to it stay in AWS.
"""

from proxyd.plugin import listing, pages, tagged

SCANNERS = (
    # Its description is left out as well: people write there what the value is.
    listing(
        "AWS::SSM::Parameter",
        calls=pages("ssm", "DescribeParameters", "Parameters[]"),
        arn="ARN",
        id="Name",
        tags=tagged("ssm:parameter"),
        properties="Type, Tier, DataType, Version, LastModifiedDate",
        links="encrypts-with AWS::KMS::Alias KeyId ~ *alias/*, "
        "encrypts-with AWS::KMS::Key KeyId ~ !*alias/*",
    ),
    listing(
        "AWS::SSM::Document",
        calls=pages(
            "ssm",
            "ListDocuments",
            "DocumentIdentifiers[]",
            Filters=[{"Key": "Owner", "Values": ["Self"]}],
        ),
        arn="arn:{partition}:ssm:{region}:{account}:document/{Name}",
        id="Name",
        properties="State=ReviewStatus, DocumentType, DocumentFormat, DocumentVersion, "
        "VersionName, TargetType, PlatformTypes, DisplayName, CreatedDate",
        links="uses AWS::SSM::Document Requires[].Name ~ !AWS*",
    ),
    listing(
        "AWS::SSM::Association",
        calls=pages("ssm", "ListAssociations", "Associations[]"),
        arn="arn:{partition}:ssm:{region}:{account}:association/{AssociationId}",
        name="AssociationName",
        tags=tagged("ssm:association"),
        properties="State=Overview.Status, DocumentName=Name, DocumentVersion, "
        "AssociationVersion, ScheduleExpression, TargetKeys=Targets[].Key",
        links=(
            "runs AWS::SSM::Document Name ~ !A[Wm][Sa]*",
            "attached-to AWS::EC2::Instance InstanceId ~ i-*",
            "attached-to AWS::EC2::Instance Targets[].Values[] ~ i-*",
        ),
    ),
    listing(
        "AWS::SSM::PatchBaseline",
        calls=pages(
            "ssm",
            "DescribePatchBaselines",
            "BaselineIdentities[]",
            Filters=[{"Key": "OWNER", "Values": ["Self"]}],
        ),
        arn="arn:{partition}:ssm:{region}:{account}:patchbaseline/{BaselineId}",
        name="BaselineName",
        tags=tagged("ssm:patchbaseline"),
        properties="OperatingSystem, DefaultBaseline, BaselineDescription",
    ),
    listing(
        "AWS::SSM::MaintenanceWindow",
        calls=pages("ssm", "DescribeMaintenanceWindows", "WindowIdentities[]"),
        arn="arn:{partition}:ssm:{region}:{account}:maintenancewindow/{WindowId}",
        name="Name",
        tags=tagged("ssm:maintenancewindow"),
        properties="Enabled, Schedule, ScheduleTimezone, ScheduleOffset, Duration, Cutoff, "
        "StartDate, EndDate",
    ),
)
