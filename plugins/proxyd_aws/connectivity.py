"""What joins networks to one another and to the world outside: transit, VPN, direct lines."""

from proxyd.plugin import each, listing, pages

SCANNERS = (
    listing(
        "AWS::EC2::TransitGateway",
        calls=pages("ec2", "DescribeTransitGateways", "TransitGateways[]"),
        arn="TransitGatewayArn",
        properties="State, Description, AmazonSideAsn=Options.AmazonSideAsn, "
        "CidrBlocks=Options.TransitGatewayCidrBlocks, "
        "AutoAcceptSharedAttachments=Options.AutoAcceptSharedAttachments, "
        "DefaultRouteTableAssociation=Options.DefaultRouteTableAssociation, "
        "DefaultRouteTablePropagation=Options.DefaultRouteTablePropagation, "
        "OwnerId, CreationTime",
        links=(
            "uses AWS::EC2::TransitGatewayRouteTable Options.AssociationDefaultRouteTableId",
            "uses AWS::EC2::TransitGatewayRouteTable Options.PropagationDefaultRouteTableId",
        ),
    ),
    listing(
        "AWS::EC2::TransitGatewayAttachment",
        calls=pages("ec2", "DescribeTransitGatewayAttachments", "TransitGatewayAttachments[]"),
        arn="arn:{partition}:ec2:{region}:{ResourceOwnerId}:transit-gateway-attachment/"
        "{TransitGatewayAttachmentId}",
        properties="State, ResourceType, ResourceId, ResourceOwnerId, TransitGatewayOwnerId, "
        "AssociationState=Association.State, CreationTime",
        links=(
            "member-of AWS::EC2::TransitGateway TransitGatewayId",
            "attached-to AWS::EC2::VPC ResourceId ~ vpc-*",
            "attached-to AWS::EC2::VPNConnection ResourceId ~ vpn-*",
            "attached-to AWS::EC2::TransitGateway ResourceId ~ tgw-0*",
            "attached-to AWS::EC2::TransitGatewayAttachment ResourceId ~ tgw-attach-*",
            "attached-to AWS::DirectConnect::DirectConnectGateway ResourceId ~ ????????-????-*",
            "uses AWS::EC2::TransitGatewayRouteTable Association.TransitGatewayRouteTableId",
        ),
    ),
    listing(
        "AWS::EC2::TransitGatewayRouteTable",
        calls=(
            pages("ec2", "DescribeTransitGatewayRouteTables", "TransitGatewayRouteTables[]"),
            # There are few, and without its routes one says nothing about where things go.
            each(
                "ec2",
                "SearchTransitGatewayRoutes",
                into="Found",
                TransitGatewayRouteTableId="{TransitGatewayRouteTableId}",
                Filters=[{"Name": "state", "Values": ["active", "blackhole"]}],
            ),
        ),
        arn="arn:{partition}:ec2:{region}:{account}:transit-gateway-route-table/"
        "{TransitGatewayRouteTableId}",
        properties="State, DefaultAssociationRouteTable, DefaultPropagationRouteTable, "
        "Destinations=Found.Routes[].DestinationCidrBlock, RouteStates=Found.Routes[].State, "
        "CreationTime",
        links=(
            "member-of AWS::EC2::TransitGateway TransitGatewayId",
            "uses AWS::EC2::PrefixList Found.Routes[].PrefixListId",
            "routes-to AWS::EC2::TransitGatewayAttachment "
            "Found.Routes[].TransitGatewayAttachments[].TransitGatewayAttachmentId",
        ),
    ),
    listing(
        "AWS::EC2::CustomerGateway",
        calls=pages("ec2", "DescribeCustomerGateways", "CustomerGateways[]"),
        arn="arn:{partition}:ec2:{region}:{account}:customer-gateway/{CustomerGatewayId}",
        properties="State, Type, IpAddress, BgpAsn, BgpAsnExtended, DeviceName",
        links="uses AWS::CertificateManager::Certificate CertificateArn",
    ),
    listing(
        "AWS::EC2::VPNGateway",
        calls=pages("ec2", "DescribeVpnGateways", "VpnGateways[]"),
        arn="arn:{partition}:ec2:{region}:{account}:vpn-gateway/{VpnGatewayId}",
        properties="State, Type, AmazonSideAsn, AvailabilityZone, "
        "AttachmentStates=VpcAttachments[].State",
        links="attached-to AWS::EC2::VPC VpcAttachments[].VpcId",
    ),
    listing(
        "AWS::EC2::VPNConnection",
        calls=pages("ec2", "DescribeVpnConnections", "VpnConnections[]"),
        arn="arn:{partition}:ec2:{region}:{account}:vpn-connection/{VpnConnectionId}",
        properties="State, Type, Category, TunnelStates=VgwTelemetry[].Status, "
        "TunnelIps=VgwTelemetry[].OutsideIpAddress, "
        "Destinations=Routes[].DestinationCidrBlock, StaticRoutesOnly=Options.StaticRoutesOnly, "
        "EnableAcceleration=Options.EnableAcceleration, GatewayAssociationState",
        links=(
            "routes-to AWS::EC2::CustomerGateway CustomerGatewayId",
            "attached-to AWS::EC2::VPNGateway VpnGatewayId",
            "attached-to AWS::EC2::TransitGateway TransitGatewayId",
            "attached-to AWS::NetworkManager::CoreNetwork CoreNetworkArn",
            "uses AWS::EC2::TransitGatewayAttachment Options.TransportTransitGatewayAttachmentId",
            "uses AWS::SecretsManager::Secret PreSharedKeyArn",
            "uses AWS::CertificateManager::Certificate VgwTelemetry[].CertificateArn",
            "uses AWS::Logs::LogGroup "
            "Options.TunnelOptions[].LogOptions.CloudWatchLogOptions.LogGroupArn ~ !*:[*]",
            "uses AWS::Logs::LogGroup "
            "Options.TunnelOptions[].LogOptions.CloudWatchLogOptions.LogGroupArn ~ (*):[*]",
        ),
    ),
    listing(
        "AWS::EC2::ClientVpnEndpoint",
        calls=pages("ec2", "DescribeClientVpnEndpoints", "ClientVpnEndpoints[]"),
        arn="arn:{partition}:ec2:{region}:{account}:client-vpn-endpoint/{ClientVpnEndpointId}",
        properties="State=Status.Code, Description, ClientCidrBlock, SplitTunnel, "
        "TransportProtocol, VpnPort, DnsName, DnsServers, "
        "AuthenticationTypes=AuthenticationOptions[].Type, SessionTimeoutHours, CreationTime",
        links=(
            "in AWS::EC2::VPC VpcId, uses AWS::EC2::SecurityGroup SecurityGroupIds",
            "uses AWS::CertificateManager::Certificate ServerCertificateArn",
            "uses AWS::IAM::SAMLProvider "
            "AuthenticationOptions[].FederatedAuthentication.SamlProviderArn",
            "uses AWS::DirectoryService::MicrosoftAD "
            "AuthenticationOptions[].ActiveDirectory.DirectoryId",
            "uses AWS::Logs::LogGroup ConnectionLogOptions.CloudwatchLogGroup",
            "triggers AWS::Lambda::Function ClientConnectOptions.LambdaFunctionArn",
        ),
    ),
    listing(
        "AWS::DirectConnect::Connection",
        calls=pages("directconnect", "DescribeConnections", "connections[]"),
        arn="arn:{partition}:directconnect:{region}:{ownerAccount}:dxcon/{connectionId}",
        name="connectionName",
        tags="tags",
        properties="State=connectionState, bandwidth, location, partnerName, vlan, awsDeviceV2, "
        "hasLogicalRedundancy, encryptionMode, portEncryptionStatus",
        links=(
            "member-of AWS::DirectConnect::Lag lagId",
            "uses AWS::SecretsManager::Secret macSecKeys[].secretARN",
        ),
    ),
    listing(
        "AWS::NetworkManager::GlobalNetwork",
        calls=pages("networkmanager", "DescribeGlobalNetworks", "GlobalNetworks[]"),
        scope="global",
        arn="GlobalNetworkArn",
        properties="State, Description, CreatedAt",
    ),
    listing(
        "AWS::NetworkManager::Site",
        calls=(
            pages("networkmanager", "DescribeGlobalNetworks", "GlobalNetworks[]"),
            each("networkmanager", "GetSites", "Sites[]", GlobalNetworkId="{GlobalNetworkId}"),
        ),
        scope="global",
        arn="SiteArn",
        properties="State, Description, CreatedAt",
        links="in AWS::NetworkManager::GlobalNetwork GlobalNetworkId",
    ),
    listing(
        "AWS::NetworkManager::Link",
        calls=(
            pages("networkmanager", "DescribeGlobalNetworks", "GlobalNetworks[]"),
            each("networkmanager", "GetLinks", "Links[]", GlobalNetworkId="{GlobalNetworkId}"),
        ),
        scope="global",
        arn="LinkArn",
        properties="State, Description, Type, Provider, UploadSpeed=Bandwidth.UploadSpeed, "
        "DownloadSpeed=Bandwidth.DownloadSpeed, CreatedAt",
        links=(
            "in AWS::NetworkManager::GlobalNetwork GlobalNetworkId",
            "in AWS::NetworkManager::Site SiteId",
        ),
    ),
    listing(
        "AWS::NetworkManager::Device",
        calls=(
            pages("networkmanager", "DescribeGlobalNetworks", "GlobalNetworks[]"),
            each("networkmanager", "GetDevices", "Devices[]", GlobalNetworkId="{GlobalNetworkId}"),
        ),
        scope="global",
        arn="DeviceArn",
        properties="State, Description, Type, Vendor, Model, Zone=AWSLocation.Zone, CreatedAt",
        links=(
            "in AWS::NetworkManager::GlobalNetwork GlobalNetworkId",
            "in AWS::NetworkManager::Site SiteId",
            "in AWS::EC2::Subnet AWSLocation.SubnetArn",
        ),
    ),
    listing(
        "AWS::NetworkManager::CoreNetwork",
        calls=pages("networkmanager", "ListCoreNetworks", "CoreNetworks[]"),
        scope="global",
        arn="CoreNetworkArn",
        properties="State, Description, OwnerAccountId",
        links="in AWS::NetworkManager::GlobalNetwork GlobalNetworkId",
    ),
)
