"""What computes: instances and their groups, functions."""

from proxyd.plugin import listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::EC2::Instance",
        calls=pages("ec2", "DescribeInstances", "Reservations[].Instances[]"),
        arn="arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}",
        properties="State=State.Name, InstanceType, AvailabilityZone=Placement.AvailabilityZone, "
        "PrivateIpAddress, PublicIpAddress, PrivateDnsName, ImageId, KeyName, "
        "Platform=PlatformDetails, Architecture, InstanceLifecycle, "
        "HttpTokens=MetadataOptions.HttpTokens, LaunchTime",
        links=(
            "in AWS::EC2::Subnet SubnetId",
            "in AWS::EC2::VPC VpcId",
            "uses AWS::EC2::SecurityGroup SecurityGroups[].GroupId",
            "uses AWS::EC2::Volume BlockDeviceMappings[].Ebs.VolumeId",
            "uses AWS::EC2::NetworkInterface NetworkInterfaces[].NetworkInterfaceId",
            "uses AWS::EC2::KeyPair KeyName",
            "runs-as AWS::IAM::InstanceProfile IamInstanceProfile.Arn",
        ),
    ),
    listing(
        "AWS::AutoScaling::AutoScalingGroup",
        calls=pages("autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups[]"),
        arn="AutoScalingGroupARN",
        id="AutoScalingGroupName",
        name="AutoScalingGroupName",
        properties="State=Status, MinSize, MaxSize, DesiredCapacity, AvailabilityZones, "
        "InstanceStates=Instances[].LifecycleState, HealthCheckType, "
        "SuspendedProcesses=SuspendedProcesses[].ProcessName, CapacityRebalance, CreatedTime",
        links=(
            "runs AWS::EC2::Instance Instances[].InstanceId",
            "attached-to AWS::ElasticLoadBalancingV2::TargetGroup TargetGroupARNs",
            "uses AWS::EC2::LaunchTemplate LaunchTemplate.LaunchTemplateId",
            "uses AWS::EC2::LaunchTemplate "
            "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId",
            "uses AWS::AutoScaling::LaunchConfiguration LaunchConfigurationName",
            "runs-as AWS::IAM::Role ServiceLinkedRoleARN",
        ),
    ),
    # ListFunctions leaves a function's state out, and only lambda:GetFunction has it, which
    # also hands out a URL of the code.
    listing(
        "AWS::Lambda::Function",
        calls=pages("lambda", "ListFunctions", "Functions[]"),
        arn="FunctionArn",
        id="FunctionName",
        name="FunctionName",
        tags=tagged("lambda:function"),
        properties="Runtime, Handler, Description, MemorySize, Timeout, CodeSize, PackageType, "
        "Architectures, EphemeralStorage=EphemeralStorage.Size, TracingMode=TracingConfig.Mode, "
        "LastModified",
        links=(
            "in AWS::EC2::VPC VpcConfig.VpcId",
            "in AWS::EC2::Subnet VpcConfig.SubnetIds",
            "uses AWS::EC2::SecurityGroup VpcConfig.SecurityGroupIds",
            "uses AWS::Lambda::LayerVersion Layers[].Arn",
            "uses AWS::EFS::AccessPoint FileSystemConfigs[].Arn",
            "uses AWS::Logs::LogGroup LoggingConfig.LogGroup",
            "routes-to AWS::SQS::Queue DeadLetterConfig.TargetArn ~ arn:*:sqs:*",
            "routes-to AWS::SNS::Topic DeadLetterConfig.TargetArn ~ arn:*:sns:*",
            "encrypts-with AWS::KMS::Key KMSKeyArn",
            "runs-as AWS::IAM::Role Role",
        ),
    ),
)
