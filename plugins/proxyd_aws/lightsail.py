"""Lightsail, whose resources know each other by name."""

from proxyd.plugin import listing, pages

SCANNERS = (
    listing(
        "AWS::Lightsail::Instance",
        calls=pages("lightsail", "GetInstances", "instances[]"),
        arn="arn",
        id="name",
        tags="tags",
        properties="State=state.name, blueprintId, bundleId, publicIpAddress, privateIpAddress, "
        "ipv6Addresses, isStaticIp, cpuCount=hardware.cpuCount, "
        "ramSizeInGb=hardware.ramSizeInGb, OpenPorts=networking.ports[].fromPort, "
        "availabilityZone=location.availabilityZone, createdAt",
        links="uses AWS::Lightsail::KeyPair sshKeyName",
    ),
    listing(
        "AWS::Lightsail::Bucket",
        calls=pages("lightsail", "GetBuckets", "buckets[]", includeConnectedResources=True),
        arn="arn",
        id="name",
        tags="tags",
        properties="State=state.code, bundleId, url, objectVersioning, "
        "getObject=accessRules.getObject, allowPublicOverrides=accessRules.allowPublicOverrides, "
        "readonlyAccessAccounts, accessLogging=accessLogConfig.enabled, createdAt",
        links=(
            "allows AWS::Lightsail::Instance resourcesReceivingAccess[].name",
            "routes-to AWS::Lightsail::Bucket accessLogConfig.destination",
        ),
    ),
    listing(
        "AWS::Lightsail::Disk",
        calls=pages("lightsail", "GetDisks", "disks[]"),
        arn="arn",
        id="name",
        tags="tags",
        properties="State=state, sizeInGb, iops, path, isAttached, isSystemDisk, "
        "autoMountStatus, availabilityZone=location.availabilityZone, createdAt",
        links="attached-to AWS::Lightsail::Instance attachedTo",
    ),
    listing(
        "AWS::Lightsail::LoadBalancer",
        calls=pages("lightsail", "GetLoadBalancers", "loadBalancers[]"),
        arn="arn",
        id="name",
        tags="tags",
        properties="State=state, dnsName, protocol, publicPorts, instancePort, healthCheckPath, "
        "InstanceStates=instanceHealthSummary[].instanceHealth, httpsRedirectionEnabled, "
        "tlsPolicyName, ipAddressType, createdAt",
        links=(
            "routes-to AWS::Lightsail::Instance instanceHealthSummary[].instanceName",
            "uses AWS::Lightsail::LoadBalancerTlsCertificate tlsCertificateSummaries[].name",
        ),
    ),
    listing(
        "AWS::Lightsail::StaticIp",
        calls=pages("lightsail", "GetStaticIps", "staticIps[]"),
        arn="arn",
        id="name",
        tags=None,
        properties="ipAddress, isAttached, createdAt",
        links="attached-to AWS::Lightsail::Instance attachedTo",
    ),
    listing(
        "AWS::Lightsail::Certificate",
        calls=pages(
            "lightsail", "GetCertificates", "certificates[]", includeCertificateDetails=True
        ),
        arn="certificateArn",
        id="certificateName",
        tags="tags",
        properties="State=certificateDetail.status, domainName, "
        "subjectAlternativeNames=certificateDetail.subjectAlternativeNames, "
        "notAfter=certificateDetail.notAfter, eligibleToRenew=certificateDetail.eligibleToRenew, "
        "renewalStatus=certificateDetail.renewalSummary.renewalStatus, "
        "inUseResourceCount=certificateDetail.inUseResourceCount, "
        "createdAt=certificateDetail.createdAt",
    ),
    listing(
        "AWS::Lightsail::Database",
        calls=pages("lightsail", "GetRelationalDatabases", "relationalDatabases[]"),
        arn="arn",
        id="name",
        tags="tags",
        properties="State=state, engine, engineVersion, relationalDatabaseBundleId, "
        "publiclyAccessible, backupRetentionEnabled, address=masterEndpoint.address, "
        "port=masterEndpoint.port, diskSizeInGb=hardware.diskSizeInGb, "
        "availabilityZone=location.availabilityZone, secondaryAvailabilityZone, "
        "createdAt",
    ),
    # Distributions and domains have no region, and are served where AWS is at home only.
    listing(
        "AWS::Lightsail::Distribution",
        calls=pages("lightsail", "GetDistributions", "distributions[]"),
        scope="global",
        arn="arn",
        id="name",
        tags="tags",
        properties="State=status, isEnabled, domainName, alternativeDomainNames, bundleId, "
        "originName=origin.name, originType=origin.resourceType, "
        "originProtocol=origin.protocolPolicy, defaultBehavior=defaultCacheBehavior.behavior, "
        "viewerMinimumTlsProtocolVersion, ipAddressType, createdAt",
        links="uses AWS::Lightsail::Certificate certificateName",
    ),
    listing(
        "AWS::Lightsail::Domain",
        calls=pages("lightsail", "GetDomains", "domains[]"),
        scope="global",
        arn="arn",
        id="name",
        tags="tags",
        properties="entryNames=domainEntries[].name, createdAt, "
        "nameServersUpdateState=registeredDomainDelegationInfo.nameServersUpdateState.code",
    ),
    listing(
        "AWS::Lightsail::KeyPair",
        calls=pages("lightsail", "GetKeyPairs", "keyPairs[]"),
        arn="arn",
        id="name",
        tags="tags",
        properties="fingerprint, createdAt",
    ),
)
