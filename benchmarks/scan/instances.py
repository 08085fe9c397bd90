"""DescribeInstances of an account with very many: pages as large as AWS's own."""

from __future__ import annotations

from benchmarks.scan.services import ACCOUNT, xml_answer

_MAX_RESULTS = 1000

_TAGS = "".join(
    f"<item><key>{key}</key><value>{value}</value></item>"
    for key, value in (
        ("Name", "worker-%(n)d"),
        ("team", "platform"),
        ("environment", "production"),
        ("cost-centre", "4711"),
    )
)
_INSTANCE = (
    "<item><reservationId>r-%(n)017x</reservationId>"
    f"<ownerId>{ACCOUNT}</ownerId><groupSet/><instancesSet><item>"
    "<instanceId>i-%(n)017x</instanceId><imageId>ami-0123456789abcdef0</imageId>"
    "<instanceState><code>16</code><name>running</name></instanceState>"
    "<privateDnsName>ip-10-0-0-1.eu-west-1.compute.internal</privateDnsName><dnsName/>"
    "<reason/><keyName>fleet</keyName><amiLaunchIndex>0</amiLaunchIndex><productCodes/>"
    "<instanceType>m7g.large</instanceType><launchTime>2026-01-02T03:04:05.000Z</launchTime>"
    "<placement><availabilityZone>eu-west-1a</availabilityZone><groupName/>"
    "<tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring>"
    "<subnetId>subnet-0123456789abcdef0</subnetId><vpcId>vpc-0123456789abcdef0</vpcId>"
    "<privateIpAddress>10.0.0.1</privateIpAddress><sourceDestCheck>true</sourceDestCheck>"
    "<groupSet><item><groupId>sg-0123456789abcdef0</groupId><groupName>fleet</groupName></item>"
    "</groupSet><architecture>arm64</architecture><rootDeviceType>ebs</rootDeviceType>"
    "<rootDeviceName>/dev/xvda</rootDeviceName><blockDeviceMapping><item>"
    "<deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-%(n)017x</volumeId>"
    "<status>attached</status><attachTime>2026-01-02T03:04:05.000Z</attachTime>"
    "<deleteOnTermination>true</deleteOnTermination></ebs></item></blockDeviceMapping>"
    "<virtualizationType>hvm</virtualizationType><clientToken>5f0c%(n)d</clientToken>"
    f"<tagSet>{_TAGS}</tagSet><hypervisor>xen</hypervisor><networkInterfaceSet><item>"
    "<networkInterfaceId>eni-%(n)017x</networkInterfaceId>"
    "<subnetId>subnet-0123456789abcdef0</subnetId><vpcId>vpc-0123456789abcdef0</vpcId>"
    f"<description/><ownerId>{ACCOUNT}</ownerId><status>in-use</status>"
    "<macAddress>02:00:00:00:00:01</macAddress><privateIpAddress>10.0.0.1</privateIpAddress>"
    "<sourceDestCheck>true</sourceDestCheck><groupSet><item>"
    "<groupId>sg-0123456789abcdef0</groupId><groupName>fleet</groupName></item></groupSet>"
    "<attachment><attachmentId>eni-attach-%(n)017x</attachmentId>"
    "<deviceIndex>0</deviceIndex><status>attached</status>"
    "<attachTime>2026-01-02T03:04:05.000Z</attachTime>"
    "<deleteOnTermination>true</deleteOnTermination></attachment>"
    "<interfaceType>interface</interfaceType></item></networkInterfaceSet>"
    "<iamInstanceProfile><arn>arn:aws:iam::222222222222:instance-profile/fleet</arn>"
    "<id>AIPA0123456789ABCDEF</id></iamInstanceProfile><ebsOptimized>true</ebsOptimized>"
    "<enaSupport>true</enaSupport><cpuOptions><coreCount>2</coreCount>"
    "<threadsPerCore>1</threadsPerCore></cpuOptions><metadataOptions><state>applied</state>"
    "<httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit>"
    "<httpEndpoint>enabled</httpEndpoint></metadataOptions>"
    "<platformDetails>Linux/UNIX</platformDetails></item></instancesSet></item>"
)


def page(total: int, parameters: dict[str, str]) -> str:
    """Write one page of `total` instances, as far as these parameters ask."""
    first = int(parameters.get("NextToken", "0"))
    last = min(total, first + int(parameters.get("MaxResults", _MAX_RESULTS)))
    rows = "".join([_INSTANCE % {"n": n} for n in range(first, last)])
    more = f"<nextToken>{last}</nextToken>" if last < total else ""
    return xml_answer("DescribeInstances", f"<reservationSet>{rows}</reservationSet>{more}", "ec2")
