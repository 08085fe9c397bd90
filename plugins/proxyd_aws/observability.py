"""Where logs go. What they say stays there."""

from proxyd.plugin import listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::Logs::LogGroup",
        calls=pages("logs", "DescribeLogGroups", "logGroups[]"),
        # Without the `:*` that the field `arn` ends in: so the tagging API and IAM name it.
        arn="arn:{partition}:logs:{region}:{account}:log-group:{logGroupName}",
        id="logGroupName",
        name="logGroupName",
        tags=tagged("logs:log-group"),
        properties="retentionInDays, storedBytes, logGroupClass, metricFilterCount, "
        "dataProtectionStatus, creationTime",
        links="encrypts-with AWS::KMS::Key kmsKeyId",
    ),
)
