"""Networks and what stands at their edges: subnets, routes, gateways, endpoints, interfaces.

What can be shared between accounts is named by its owner's account, as AWS names it.
"""

from proxyd.plugin import listing, pages

SCANNERS = (
    # AWS has no ARN for a zone: this one is in the style of its others. The names of zones
    # mean other places in other accounts, the ids do not.
    listing(
        "AWS::EC2::AvailabilityZone",
        calls=pages("ec2", "DescribeAvailabilityZones", "AvailabilityZones[]"),
        arn="arn:{partition}:ec2:{region}:{account}:availability-zone/{ZoneName}",
        name="ZoneName",
        tags=None,
        properties="State, ZoneId, ZoneType, GroupName, OptInStatus, NetworkBorderGroup",
        links="member-of AWS::EC2::AvailabilityZone ParentZoneName",
    ),
    listing(
        "AWS::EC2::VPC",
        calls=pages("ec2", "DescribeVpcs", "Vpcs[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:vpc/{VpcId}",
        properties="State, CidrBlock, CidrBlocks=CidrBlockAssociationSet[].CidrBlock, "
        "Ipv6CidrBlocks=Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock, IsDefault, InstanceTenancy, "
        "InternetGatewayBlockMode=BlockPublicAccessStates.InternetGatewayBlockMode, "
        "EncryptionMode=EncryptionControl.Mode, OwnerId",
        links="uses AWS::EC2::DHCPOptions DhcpOptionsId ~ dopt-*",
    ),
    listing(
        "AWS::EC2::Subnet",
        calls=pages("ec2", "DescribeSubnets", "Subnets[]"),
        arn="SubnetArn",
        properties="State, CidrBlock, Ipv6CidrBlocks=Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock, "
        "AvailabilityZone, AvailabilityZoneId, MapPublicIpOnLaunch, DefaultForAz, OwnerId",
        links=(
            "in AWS::EC2::VPC VpcId, in AWS::EC2::AvailabilityZone AvailabilityZone",
            "in AWS::Outposts::Outpost OutpostArn",
        ),
    ),
    listing(
        "AWS::EC2::SecurityGroup",
        calls=pages("ec2", "DescribeSecurityGroups", "SecurityGroups[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:security-group/{GroupId}",
        name="GroupName",
        properties="Description, IngressProtocols=IpPermissions[].IpProtocol, "
        "IngressPorts=IpPermissions[].FromPort, IngressCidrs=IpPermissions[].IpRanges[].CidrIp, "
        "IngressIpv6Cidrs=IpPermissions[].Ipv6Ranges[].CidrIpv6, "
        "EgressProtocols=IpPermissionsEgress[].IpProtocol, "
        "EgressPorts=IpPermissionsEgress[].FromPort, "
        "EgressCidrs=IpPermissionsEgress[].IpRanges[].CidrIp, "
        "EgressIpv6Cidrs=IpPermissionsEgress[].Ipv6Ranges[].CidrIpv6, OwnerId",
        # Whom it lets in, and not whom it lets reach: one word for both would tell neither.
        links=(
            "in AWS::EC2::VPC VpcId",
            "allows AWS::EC2::SecurityGroup IpPermissions[].UserIdGroupPairs[].GroupId",
            "allows AWS::EC2::PrefixList IpPermissions[].PrefixListIds[].PrefixListId",
        ),
    ),
    listing(
        "AWS::EC2::NetworkAcl",
        calls=pages("ec2", "DescribeNetworkAcls", "NetworkAcls[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:network-acl/{NetworkAclId}",
        properties="IsDefault, RuleActions=Entries[].RuleAction, Protocols=Entries[].Protocol, "
        "Ports=Entries[].PortRange.From, Cidrs=Entries[].CidrBlock, "
        "Ipv6Cidrs=Entries[].Ipv6CidrBlock, OwnerId",
        links="in AWS::EC2::VPC VpcId, attached-to AWS::EC2::Subnet Associations[].SubnetId",
    ),
    listing(
        "AWS::EC2::DHCPOptions",
        calls=pages("ec2", "DescribeDhcpOptions", "DhcpOptions[]"),
        arn="arn:{partition}:ec2:{region}:{account}:dhcp-options/{DhcpOptionsId}",
        properties="Options=DhcpConfigurations[].Key, Values=DhcpConfigurations[].Values[].Value",
    ),
    listing(
        "AWS::EC2::RouteTable",
        calls=pages("ec2", "DescribeRouteTables", "RouteTables[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:route-table/{RouteTableId}",
        properties="Main=Associations[].Main, Destinations=Routes[].DestinationCidrBlock, "
        "Ipv6Destinations=Routes[].DestinationIpv6CidrBlock, RouteStates=Routes[].State, OwnerId",
        links=(
            "in AWS::EC2::VPC VpcId",
            "attached-to AWS::EC2::Subnet Associations[].SubnetId",
            "attached-to AWS::EC2::InternetGateway Associations[].GatewayId ~ igw-*",
            "attached-to AWS::EC2::VPNGateway Associations[].GatewayId ~ vgw-*",
            "uses AWS::EC2::VPNGateway PropagatingVgws[].GatewayId",
            "uses AWS::EC2::PrefixList Routes[].DestinationPrefixListId",
            "routes-to AWS::EC2::InternetGateway Routes[].GatewayId ~ igw-*",
            "routes-to AWS::EC2::VPCEndpoint Routes[].GatewayId ~ vpce-*",
            "routes-to AWS::EC2::VPNGateway Routes[].GatewayId ~ vgw-*",
            "routes-to AWS::EC2::NatGateway Routes[].NatGatewayId",
            "routes-to AWS::EC2::TransitGateway Routes[].TransitGatewayId",
            "routes-to AWS::EC2::VPCPeeringConnection Routes[].VpcPeeringConnectionId",
            "routes-to AWS::EC2::NetworkInterface Routes[].NetworkInterfaceId",
            "routes-to AWS::EC2::Instance Routes[].InstanceId",
            "routes-to AWS::EC2::EgressOnlyInternetGateway Routes[].EgressOnlyInternetGatewayId",
            "routes-to AWS::EC2::CarrierGateway Routes[].CarrierGatewayId",
            "routes-to AWS::NetworkManager::CoreNetwork Routes[].CoreNetworkArn",
        ),
    ),
    listing(
        "AWS::EC2::PrefixList",
        calls=pages("ec2", "DescribeManagedPrefixLists", "PrefixLists[]"),
        arn="PrefixListArn",
        name="PrefixListName",
        properties="State, AddressFamily, MaxEntries, Version, OwnerId",
        drop=("OwnerId", "AWS"),
    ),
    listing(
        "AWS::EC2::InternetGateway",
        calls=pages("ec2", "DescribeInternetGateways", "InternetGateways[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:internet-gateway/{InternetGatewayId}",
        properties="State=Attachments[].State, OwnerId",
        links="attached-to AWS::EC2::VPC Attachments[].VpcId",
    ),
    listing(
        "AWS::EC2::EgressOnlyInternetGateway",
        calls=pages("ec2", "DescribeEgressOnlyInternetGateways", "EgressOnlyInternetGateways[]"),
        arn="arn:{partition}:ec2:{region}:{account}:egress-only-internet-gateway/"
        "{EgressOnlyInternetGatewayId}",
        properties="State=Attachments[].State",
        links="attached-to AWS::EC2::VPC Attachments[].VpcId",
    ),
    listing(
        "AWS::EC2::NatGateway",
        calls=pages("ec2", "DescribeNatGateways", "NatGateways[]"),
        arn="arn:{partition}:ec2:{region}:{account}:natgateway/{NatGatewayId}",
        properties="State, ConnectivityType, PublicIps=NatGatewayAddresses[].PublicIp, "
        "PrivateIps=NatGatewayAddresses[].PrivateIp, FailureCode, CreateTime",
        links=(
            "in AWS::EC2::Subnet SubnetId, in AWS::EC2::VPC VpcId",
            "uses AWS::EC2::NetworkInterface NatGatewayAddresses[].NetworkInterfaceId",
            "uses AWS::EC2::EIP NatGatewayAddresses[].AllocationId",
        ),
    ),
    listing(
        "AWS::EC2::EIP",
        calls=pages("ec2", "DescribeAddresses", "Addresses[]"),
        arn="arn:{partition}:ec2:{region}:{account}:elastic-ip/{AllocationId}",
        properties="PublicIp, PrivateIpAddress, NetworkBorderGroup, PublicIpv4Pool, "
        "ServiceManaged, AssociationId, NetworkInterfaceOwnerId",
        links=(
            "attached-to AWS::EC2::Instance InstanceId",
            "attached-to AWS::EC2::NetworkInterface NetworkInterfaceId",
        ),
    ),
    # Whose it is where no instance has it only the description says that AWS gives it.
    listing(
        "AWS::EC2::NetworkInterface",
        calls=pages("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:network-interface/{NetworkInterfaceId}",
        tags="TagSet",
        properties="State=Status, InterfaceType, Description, "
        "PrivateIpAddresses=PrivateIpAddresses[].PrivateIpAddress, "
        "PublicIp=Association.PublicIp, Ipv6Addresses=Ipv6Addresses[].Ipv6Address, "
        "AvailabilityZone, RequesterManaged",
        links=(
            "in AWS::EC2::Subnet SubnetId, in AWS::EC2::VPC VpcId",
            "uses AWS::EC2::SecurityGroup Groups[].GroupId",
            "uses AWS::EC2::EIP PrivateIpAddresses[].Association.AllocationId",
            "attached-to AWS::EC2::Instance Attachment.InstanceId",
            "attached-to AWS::ElasticLoadBalancingV2::LoadBalancer Description ~ ELB ???/(*)/*",
            "attached-to AWS::EC2::TransitGatewayAttachment "
            "Description ~ Network Interface for Transit Gateway Attachment (tgw-attach-*)",
            "attached-to AWS::EKS::Cluster Description ~ Amazon EKS (*)",
        ),
    ),
    listing(
        "AWS::EC2::VPCEndpoint",
        calls=pages("ec2", "DescribeVpcEndpoints", "VpcEndpoints[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:vpc-endpoint/{VpcEndpointId}",
        properties="State, VpcEndpointType, ServiceName, ServiceRegion, PrivateDnsEnabled, "
        "DnsNames=DnsEntries[].DnsName, RequesterManaged, LastErrorCode=LastError.Code, OwnerId, "
        "CreationTimestamp",
        links=(
            "in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet SubnetIds",
            "attached-to AWS::EC2::RouteTable RouteTableIds",
            "uses AWS::EC2::NetworkInterface NetworkInterfaceIds",
            "uses AWS::EC2::SecurityGroup Groups[].GroupId",
            "routes-to AWS::EC2::VPCEndpointService ServiceName ~ *.vpce-svc-*",
            "routes-to AWS::VpcLattice::ServiceNetwork ServiceNetworkArn",
            "routes-to AWS::VpcLattice::ResourceConfiguration ResourceConfigurationArn",
        ),
    ),
    # Its id is what endpoints name it by.
    listing(
        "AWS::EC2::VPCEndpointService",
        calls=pages("ec2", "DescribeVpcEndpointServiceConfigurations", "ServiceConfigurations[]"),
        arn="arn:{partition}:ec2:{region}:{account}:vpc-endpoint-service/{ServiceId}",
        id="ServiceName",
        properties="State=ServiceState, ServiceTypes=ServiceType[].ServiceType, "
        "AcceptanceRequired, PrivateDnsName, PrivateDnsState=PrivateDnsNameConfiguration.State, "
        "AvailabilityZones, SupportedIpAddressTypes, SupportedRegions=SupportedRegions[].Region",
        links=(
            "routes-to AWS::ElasticLoadBalancingV2::LoadBalancer NetworkLoadBalancerArns",
            "routes-to AWS::ElasticLoadBalancingV2::LoadBalancer GatewayLoadBalancerArns",
        ),
    ),
    # Either side sees it in its own account and region, with tags of its own.
    listing(
        "AWS::EC2::VPCPeeringConnection",
        calls=pages("ec2", "DescribeVpcPeeringConnections", "VpcPeeringConnections[]"),
        arn="arn:{partition}:ec2:{region}:{account}:vpc-peering-connection/"
        "{VpcPeeringConnectionId}",
        properties="State=Status.Code, RequesterOwnerId=RequesterVpcInfo.OwnerId, "
        "RequesterRegion=RequesterVpcInfo.Region, RequesterCidr=RequesterVpcInfo.CidrBlock, "
        "AccepterOwnerId=AccepterVpcInfo.OwnerId, AccepterRegion=AccepterVpcInfo.Region, "
        "AccepterCidr=AccepterVpcInfo.CidrBlock, ExpirationTime",
        links=(
            "attached-to AWS::EC2::VPC RequesterVpcInfo.VpcId",
            "attached-to AWS::EC2::VPC AccepterVpcInfo.VpcId",
        ),
    ),
    listing(
        "AWS::EC2::FlowLog",
        calls=pages("ec2", "DescribeFlowLogs", "FlowLogs[]"),
        arn="arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{FlowLogId}",
        properties="State=FlowLogStatus, DeliverLogsStatus, TrafficType, LogDestinationType, "
        "LogDestination, LogGroupName, MaxAggregationInterval, CreationTime",
        links=(
            "attached-to AWS::EC2::VPC ResourceId ~ vpc-*",
            "attached-to AWS::EC2::Subnet ResourceId ~ subnet-*",
            "attached-to AWS::EC2::NetworkInterface ResourceId ~ eni-*",
            "attached-to AWS::EC2::TransitGateway ResourceId ~ tgw-0*",
            "attached-to AWS::EC2::TransitGatewayAttachment ResourceId ~ tgw-attach-*",
            "uses AWS::Logs::LogGroup LogGroupName",
            # Either the bucket alone, or with what its objects begin with.
            "uses AWS::S3::Bucket LogDestination/ ~ arn:*:s3:*",
            "uses AWS::S3::Bucket LogDestination ~ (arn:*:s3:*)/*",
            "uses AWS::KinesisFirehose::DeliveryStream LogDestination ~ arn:*:firehose:*",
            "runs-as AWS::IAM::Role DeliverLogsPermissionArn",
        ),
    ),
)
