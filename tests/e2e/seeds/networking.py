"""Networks, load balancers, zones and distributions, tied together as a small site would be."""

from __future__ import annotations

from typing import Any

import jmespath

from tests.e2e.oracle import Account

from . import REGION, Made, _edge

_NETWORK = "10.20.0.0/16"


def seed(account: Account) -> Made:
    """Make one or two of each type that the emulator knows."""
    network = _Network(account)
    made = network.own()
    made |= _load_balancers(account, network)
    made |= _transit(account, network)
    made |= _vpn(account, network)
    made |= _edge.zones(account, network.vpc)
    made |= _edge.resolver(account, network.subnets, network.group)
    made |= _edge.discovery(account, network.instance)
    made |= _edge.distributions(account)
    made |= _edge.global_networks(account)
    return made | network.everything()


class _Network:
    """A network with two subnets and what stands in it and at its edges."""

    def __init__(self, account: Account) -> None:
        self.account = account.account
        self.client = account.client
        self.ec2 = ec2 = account.client("ec2", REGION)
        self.vpc = self._made("create_vpc", "Vpc.VpcId", CidrBlock=_NETWORK)
        self.other_vpc = self._made("create_vpc", "Vpc.VpcId", CidrBlock="10.30.0.0/16")
        self.subnets = [
            self._made(
                "create_subnet",
                "Subnet.SubnetId",
                VpcId=self.vpc,
                CidrBlock=f"10.20.{number}.0/24",
                AvailabilityZone=f"{REGION}{zone}",
            )
            for number, zone in enumerate("ab")
        ]
        self.group = self._made(
            "create_security_group",
            "GroupId",
            GroupName="web",
            Description="the world to the site",
            VpcId=self.vpc,
        )
        self.instance = ec2.run_instances(
            ImageId=ec2.describe_images()["Images"][0]["ImageId"],
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnets[0],
        )["Instances"][0]["InstanceId"]
        self._edges()

    def arn(self, kind: str, name: str) -> str:
        """Write an ARN as the IAM reference has it."""
        return f"arn:aws:ec2:{REGION}:{self.account}:{kind}/{name}"

    def _made(self, method: str, path: str, **params: Any) -> str:
        return str(jmespath.search(path, getattr(self.ec2, method)(**params)))

    def _edges(self) -> None:
        ec2 = self.ec2
        address = self._made("allocate_address", "AllocationId", Domain="vpc")
        gateway = self._made("create_internet_gateway", "InternetGateway.InternetGatewayId")
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        nat = self._made(
            "create_nat_gateway",
            "NatGateway.NatGatewayId",
            SubnetId=self.subnets[0],
            AllocationId=address,
        )
        table = self._made("create_route_table", "RouteTable.RouteTableId", VpcId=self.vpc)
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
        ec2.associate_route_table(RouteTableId=table, SubnetId=self.subnets[1])
        ec2.create_network_acl(VpcId=self.vpc)
        ec2.create_network_interface(SubnetId=self.subnets[1], Groups=[self.group])
        ec2.authorize_security_group_ingress(
            GroupId=self.group,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                }
            ],
        )
        for name, value in ((self.vpc, "site"), (self.subnets[0], "site-a"), (nat, "site-nat")):
            ec2.create_tags(Resources=[name], Tags=[{"Key": "Name", "Value": value}])

    def everything(self) -> Made:
        """Tell everything there is of what every account has some of from the start."""
        lists = {
            "AvailabilityZone": ("AvailabilityZones[].ZoneName", "availability-zone"),
            "VPC": ("Vpcs[].VpcId", "vpc"),
            "Subnet": ("Subnets[].SubnetId", "subnet"),
            "SecurityGroup": ("SecurityGroups[].GroupId", "security-group"),
            "NetworkAcl": ("NetworkAcls[].NetworkAclId", "network-acl"),
            "RouteTable": ("RouteTables[].RouteTableId", "route-table"),
            "InternetGateway": ("InternetGateways[].InternetGatewayId", "internet-gateway"),
            "NetworkInterface": ("NetworkInterfaces[].NetworkInterfaceId", "network-interface"),
            "EIP": ("Addresses[].AllocationId", "elastic-ip"),
            "NatGateway": ("NatGateways[].NatGatewayId", "natgateway"),
        }
        methods = {"EIP": "describe_addresses"}
        made: Made = {}
        for name, (path, kind) in lists.items():
            plural = "".join(f"_{c.lower()}" if c.isupper() else c for c in path.split("[")[0])
            answer = getattr(self.ec2, methods.get(name, f"describe{plural}"))()
            made[f"AWS::EC2::{name}"] = {self.arn(kind, i) for i in jmespath.search(path, answer)}
        return made

    def own(self) -> Made:
        """Make what nobody has from the start."""
        options = self._made(
            "create_dhcp_options",
            "DhcpOptions.DhcpOptionsId",
            DhcpConfigurations=[{"Key": "domain-name", "Values": ["site.internal"]}],
        )
        self.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=self.vpc)
        prefixes = self._made(
            "create_managed_prefix_list",
            "PrefixList.PrefixListArn",
            PrefixListName="offices",
            AddressFamily="IPv4",
            MaxEntries=5,
            Entries=[{"Cidr": "192.0.2.0/24"}],
        )
        egress = self._made(
            "create_egress_only_internet_gateway",
            "EgressOnlyInternetGateway.EgressOnlyInternetGatewayId",
            VpcId=self.vpc,
        )
        endpoint = self._made(
            "create_vpc_endpoint",
            "VpcEndpoint.VpcEndpointId",
            VpcId=self.vpc,
            ServiceName=f"com.amazonaws.{REGION}.sqs",
            VpcEndpointType="Interface",
            SubnetIds=[self.subnets[1]],
            SecurityGroupIds=[self.group],
        )
        peering = self._made(
            "create_vpc_peering_connection",
            "VpcPeeringConnection.VpcPeeringConnectionId",
            VpcId=self.vpc,
            PeerVpcId=self.other_vpc,
        )
        bucket = f"flows-{self.account}"
        s3 = self.client("s3", REGION)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        flows = self._made(
            "create_flow_logs",
            "FlowLogIds[0]",
            ResourceIds=[self.vpc],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{bucket}",
        )
        return {
            "AWS::EC2::DHCPOptions": {self.arn("dhcp-options", options)},
            "AWS::EC2::PrefixList": {prefixes},
            "AWS::EC2::EgressOnlyInternetGateway": {
                self.arn("egress-only-internet-gateway", egress)
            },
            "AWS::EC2::VPCEndpoint": {self.arn("vpc-endpoint", endpoint)},
            "AWS::EC2::VPCPeeringConnection": {self.arn("vpc-peering-connection", peering)},
            "AWS::EC2::FlowLog": {self.arn("vpc-flow-log", flows)},
        }


