"""Who may do something: IAM, IAM Identity Center, Cognito.

IAM's lists leave out tags, groups and policies. One operation tells them all, a hundred users,
groups or roles at a time; that it holds their policy documents too stays in AWS's answer.
"""

from collections.abc import Iterator

from proxyd.plugin import each, listing, pages, tagged

_POLICIES = (
    "uses AWS::IAM::ManagedPolicy AttachedManagedPolicies[].PolicyArn ~ !arn:*:iam::aws:policy/*"
)
_BOUNDARY = (
    "uses AWS::IAM::ManagedPolicy PermissionsBoundary.PermissionsBoundaryArn "
    "~ !arn:*:iam::aws:policy/*"
)
_TRIGGERS = (
    "PreSignUp",
    "CustomMessage",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "PreTokenGeneration",
    "PreTokenGenerationConfig.LambdaArn",
    "UserMigration",
    "CustomSMSSender.LambdaArn",
    "CustomEmailSender.LambdaArn",
)
"""The moments at which a user pool calls functions, as its configuration names them."""


def _functions() -> Iterator[str]:
    """Yield the paths of a user pool's functions, whose ARNs may end in a version or an alias."""
    for name in _TRIGGERS:
        yield f"LambdaConfig.{name} ~ !*:function:*:*"
        yield f"LambdaConfig.{name} ~ (arn:*:function:*):*"


