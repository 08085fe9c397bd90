"""Networks and what stands at their edges: VPC, gateways, interfaces, load balancers.

What can be shared between accounts is named by its owner's account, as AWS names it.
"""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::EC2::VPC",
        calls=pages("ec2", "DescribeVpcs", "Vpcs[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:vpc/{VpcId}",
        properties="State, CidrBlock, CidrBlocks=CidrBlockAssociationSet[].CidrBlock, "
        "Ipv6CidrBlocks=Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock, IsDefault, InstanceTenancy, "
        "DhcpOptionsId, OwnerId",
        links="uses AWS::EC2::DHCPOptions DhcpOptionsId ~ dopt-*",
    ),
    listing(
        "AWS::EC2::Subnet",
        calls=pages("ec2", "DescribeSubnets", "Subnets[]"),
        arn="SubnetArn",
        properties="State, CidrBlock, Ipv6CidrBlocks=Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock, "
        "AvailabilityZone, AvailabilityZoneId, AvailableIpAddressCount, MapPublicIpOnLaunch, "
        "DefaultForAz, OwnerId",
        links="in AWS::EC2::VPC VpcId",
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
        "EgressCidrs=IpPermissionsEgress[].IpRanges[].CidrIp, OwnerId",
        links=(
            "in AWS::EC2::VPC VpcId",
            "allows AWS::EC2::SecurityGroup IpPermissions[].UserIdGroupPairs[].GroupId",
            "allows AWS::EC2::PrefixList IpPermissions[].PrefixListIds[].PrefixListId",
        ),
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
            "routes-to AWS::EC2::InternetGateway Routes[].GatewayId ~ igw-*",
            "routes-to AWS::EC2::VPCEndpoint Routes[].GatewayId ~ vpce-*",
            "routes-to AWS::EC2::VPNGateway Routes[].GatewayId ~ vgw-*",
            "routes-to AWS::EC2::NatGateway Routes[].NatGatewayId",
            "routes-to AWS::EC2::TransitGateway Routes[].TransitGatewayId",
            "routes-to AWS::EC2::VPCPeeringConnection Routes[].VpcPeeringConnectionId",
            "routes-to AWS::EC2::NetworkInterface Routes[].NetworkInterfaceId",
            "routes-to AWS::EC2::EgressOnlyInternetGateway Routes[].EgressOnlyInternetGatewayId",
        ),
    ),
    listing(
        "AWS::EC2::InternetGateway",
        calls=pages("ec2", "DescribeInternetGateways", "InternetGateways[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:internet-gateway/{InternetGatewayId}",
        properties="State=Attachments[].State, OwnerId",
        links="attached-to AWS::EC2::VPC Attachments[].VpcId",
    ),
    listing(
        "AWS::EC2::NatGateway",
        calls=pages("ec2", "DescribeNatGateways", "NatGateways[]"),
        arn="arn:{partition}:ec2:{region}:{account}:natgateway/{NatGatewayId}",
        properties="State, ConnectivityType, PublicIps=NatGatewayAddresses[].PublicIp, "
        "PrivateIps=NatGatewayAddresses[].PrivateIp, FailureCode, CreateTime, DeleteTime",
        links=(
            "in AWS::EC2::Subnet SubnetId",
            "in AWS::EC2::VPC VpcId",
            "uses AWS::EC2::NetworkInterface NatGatewayAddresses[].NetworkInterfaceId",
            "uses AWS::EC2::EIP NatGatewayAddresses[].AllocationId",
        ),
    ),
    listing(
        "AWS::EC2::NetworkInterface",
        calls=pages("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:network-interface/{NetworkInterfaceId}",
        tags="TagSet",
        properties="State=Status, InterfaceType, Description, PrivateIpAddress, "
        "PrivateIpAddresses=PrivateIpAddresses[].PrivateIpAddress, "
        "PublicIp=Association.PublicIp, Ipv6Addresses=Ipv6Addresses[].Ipv6Address, MacAddress, "
        "AvailabilityZone, RequesterManaged",
        links=(
            "in AWS::EC2::Subnet SubnetId",
            "in AWS::EC2::VPC VpcId",
            "uses AWS::EC2::SecurityGroup Groups[].GroupId",
            "uses AWS::EC2::EIP Association.AllocationId",
            "attached-to AWS::EC2::Instance Attachment.InstanceId",
        ),
    ),
    listing(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        calls=pages("elbv2", "DescribeLoadBalancers", "LoadBalancers[]"),
        arn="LoadBalancerArn",
        id="LoadBalancerName",
        name="LoadBalancerName",
        tags=tagged("elasticloadbalancing:loadbalancer"),
        properties="State=State.Code, Type, Scheme, DNSName, IpAddressType, "
        "AvailabilityZones=AvailabilityZones[].ZoneName, CanonicalHostedZoneId, CreatedTime",
        links=(
            "in AWS::EC2::VPC VpcId",
            "in AWS::EC2::Subnet AvailabilityZones[].SubnetId",
            "uses AWS::EC2::SecurityGroup SecurityGroups",
            "uses AWS::EC2::EIP AvailabilityZones[].LoadBalancerAddresses[].AllocationId",
        ),
    ),
    listing(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        calls=(
            pages("elbv2", "DescribeTargetGroups", "TargetGroups[]"),
            # A target group is a name for its targets, and no list call tells them.
            each("elbv2", "DescribeTargetHealth", into="Health", TargetGroupArn="{TargetGroupArn}"),
        ),
        arn="TargetGroupArn",
        id="TargetGroupName",
        name="TargetGroupName",
        tags=tagged("elasticloadbalancing:targetgroup"),
        properties="TargetType, Protocol, ProtocolVersion, Port, HealthCheckProtocol, "
        "HealthCheckPort, HealthCheckPath, "
        "TargetIds=Health.TargetHealthDescriptions[].Target.Id, "
        "TargetStates=Health.TargetHealthDescriptions[].TargetHealth.State",
        links=(
            "in AWS::EC2::VPC VpcId",
            "attached-to AWS::ElasticLoadBalancingV2::LoadBalancer LoadBalancerArns",
            "routes-to AWS::EC2::Instance Health.TargetHealthDescriptions[].Target.Id ~ i-*",
            "routes-to AWS::Lambda::Function "
            "Health.TargetHealthDescriptions[].Target.Id ~ arn:*:lambda:*",
            "routes-to AWS::ElasticLoadBalancingV2::LoadBalancer "
            "Health.TargetHealthDescriptions[].Target.Id ~ arn:*:elasticloadbalancing:*",
        ),
    ),
)
