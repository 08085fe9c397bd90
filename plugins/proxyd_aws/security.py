"""Keys, certificates and secrets: that they exist and how they are kept, never what they hold."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
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
        "MultiRegion=KeyMetadata.MultiRegion, CustomKeyStoreId=KeyMetadata.CustomKeyStoreId, "
        "CreationDate=KeyMetadata.CreationDate, DeletionDate=KeyMetadata.DeletionDate",
        # Not `keep`: a key whose policy refuses the call is the account's own, AWS's do not.
        drop=("KeyMetadata.KeyManager", "AWS"),
    ),
    listing(
        "AWS::KMS::Alias",
        calls=pages("kms", "ListAliases", "Aliases[]"),
        arn="AliasArn",
        id="AliasName",
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
        properties="RotationEnabled, RotateAfterDays=RotationRules.AutomaticallyAfterDays, "
        "LastRotatedDate, NextRotationDate, LastChangedDate, OwningService, PrimaryRegion, "
        "CreatedDate",
        links=(
            "encrypts-with AWS::KMS::Alias KmsKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key KmsKeyId ~ !*alias/*",
            "uses AWS::Lambda::Function RotationLambdaARN ~ !*:function:*:*",
            "uses AWS::Lambda::Function RotationLambdaARN ~ (arn:*:function:*):*",
        ),
    ),
    listing(
        "AWS::CertificateManager::Certificate",
        calls=pages(
            "acm",
            "ListCertificates",
            "CertificateSummaryList[]",
            # Without it the answer has RSA certificates of 1024 and 2048 bits, and no others.
            Includes={
                "keyTypes": [
                    "RSA_1024",
                    "RSA_2048",
                    "RSA_3072",
                    "RSA_4096",
                    "EC_prime256v1",
                    "EC_secp384r1",
                    "EC_secp521r1",
                ]
            },
        ),
        arn="CertificateArn",
        name="DomainName",
        tags=tagged("acm:certificate"),
        properties="State=Status, Type, SubjectAlternativeNames=SubjectAlternativeNameSummaries, "
        "KeyAlgorithm, InUse, RenewalEligibility, NotBefore, NotAfter, CreatedAt",
    ),
    listing(
        "AWS::ACMPCA::CertificateAuthority",
        calls=pages(
            "acm-pca",
            "ListCertificateAuthorities",
            "CertificateAuthorities[]",
            ResourceOwner="SELF",
        ),
        arn="Arn",
        name="CertificateAuthorityConfiguration.Subject.CommonName",
        tags=tagged("acm-pca:certificate-authority"),
        properties="State=Status, Type, UsageMode, "
        "KeyAlgorithm=CertificateAuthorityConfiguration.KeyAlgorithm, "
        "CrlEnabled=RevocationConfiguration.CrlConfiguration.Enabled, "
        "OcspEnabled=RevocationConfiguration.OcspConfiguration.Enabled, NotBefore, NotAfter, "
        "CreatedAt",
        links="uses AWS::S3::Bucket RevocationConfiguration.CrlConfiguration.S3BucketName",
    ),
)
