"""Networks, how they are divided and joined to the world, and who may talk to whom in them."""

from __future__ import annotations

from typing import Any

from .site import Site, pairs, specification


def make_networks(site: Site) -> None:
    """Make each network of the region, and in the main one the security groups."""
    for number, network in enumerate(site.extent.networks):
        _make_network(site, network, 16 * site.number + number)
    _make_groups(site)


def _make_network(site: Site, network: str, number: int) -> None:
    ec2 = site.aws("ec2")
    tags = specification("vpc", site.tags(network))
    vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    site.ids[network] = vpc
    site.made["AWS::EC2::VPC"] += 1
    public = _make_public_routes(site, network, vpc)
    for place, zone in enumerate(site.zones):
        open_subnet = _make_subnet(site, f"{network}-public-{zone[-1]}", zone, number, place)
        ec2.associate_route_table(RouteTableId=public, SubnetId=open_subnet)
        closed = _make_subnet(site, f"{network}-private-{zone[-1]}", zone, number, place + 8)
        # The shared network has one way out, the main one has one in each zone.
        if network == "main" or place == 0:
            _make_nat(site, f"{network}-{zone[-1]}", open_subnet)
        _make_private_routes(site, f"{network}-private-{zone[-1]}", vpc, closed)
        _make_interface(site, f"{network}-resolver-{zone[-1]}", closed)


def _make_subnet(site: Site, name: str, zone: str, number: int, place: int) -> str:
    network = name.split("-", 1)[0]
    subnet = site.aws("ec2").create_subnet(
        VpcId=site.ids[network],
        AvailabilityZone=zone,
        CidrBlock=f"10.{number}.{16 * place}.0/20",
        TagSpecifications=specification("subnet", site.tags(name)),
    )["Subnet"]["SubnetId"]
    site.ids[name] = subnet
    site.made["AWS::EC2::Subnet"] += 1
    return str(subnet)


def _make_public_routes(site: Site, network: str, vpc: str) -> str:
    ec2 = site.aws("ec2")
    tags = specification("internet-gateway", site.tags(f"{network}-igw"))
    gateway = ec2.create_internet_gateway(TagSpecifications=tags)["InternetGateway"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
    site.made["AWS::EC2::InternetGateway"] += 1
    return _make_routes(site, f"{network}-public", vpc, {"GatewayId": gateway["InternetGatewayId"]})


def _make_private_routes(site: Site, name: str, vpc: str, subnet: str) -> None:
    network, _, zone = name.split("-")
    nat = site.ids.get(f"nat-{network}-{zone}", site.ids[f"nat-{network}-a"])
    table = _make_routes(site, name, vpc, {"NatGatewayId": nat})
    site.aws("ec2").associate_route_table(RouteTableId=table, SubnetId=subnet)


def _make_routes(site: Site, name: str, vpc: str, through: dict[str, str]) -> str:
    ec2 = site.aws("ec2")
    tags = specification("route-table", site.tags(name))
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tags)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **through)
    site.made["AWS::EC2::RouteTable"] += 1
    return str(table)


def _make_nat(site: Site, name: str, subnet: str) -> None:
    ec2 = site.aws("ec2")
    address = ec2.allocate_address(
        Domain="vpc", TagSpecifications=specification("elastic-ip", site.tags(f"{name}-nat"))
    )
    site.ids[f"nat-{name}"] = ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=address["AllocationId"],
        TagSpecifications=specification("natgateway", site.tags(f"{name}-nat")),
    )["NatGateway"]["NatGatewayId"]
    site.made["AWS::EC2::EIP"] += 1
    site.made["AWS::EC2::NatGateway"] += 1


def _make_interface(site: Site, name: str, subnet: str) -> None:
    ec2 = site.aws("ec2")
    interface = ec2.create_network_interface(SubnetId=subnet, Description=site.text(name))
    made = interface["NetworkInterface"]["NetworkInterfaceId"]
    # By a call of its own: the emulator forgets tags that come with the creation.
    ec2.create_tags(Resources=[made], Tags=pairs(site.tags(name)))
    site.made["AWS::EC2::NetworkInterface"] += 1


def _make_groups(site: Site) -> None:
    """The internet reaches the load balancer, that the applications, they the databases."""
    _make_group(site, "load-balancer", "platform", 443, {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]})
    for app in site.apps:
        _make_group(site, f"{app.name}-app", app.team, 8080, _from(site, "load-balancer"))
    for name in (site.portfolio.database, site.portfolio.cluster):
        if f"sg-{name}-app" in site.ids:
            _make_group(site, f"{name}-db", "platform", 5432, _from(site, f"{name}-app"))


def _from(site: Site, group: str) -> dict[str, Any]:
    return {"UserIdGroupPairs": [{"GroupId": site.ids[f"sg-{group}"], "UserId": site.account}]}


def _make_group(site: Site, name: str, team: str, port: int, source: dict[str, Any]) -> None:
    ec2 = site.aws("ec2")
    group = ec2.create_security_group(
        GroupName=site.name(name),
        Description=site.text(f"What may reach {name}"),
        VpcId=site.ids["main"],
        TagSpecifications=specification("security-group", site.tags(name, team)),
    )["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    site.ids[f"sg-{name}"] = group
    site.made["AWS::EC2::SecurityGroup"] += 1
