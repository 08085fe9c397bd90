"""EC2 instances and what they are started from, with and on."""

from proxyd.plugin import listing, pages

SCANNERS = (
    listing(
        "AWS::EC2::Instance",
        calls=pages("ec2", "DescribeInstances", "Reservations[].Instances[]"),
        arn="arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}",
        properties="State=State.Name, InstanceType, AvailabilityZone=Placement.AvailabilityZone, "
        "PrivateIpAddress, PublicIpAddress, PrivateDnsName, "
        "Platform=PlatformDetails, Architecture, InstanceLifecycle, "
        "HttpTokens=MetadataOptions.HttpTokens, LaunchTime",
        links=(
            "in AWS::EC2::Subnet SubnetId, in AWS::EC2::VPC VpcId",
            "in AWS::EC2::PlacementGroup Placement.GroupName, in AWS::EC2::Host Placement.HostId",
            "uses AWS::EC2::CapacityReservation CapacityReservationId",
            "uses AWS::EC2::SecurityGroup SecurityGroups[].GroupId",
            "uses AWS::EC2::Volume BlockDeviceMappings[].Ebs.VolumeId",
            "uses AWS::EC2::NetworkInterface NetworkInterfaces[].NetworkInterfaceId",
            "uses AWS::EC2::KeyPair KeyName, runs AWS::EC2::Image ImageId",
            "runs-as AWS::IAM::InstanceProfile IamInstanceProfile.Arn",
            # What started it says so in tags that only AWS can give.
            "uses AWS::EC2::LaunchTemplate Tags[Key=aws:ec2launchtemplate:id].Value",
            "member-of AWS::EC2::SpotFleet Tags[Key=aws:ec2spot:fleet-request-id].Value",
            "member-of AWS::EMR::Cluster Tags[Key=aws:elasticmapreduce:job-flow-id].Value",
            "member-of AWS::EKS::Cluster Tags[Key=aws:eks:cluster-name].Value",
        ),
    ),
    # What the versions of a template hold is left alone: user data is among it.
    listing(
        "AWS::EC2::LaunchTemplate",
        calls=pages("ec2", "DescribeLaunchTemplates", "LaunchTemplates[]"),
        arn="arn:{partition}:ec2:{region}:{account}:launch-template/{LaunchTemplateId}",
        name="LaunchTemplateName",
        properties="DefaultVersionNumber, LatestVersionNumber, CreatedBy, CreateTime, "
        "ManagedBy=Operator.Principal",
    ),
    # By name and not by id, as the IAM reference has it and everything that uses a key.
    listing(
        "AWS::EC2::KeyPair",
        calls=pages("ec2", "DescribeKeyPairs", "KeyPairs[]"),
        arn="arn:{partition}:ec2:{region}:{account}:key-pair/{KeyName}",
        id="KeyName",
        properties="KeyPairId, KeyType, KeyFingerprint, CreateTime",
    ),
    listing(
        "AWS::EC2::Image",
        calls=pages(
            "ec2",
            "DescribeImages",
            "Images[]",
            Owners=["self"],
            IncludeDeprecated=True,
            IncludeDisabled=True,
        ),
        arn="arn:{partition}:ec2:{region}::image/{ImageId}",
        name="Name",
        properties="State, Description, Architecture, Platform=PlatformDetails, RootDeviceType, "
        "BootMode, ImdsSupport, Public, SourceInstanceId, SourceImageId, CreationDate, "
        "DeprecationTime",
        links=(
            "uses AWS::EC2::Snapshot BlockDeviceMappings[].Ebs.SnapshotId",
            "encrypts-with AWS::KMS::Key BlockDeviceMappings[].Ebs.KmsKeyId",
        ),
    ),
    listing(
        "AWS::EC2::SpotFleet",
        calls=pages("ec2", "DescribeSpotFleetRequests", "SpotFleetRequestConfigs[]"),
        arn="arn:{partition}:ec2:{region}:{account}:spot-fleet-request/{SpotFleetRequestId}",
        properties="State=SpotFleetRequestState, Type=SpotFleetRequestConfig.Type, "
        "AllocationStrategy=SpotFleetRequestConfig.AllocationStrategy, "
        "TargetCapacity=SpotFleetRequestConfig.TargetCapacity, "
        "OnDemandTargetCapacity=SpotFleetRequestConfig.OnDemandTargetCapacity, "
        "SpotPrice=SpotFleetRequestConfig.SpotPrice, "
        "InterruptionBehavior=SpotFleetRequestConfig.InstanceInterruptionBehavior, "
        "InstanceTypes=SpotFleetRequestConfig.LaunchSpecifications[].InstanceType, "
        "ValidUntil=SpotFleetRequestConfig.ValidUntil, CreateTime",
        links=(
            "in AWS::EC2::Subnet SpotFleetRequestConfig.LaunchSpecifications[].SubnetId[,]",
            "in AWS::EC2::Subnet "
            "SpotFleetRequestConfig.LaunchTemplateConfigs[].Overrides[].SubnetId[,]",
            "uses AWS::EC2::LaunchTemplate SpotFleetRequestConfig.LaunchTemplateConfigs[]"
            ".LaunchTemplateSpecification.LaunchTemplateId",
            "uses AWS::EC2::SecurityGroup "
            "SpotFleetRequestConfig.LaunchSpecifications[].SecurityGroups[].GroupId",
            "uses AWS::EC2::KeyPair SpotFleetRequestConfig.LaunchSpecifications[].KeyName",
            "uses AWS::IAM::InstanceProfile "
            "SpotFleetRequestConfig.LaunchSpecifications[].IamInstanceProfile.Arn",
            "runs AWS::EC2::Image SpotFleetRequestConfig.LaunchSpecifications[].ImageId",
            "attached-to AWS::ElasticLoadBalancingV2::TargetGroup SpotFleetRequestConfig"
            ".LoadBalancersConfig.TargetGroupsConfig.TargetGroups[].Arn",
            "attached-to AWS::ElasticLoadBalancing::LoadBalancer SpotFleetRequestConfig"
            ".LoadBalancersConfig.ClassicLoadBalancersConfig.ClassicLoadBalancers[].Name",
            "runs-as AWS::IAM::Role SpotFleetRequestConfig.IamFleetRole",
        ),
    ),
    listing(
        "AWS::EC2::Host",
        calls=pages("ec2", "DescribeHosts", "Hosts[]"),
        arn="arn:{partition}:ec2:{region}:{OwnerId}:dedicated-host/{HostId}",
        properties="State, InstanceType=HostProperties.InstanceType, "
        "InstanceFamily=HostProperties.InstanceFamily, TotalVCpus=HostProperties.TotalVCpus, "
        "AvailabilityZone, AutoPlacement, HostRecovery, HostReservationId, OwnerId, "
        "AllocationTime",
        links="runs AWS::EC2::Instance Instances[].InstanceId",
    ),
    listing(
        "AWS::EC2::ReservedInstance",
        calls=pages("ec2", "DescribeReservedInstances", "ReservedInstances[]"),
        arn="arn:{partition}:ec2:{region}:{account}:reserved-instances/{ReservedInstancesId}",
        properties="State, InstanceType, InstanceCount, ProductDescription, Scope, "
        "AvailabilityZone, OfferingClass, OfferingType, InstanceTenancy, Start, End, Duration",
    ),
    listing(
        "AWS::EC2::CapacityReservation",
        calls=pages("ec2", "DescribeCapacityReservations", "CapacityReservations[]"),
        arn="CapacityReservationArn",
        properties="State, InstanceType, InstancePlatform, TotalInstanceCount, AvailabilityZone, "
        "Tenancy, InstanceMatchCriteria, ReservationType, StartDate, EndDate, OwnerId",
        links=(
            "in AWS::EC2::PlacementGroup PlacementGroupArn",
            "member-of AWS::EC2::CapacityReservationFleet CapacityReservationFleetId",
        ),
    ),
    listing(
        "AWS::EC2::PlacementGroup",
        calls=pages("ec2", "DescribePlacementGroups", "PlacementGroups[]"),
        arn="GroupArn",
        id="GroupName",
        properties="State, Strategy, PartitionCount, SpreadLevel, GroupId",
    ),
)