def _load_balancers(account: Account, network: _Network) -> Made:
    classic = account.client("elb", REGION)
    classic.create_load_balancer(
        LoadBalancerName="old",
        Listeners=[{"Protocol": "http", "LoadBalancerPort": 80, "InstancePort": 8080}],
        Subnets=network.subnets,
        SecurityGroups=[network.group],
        Tags=[{"Key": "team", "Value": "web"}],
    )
    classic.register_instances_with_load_balancer(
        LoadBalancerName="old", Instances=[{"InstanceId": network.instance}]
    )
    elbv2 = account.client("elbv2", REGION)
    balancers = {
        kind: elbv2.create_load_balancer(
            Name=f"site-{kind}",
            Type=kind,
            Subnets=network.subnets,
            Tags=[{"Key": "team", "Value": "web"}],
        )["LoadBalancers"][0]["LoadBalancerArn"]
        for kind in ("application", "network")
    }
    group = elbv2.create_target_group(
        Name="site", Protocol="HTTP", Port=8080, VpcId=network.vpc, TargetType="instance"
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": network.instance}])
    listener = elbv2.create_listener(
        LoadBalancerArn=balancers["application"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        Tags=[{"Key": "team", "Value": "web"}],
    )["Listeners"][0]["ListenerArn"]
    rule = elbv2.create_rule(
        ListenerArn=listener,
        Priority=10,
        Conditions=[
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}},
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-Origin", "Values": ["hidden"]},
            },
        ],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
        Tags=[{"Key": "team", "Value": "web"}],
    )["Rules"][0]["RuleArn"]
    service = network.ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[balancers["network"]], AcceptanceRequired=True
    )["ServiceConfiguration"]["ServiceId"]
    head = f"arn:aws:elasticloadbalancing:{REGION}:{network.account}"
    return {
        "AWS::ElasticLoadBalancing::LoadBalancer": {f"{head}:loadbalancer/old"},
        "AWS::ElasticLoadBalancingV2::LoadBalancer": set(balancers.values()),
        "AWS::ElasticLoadBalancingV2::TargetGroup": {group},
        "AWS::ElasticLoadBalancingV2::Listener": {listener},
        "AWS::ElasticLoadBalancingV2::ListenerRule": {rule},
        "AWS::EC2::VPCEndpointService": {network.arn("vpc-endpoint-service", service)},
    }


def _transit(account: Account, network: _Network) -> Made:
    ec2 = account.client("ec2", REGION)
    gateway = ec2.create_transit_gateway(Description="hub")["TransitGateway"]
    ident = gateway["TransitGatewayId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=ident, VpcId=network.vpc, SubnetIds=network.subnets
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    table = ec2.create_transit_gateway_route_table(TransitGatewayId=ident)[
        "TransitGatewayRouteTable"
    ]["TransitGatewayRouteTableId"]
    ec2.create_transit_gateway_route(
        DestinationCidrBlock=_NETWORK,
        TransitGatewayRouteTableId=table,
        TransitGatewayAttachmentId=attachment,
    )
    tables = ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"]
    kind = "transit-gateway-route-table"
    return {
        "AWS::EC2::TransitGateway": {gateway["TransitGatewayArn"]},
        "AWS::EC2::TransitGatewayAttachment": {
            network.arn("transit-gateway-attachment", attachment)
        },
        "AWS::EC2::TransitGatewayRouteTable": {
            network.arn(kind, t["TransitGatewayRouteTableId"]) for t in tables
        },
    }


def _vpn(account: Account, network: _Network) -> Made:
    ec2 = account.client("ec2", REGION)
    customer = ec2.create_customer_gateway(Type="ipsec.1", PublicIp="192.0.2.7", BgpAsn=65001)
    customer = customer["CustomerGateway"]["CustomerGatewayId"]
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=network.vpc, VpnGatewayId=gateway)
    connection = ec2.create_vpn_connection(
        Type="ipsec.1", CustomerGatewayId=customer, VpnGatewayId=gateway
    )["VpnConnection"]["VpnConnectionId"]
    return {
        "AWS::EC2::CustomerGateway": {network.arn("customer-gateway", customer)},
        "AWS::EC2::VPNGateway": {network.arn("vpn-gateway", gateway)},
        "AWS::EC2::VPNConnection": {network.arn("vpn-connection", connection)},
    }
