"""Identities, keys and secrets: that they exist and how they are kept, never what they hold."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::IAM::Role",
        calls=(
            pages("iam", "ListRoles", "Roles[]"),
            # ListRoles has room for tags and last use in its answer, and leaves it empty.
            each("iam", "GetRole", into="Detail", RoleName="{RoleName}"),
        ),
        scope="global",
        arn="Arn",
        name="RoleName",
        tags="Detail.Role.Tags",
        properties="Path, RoleId, Description, MaxSessionDuration, CreateDate, "
        "LastUsedDate=Detail.Role.RoleLastUsed.LastUsedDate, "
        "LastUsedRegion=Detail.Role.RoleLastUsed.Region",
        links="uses AWS::IAM::ManagedPolicy Detail.Role.PermissionsBoundary.PermissionsBoundaryArn",
    ),
    listing(
        "AWS::KMS::Key",
        calls=(
            pages("kms", "ListKeys", "Keys[]"),
            # Only this tells the account's own keys from those that AWS keeps in it.
            each("kms", "DescribeKey", always=True, KeyId="{KeyId}"),
        ),
        arn="KeyArn",
        id="KeyId",
        tags=tagged("kms:key"),
        properties="State=KeyMetadata.KeyState, Description=KeyMetadata.Description, "
        "KeyUsage=KeyMetadata.KeyUsage, KeySpec=KeyMetadata.KeySpec, Origin=KeyMetadata.Origin, "
        "MultiRegion=KeyMetadata.MultiRegion, "
        "MultiRegionKeyType=KeyMetadata.MultiRegionConfiguration.MultiRegionKeyType, "
        "CreationDate=KeyMetadata.CreationDate, DeletionDate=KeyMetadata.DeletionDate, "
        "ValidTo=KeyMetadata.ValidTo",
        # Not `keep`: a key whose policy refuses the call is the account's own, AWS's do not.
        drop=("KeyMetadata.KeyManager", "AWS"),
    ),
    listing(
        "AWS::KMS::Alias",
        calls=pages("kms", "ListAliases", "Aliases[]"),
        arn="AliasArn",
        id="AliasName",
        name="AliasName",
        tags=None,
        properties="CreationDate, LastUpdatedDate",
        links="attached-to AWS::KMS::Key TargetKeyId",
        drop=("AliasName", "alias/aws/*"),
    ),
    listing(
        "AWS::SecretsManager::Secret",
        calls=pages("secretsmanager", "ListSecrets", "SecretList[]"),
        arn="ARN",
        id="Name",
        name="Name",
        properties="Description, RotationEnabled, "
        "RotateAfterDays=RotationRules.AutomaticallyAfterDays, LastRotatedDate, "
        "NextRotationDate, LastChangedDate, LastAccessedDate, OwningService, PrimaryRegion, "
        "CreatedDate",
        links=(
            "encrypts-with AWS::KMS::Alias KmsKeyId ~ alias/*",
            "encrypts-with AWS::KMS::Key KmsKeyId ~ !alias/*",
            "uses AWS::Lambda::Function RotationLambdaARN",
        ),
    ),
)
