"""Container clusters and what runs in them."""

from proxyd.plugin import batch, each, listing, pages

SCANNERS = (
    listing(
        "AWS::ECS::Cluster",
        calls=(
            pages("ecs", "ListClusters", "clusterArns[]"),
            batch(
                "ecs",
                "DescribeClusters",
                "clusters[]",
                size=100,
                clusters=["{@}"],
                include=["TAGS"],
            ),
        ),
        arn="clusterArn",
        name="clusterName",
        tags="tags",
        properties="State=status, activeServicesCount, runningTasksCount, pendingTasksCount, "
        "registeredContainerInstancesCount, capacityProviders",
        links="uses AWS::ECS::CapacityProvider capacityProviders",
    ),
    listing(
        "AWS::ECS::Service",
        calls=(
            pages("ecs", "ListClusters", "clusterArns[]"),
            each("ecs", "ListServices", "serviceArns[]", cluster="{@}"),
            batch(
                "ecs",
                "DescribeServices",
                "services[]",
                size=10,
                cluster="{^.@}",
                services=["{@}"],
                include=["TAGS"],
            ),
        ),
        arn="serviceArn",
        name="serviceName",
        tags="tags",
        properties="State=status, desiredCount, runningCount, pendingCount, launchType, "
        "schedulingStrategy, platformVersion, RolloutStates=deployments[].rolloutState, "
        "enableExecuteCommand, "
        "AssignPublicIp=networkConfiguration.awsvpcConfiguration.assignPublicIp, createdAt",
        links=(
            "in AWS::ECS::Cluster clusterArn",
            "in AWS::EC2::Subnet networkConfiguration.awsvpcConfiguration.subnets",
            "uses AWS::EC2::SecurityGroup networkConfiguration.awsvpcConfiguration.securityGroups",
            "runs AWS::ECS::TaskDefinition taskDefinition",
            "attached-to AWS::ElasticLoadBalancingV2::TargetGroup loadBalancers[].targetGroupArn",
            "runs-as AWS::IAM::Role roleArn",
        ),
    ),
    listing(
        "AWS::EKS::Cluster",
        calls=(
            pages("eks", "ListClusters", "clusters[]"),
            each("eks", "DescribeCluster", name="{@}"),
        ),
        arn="arn:{partition}:eks:{region}:{account}:cluster/{@}",
        name="@",
        tags="cluster.tags",
        properties="State=cluster.status, version=cluster.version, "
        "platformVersion=cluster.platformVersion, endpoint=cluster.endpoint, "
        "endpointPublicAccess=cluster.resourcesVpcConfig.endpointPublicAccess, "
        "endpointPrivateAccess=cluster.resourcesVpcConfig.endpointPrivateAccess, "
        "publicAccessCidrs=cluster.resourcesVpcConfig.publicAccessCidrs, "
        "serviceIpv4Cidr=cluster.kubernetesNetworkConfig.serviceIpv4Cidr, "
        "authenticationMode=cluster.accessConfig.authenticationMode, createdAt=cluster.createdAt",
        links=(
            "in AWS::EC2::VPC cluster.resourcesVpcConfig.vpcId",
            "in AWS::EC2::Subnet cluster.resourcesVpcConfig.subnetIds",
            "uses AWS::EC2::SecurityGroup cluster.resourcesVpcConfig.securityGroupIds",
            "uses AWS::EC2::SecurityGroup cluster.resourcesVpcConfig.clusterSecurityGroupId",
            "encrypts-with AWS::KMS::Key cluster.encryptionConfig[].provider.keyArn",
            "runs-as AWS::IAM::Role cluster.roleArn",
        ),
    ),
)