SCANNERS = (
    listing(
        "AWS::IAM::Role",
        calls=pages("iam", "GetAccountAuthorizationDetails", "RoleDetailList[]", Filter=["Role"]),
        scope="global",
        arn="Arn",
        name="RoleName",
        properties="Path, RoleId, AttachedPolicies=AttachedManagedPolicies[].PolicyName, "
        "InlinePolicies=RolePolicyList[].PolicyName, "
        "PermissionsBoundary=PermissionsBoundary.PermissionsBoundaryArn, CreateDate",
        links=(_POLICIES, _BOUNDARY),
    ),
    listing(
        "AWS::IAM::User",
        calls=pages("iam", "GetAccountAuthorizationDetails", "UserDetailList[]", Filter=["User"]),
        scope="global",
        arn="Arn",
        name="UserName",
        properties="Path, UserId, AttachedPolicies=AttachedManagedPolicies[].PolicyName, "
        "InlinePolicies=UserPolicyList[].PolicyName, "
        "PermissionsBoundary=PermissionsBoundary.PermissionsBoundaryArn, CreateDate",
        links=("member-of AWS::IAM::Group GroupList", _POLICIES, _BOUNDARY),
    ),
    listing(
        "AWS::IAM::Group",
        calls=pages("iam", "GetAccountAuthorizationDetails", "GroupDetailList[]", Filter=["Group"]),
        scope="global",
        arn="Arn",
        name="GroupName",
        tags=None,
        properties="Path, GroupId, AttachedPolicies=AttachedManagedPolicies[].PolicyName, "
        "InlinePolicies=GroupPolicyList[].PolicyName, CreateDate",
        links=_POLICIES,
    ),
    listing(
        "AWS::IAM::ManagedPolicy",
        calls=pages("iam", "ListPolicies", "Policies[]", Scope="Local"),
        scope="global",
        arn="Arn",
        name="PolicyName",
        tags=tagged("iam:policy"),
        properties="Path, PolicyId, DefaultVersionId, AttachmentCount, IsAttachable, CreateDate, "
        "UpdateDate",
    ),
    listing(
        "AWS::IAM::InstanceProfile",
        calls=pages("iam", "ListInstanceProfiles", "InstanceProfiles[]"),
        scope="global",
        arn="Arn",
        name="InstanceProfileName",
        tags=tagged("iam:instance-profile"),
        properties="Path, InstanceProfileId, CreateDate",
        links="runs-as AWS::IAM::Role Roles[].Arn",
    ),
    listing(
        "AWS::IAM::AccessKey",
        calls=(
            pages("iam", "ListUsers", "Users[]"),
            each("iam", "ListAccessKeys", "AccessKeyMetadata[]", UserName="{UserName}"),
        ),
        scope="global",
        # AWS has no ARN for them.
        arn="arn:{partition}:iam::{account}:access-key/{AccessKeyId}",
        name="AccessKeyId",
        tags=None,
        properties="State=Status, UserName, CreateDate",
        links="attached-to AWS::IAM::User ^.Arn",
    ),
    listing(
        "AWS::IAM::VirtualMFADevice",
        calls=pages("iam", "ListVirtualMFADevices", "VirtualMFADevices[]"),
        scope="global",
        arn="SerialNumber",
        name="SerialNumber/",
        tags=tagged("iam:mfa"),
        properties="UserName=User.UserName, EnableDate",
        links="attached-to AWS::IAM::User User.Arn ~ arn:*:user/*",
    ),
    listing(
        "AWS::IAM::SAMLProvider",
        calls=pages("iam", "ListSAMLProviders", "SAMLProviderList[]"),
        scope="global",
        arn="Arn",
        name="Arn/",
        tags=tagged("iam:saml-provider"),
        properties="ValidUntil, CreateDate",
    ),
    listing(
        "AWS::IAM::OIDCProvider",
        calls=(
            pages("iam", "ListOpenIDConnectProviders", "OpenIDConnectProviderList[]"),
            # Of a provider the list tells no more than the ARN.
            each("iam", "GetOpenIDConnectProvider", OpenIDConnectProviderArn="{Arn}"),
        ),
        scope="global",
        arn="Arn",
        name="Url",
        properties="Url, ClientIDList, ThumbprintList, CreateDate",
    ),
    listing(
        "AWS::IAM::ServerCertificate",
        calls=pages("iam", "ListServerCertificates", "ServerCertificateMetadataList[]"),
        scope="global",
        arn="Arn",
        name="ServerCertificateName",
        tags=tagged("iam:server-certificate"),
        properties="Path, ServerCertificateId, UploadDate, Expiration",
    ),
    listing(
        "AWS::SSO::Instance",
        calls=pages("sso-admin", "ListInstances", "Instances[]"),
        arn="InstanceArn",
        name="Name",
        tags=tagged("sso:instance"),
        properties="State=Status, StatusReason, IdentityStoreId, OwnerAccountId, CreatedDate",
        # The organization's instance is seen from its member accounts as well.
        keep=("OwnerAccountId", "{account}"),
    ),
    listing(
        "AWS::SSO::PermissionSet",
        calls=(
            pages("sso-admin", "ListInstances", "Instances[]"),
            each(
                "sso-admin", "ListPermissionSets", "PermissionSets[]", InstanceArn="{InstanceArn}"
            ),
            # Of a set the list tells no more than the ARN.
            each(
                "sso-admin",
                "DescribePermissionSet",
                InstanceArn="{^.InstanceArn}",
                PermissionSetArn="{@}",
            ),
        ),
        arn="@",
        name="PermissionSet.Name",
        tags=tagged("sso:permissionSet"),
        properties="Description=PermissionSet.Description, "
        "SessionDuration=PermissionSet.SessionDuration, CreatedDate=PermissionSet.CreatedDate",
        links="member-of AWS::SSO::Instance ^.InstanceArn",
    ),
    listing(
        "AWS::Cognito::UserPool",
        calls=(
            pages("cognito-idp", "ListUserPools", "UserPools[]", MaxResults=60),
            # How people sign in, and whether the pool can be deleted, the list leaves out.
            each("cognito-idp", "DescribeUserPool", UserPoolId="{Id}"),
        ),
        arn="arn:{partition}:cognito-idp:{region}:{account}:userpool/{Id}",
        name="Name",
        tags="UserPool.UserPoolTags",
        properties="MfaConfiguration=UserPool.MfaConfiguration, "
        "DeletionProtection=UserPool.DeletionProtection, UserPoolTier=UserPool.UserPoolTier, "
        "Domain=UserPool.Domain, CustomDomain=UserPool.CustomDomain, "
        "UsernameAttributes=UserPool.UsernameAttributes, "
        "AllowAdminCreateUserOnly=UserPool.AdminCreateUserConfig.AllowAdminCreateUserOnly, "
        "CreationDate, LastModifiedDate",
        links=(
            *(f"triggers AWS::Lambda::Function {path}" for path in _functions()),
            "encrypts-with AWS::KMS::Key LambdaConfig.KMSKeyID",
            "uses AWS::SES::EmailIdentity UserPool.EmailConfiguration.SourceArn",
            "uses AWS::SES::ConfigurationSet UserPool.EmailConfiguration.ConfigurationSet",
            "runs-as AWS::IAM::Role UserPool.SmsConfiguration.SnsCallerArn",
        ),
    ),
    listing(
        "AWS::Cognito::IdentityPool",
        calls=(
            pages("cognito-identity", "ListIdentityPools", "IdentityPools[]", MaxResults=60),
            # Whom a pool lets in, and as what, are two calls more; the list tells neither.
            each(
                "cognito-identity",
                "DescribeIdentityPool",
                into="Detail",
                IdentityPoolId="{IdentityPoolId}",
            ),
            each(
                "cognito-identity",
                "GetIdentityPoolRoles",
                into="Roles",
                IdentityPoolId="{IdentityPoolId}",
            ),
        ),
        arn="arn:{partition}:cognito-identity:{region}:{account}:identitypool/{IdentityPoolId}",
        id="IdentityPoolId",
        name="IdentityPoolName",
        tags="Detail.IdentityPoolTags",
        properties="AllowUnauthenticatedIdentities=Detail.AllowUnauthenticatedIdentities, "
        "AllowClassicFlow=Detail.AllowClassicFlow, "
        "DeveloperProviderName=Detail.DeveloperProviderName, "
        "CognitoIdentityProviders=Detail.CognitoIdentityProviders[].ProviderName",
        links=(
            "uses AWS::Cognito::UserPool Detail.CognitoIdentityProviders[].ProviderName/",
            "uses AWS::IAM::OIDCProvider Detail.OpenIdConnectProviderARNs",
            "uses AWS::IAM::SAMLProvider Detail.SamlProviderARNs",
            "runs-as AWS::IAM::Role Roles.Roles.authenticated",
            "runs-as AWS::IAM::Role Roles.Roles.unauthenticated",
            "runs-as AWS::IAM::Role Roles.RoleMappings[*].RulesConfiguration.Rules[].RoleARN",
        ),
    ),
)
