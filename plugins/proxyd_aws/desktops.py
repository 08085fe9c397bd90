"""Desktops and applications for people: WorkSpaces and AppStream."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::WorkSpaces::Workspace",
        calls=pages("workspaces", "DescribeWorkspaces", "Workspaces[]"),
        arn="arn:{partition}:workspaces:{region}:{account}:workspace/{WorkspaceId}",
        name="ComputerName",
        tags=tagged("workspaces:workspace"),
        properties="State, UserName, ComputeTypeName=WorkspaceProperties.ComputeTypeName, "
        "RunningMode=WorkspaceProperties.RunningMode, "
        "OperatingSystemName=WorkspaceProperties.OperatingSystemName, "
        "Protocols=WorkspaceProperties.Protocols, "
        "RootVolumeEncryptionEnabled, UserVolumeEncryptionEnabled, BundleId, IpAddress, ErrorCode",
        links=(
            "member-of AWS::WorkSpaces::Directory DirectoryId",
            "in AWS::EC2::Subnet SubnetId",
            "encrypts-with AWS::KMS::Alias VolumeEncryptionKey ~ *alias/*",
            "encrypts-with AWS::KMS::Key VolumeEncryptionKey ~ !*alias/*",
        ),
    ),
    listing(
        "AWS::WorkSpaces::Directory",
        calls=pages("workspaces", "DescribeWorkspaceDirectories", "Directories[]"),
        arn="arn:{partition}:workspaces:{region}:{account}:directory/{DirectoryId}",
        name="DirectoryName",
        tags=tagged("workspaces:directory"),
        properties="State, DirectoryType, Alias, WorkspaceType, UserIdentityType, Tenancy, "
        "DnsIpAddresses, EnableInternetAccess=WorkspaceCreationProperties.EnableInternetAccess, "
        "DeviceTypeWeb=WorkspaceAccessProperties.DeviceTypeWeb, "
        "SamlStatus=SamlProperties.Status, EndpointEncryptionMode",
        links=(
            "in AWS::EC2::Subnet SubnetIds",
            "uses AWS::EC2::SecurityGroup WorkspaceSecurityGroupId",
            "uses AWS::EC2::SecurityGroup WorkspaceCreationProperties.CustomSecurityGroupId",
            "uses AWS::EC2::VPCEndpoint "
            "WorkspaceAccessProperties.AccessEndpointConfig.AccessEndpoints[].VpcEndpointId",
            "uses AWS::ACMPCA::CertificateAuthority "
            "CertificateBasedAuthProperties.CertificateAuthorityArn",
            "uses AWS::SecretsManager::Secret MicrosoftEntraConfig.ApplicationConfigSecretArn",
            "uses AWS::SecretsManager::Secret ActiveDirectoryConfig.ServiceAccountSecretArn",
            "uses AWS::IAM::Role WorkspaceCreationProperties.InstanceIamRoleArn",
            "runs-as AWS::IAM::Role IamRoleId",
        ),
    ),
    listing(
        "AWS::AppStream::Fleet",
        calls=pages("appstream", "DescribeFleets", "Fleets[]"),
        arn="Arn",
        name="Name",
        tags=tagged("appstream:fleet"),
        properties="State, FleetType, InstanceType, Platform, StreamView, ImageName, "
        "DisplayName, Description, DesiredInstances=ComputeCapacityStatus.Desired, "
        "MaxUserDurationInSeconds, EnableDefaultInternetAccess, CreatedTime",
        links=(
            "in AWS::EC2::Subnet VpcConfig.SubnetIds",
            "uses AWS::EC2::SecurityGroup VpcConfig.SecurityGroupIds",
            "uses AWS::AppStream::DirectoryConfig DomainJoinInfo.DirectoryName",
            "uses AWS::S3::Bucket SessionScriptS3Location.S3Bucket",
            "runs-as AWS::IAM::Role IamRoleArn",
        ),
    ),
    listing(
        "AWS::AppStream::Stack",
        calls=(
            pages("appstream", "DescribeStacks", "Stacks[]"),
            # A stack is what a person opens, and its fleet is what that runs on.
            each("appstream", "ListAssociatedFleets", "Names[]", into="Fleets", StackName="{Name}"),
        ),
        arn="Arn",
        name="Name",
        tags=tagged("appstream:stack"),
        properties="DisplayName, Description, StorageConnectors=StorageConnectors[].ConnectorType, "
        "ApplicationSettings=ApplicationSettings.Enabled, EmbedHostDomains, "
        "PreferredProtocol=StreamingExperienceSettings.PreferredProtocol, "
        "ErrorCodes=StackErrors[].ErrorCode, CreatedTime",
        links=(
            "routes-to AWS::AppStream::Fleet Fleets[].@",
            "uses AWS::EC2::VPCEndpoint AccessEndpoints[].VpceId",
            "uses AWS::S3::Bucket ApplicationSettings.S3BucketName",
        ),
    ),
    # AWS gives it no ARN, and its name is unique in a region.
    listing(
        "AWS::AppStream::DirectoryConfig",
        calls=pages("appstream", "DescribeDirectoryConfigs", "DirectoryConfigs[]"),
        arn="arn:{partition}:appstream:{region}:{account}:directory-config/{DirectoryName}",
        name="DirectoryName",
        tags=None,
        properties="OrganizationalUnitDistinguishedNames, "
        "CertificateBasedAuth=CertificateBasedAuthProperties.Status, CreatedTime",
        links="uses AWS::ACMPCA::CertificateAuthority "
        "CertificateBasedAuthProperties.CertificateAuthorityArn",
    ),
    listing(
        "AWS::AppStream::ImageBuilder",
        calls=pages("appstream", "DescribeImageBuilders", "ImageBuilders[]"),
        arn="Arn",
        name="Name",
        tags=tagged("appstream:image-builder"),
        properties="State, InstanceType, Platform, DisplayName, Description, "
        "EnableDefaultInternetAccess, AppstreamAgentVersion, "
        "PrivateIpAddress=NetworkAccessConfiguration.EniPrivateIpAddress, CreatedTime",
        links=(
            "in AWS::EC2::Subnet VpcConfig.SubnetIds",
            "uses AWS::EC2::SecurityGroup VpcConfig.SecurityGroupIds",
            "uses AWS::EC2::NetworkInterface NetworkAccessConfiguration.EniId",
            "uses AWS::EC2::VPCEndpoint AccessEndpoints[].VpceId",
            "uses AWS::AppStream::DirectoryConfig DomainJoinInfo.DirectoryName",
            "runs-as AWS::IAM::Role IamRoleArn",
        ),
    ),
)
