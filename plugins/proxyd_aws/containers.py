"""Container clusters, what runs in them, and where its images are kept."""

from proxyd.plugin import batch, each, listing, pages, tagged

_ECS_CLUSTERS = pages("ecs", "ListClusters", "clusterArns[]")
_EKS_CLUSTERS = pages("eks", "ListClusters", "clusters[]")

SCANNERS = (
    listing(
        "AWS::ECS::Cluster",
        calls=(
            _ECS_CLUSTERS,
            batch(
                "ecs",
                "DescribeClusters",
                "clusters[]",
                size=100,
                clusters=["{@}"],
                include=["TAGS", "CONFIGURATIONS"],
            ),
        ),
        arn="clusterArn",
        name="clusterName",
        tags="tags",
        properties="State=status, activeServicesCount, "
        "registeredContainerInstancesCount, capacityProviders",
        links=(
            "uses AWS::ECS::CapacityProvider capacityProviders ~ !FARGATE*",
            "encrypts-with AWS::KMS::Key configuration.managedStorageConfiguration.kmsKeyId",
            "encrypts-with AWS::KMS::Key configuration.executeCommandConfiguration.kmsKeyId",
        ),
    ),
    listing(
        "AWS::ECS::Service",
        calls=(
            _ECS_CLUSTERS,
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
        properties="State=status, desiredCount, runningCount, launchType, "
        "schedulingStrategy, platformVersion, RolloutStates=deployments[].rolloutState, "
        "enableExecuteCommand, "
        "AssignPublicIp=networkConfiguration.awsvpcConfiguration.assignPublicIp, createdAt",
        links=(
            "in AWS::ECS::Cluster clusterArn",
            "in AWS::EC2::Subnet networkConfiguration.awsvpcConfiguration.subnets",
            "uses AWS::EC2::SecurityGroup networkConfiguration.awsvpcConfiguration.securityGroups",
            "uses AWS::ECS::CapacityProvider "
            "capacityProviderStrategy[].capacityProvider ~ !FARGATE*",
            "runs AWS::ECS::TaskDefinition taskDefinition",
            "attached-to AWS::ElasticLoadBalancingV2::TargetGroup loadBalancers[].targetGroupArn",
            "attached-to AWS::ElasticLoadBalancingV2::TargetGroup "
            "loadBalancers[].advancedConfiguration.alternateTargetGroupArn",
            "attached-to AWS::ElasticLoadBalancing::LoadBalancer loadBalancers[].loadBalancerName",
            "attached-to AWS::ServiceDiscovery::Service serviceRegistries[].registryArn",
            "runs-as AWS::IAM::Role roleArn",
        ),
    ),
    # The list has all that is harmless in one: to describe it is to read its environment.
    listing(
        "AWS::ECS::TaskDefinition",
        calls=pages("ecs", "ListTaskDefinitions", "taskDefinitionArns[]", status="ACTIVE"),
        arn="@",
        id="@/",
        tags=tagged("ecs:task-definition"),
        properties="Family=@ ~ arn:*:ecs:*:*:task-definition/(*):*, Revision=@:",
    ),
    listing(
        "AWS::ECS::Task",
        calls=(
            _ECS_CLUSTERS,
            each("ecs", "ListTasks", "taskArns[]", cluster="{@}", desiredStatus="RUNNING"),
            batch(
                "ecs",
                "DescribeTasks",
                "tasks[]",
                size=100,
                cluster="{^.@}",
                tasks=["{@}"],
                include=["TAGS"],
            ),
        ),
        arn="taskArn",
        name="group:",
        tags="tags",
        properties="State=lastStatus, healthStatus, group, launchType, cpu, memory, "
        "platformVersion, availabilityZone, enableExecuteCommand, "
        "PrivateIps=containers[].networkInterfaces[].privateIpv4Address, createdAt, startedAt",
        links=(
            "in AWS::ECS::Cluster clusterArn",
            "member-of AWS::ECS::Service group ~ service:(*)",
            "in AWS::EC2::Subnet attachments[].details[].value ~ subnet-*",
            "uses AWS::EC2::NetworkInterface attachments[].details[].value ~ eni-*",
            "uses AWS::ECS::ContainerInstance containerInstanceArn",
            "uses AWS::ECS::CapacityProvider capacityProviderName ~ !FARGATE*",
            "runs AWS::ECS::TaskDefinition taskDefinitionArn",
            "runs AWS::ECR::Image containers[].imageDigest",
        ),
    ),
    listing(
        "AWS::ECS::ContainerInstance",
        calls=(
            _ECS_CLUSTERS,
            each("ecs", "ListContainerInstances", "containerInstanceArns[]", cluster="{@}"),
            batch(
                "ecs",
                "DescribeContainerInstances",
                "containerInstances[]",
                size=100,
                cluster="{^.@}",
                containerInstances=["{@}"],
                include=["TAGS"],
            ),
        ),
        arn="containerInstanceArn",
        name="ec2InstanceId",
        tags="tags",
        properties="State=status, agentConnected, agentUpdateStatus, "
        "AgentVersion=versionInfo.agentVersion, DockerVersion=versionInfo.dockerVersion, "
        "ec2InstanceId, capacityProviderName, registeredAt",
        links=(
            "in AWS::ECS::Cluster ^.@, attached-to AWS::EC2::Instance ec2InstanceId ~ i-*",
            "member-of AWS::ECS::CapacityProvider capacityProviderName",
        ),
    ),
    listing(
        "AWS::ECS::CapacityProvider",
        calls=pages("ecs", "DescribeCapacityProviders", "capacityProviders[]", include=["TAGS"]),
        arn="capacityProviderArn",
        name="name",
        tags="tags",
        properties="State=status, updateStatus, type, "
        "managedScaling=autoScalingGroupProvider.managedScaling.status, "
        "targetCapacity=autoScalingGroupProvider.managedScaling.targetCapacity, "
        "managedTerminationProtection=autoScalingGroupProvider.managedTerminationProtection, "
        "managedDraining=autoScalingGroupProvider.managedDraining",
        links=(
            "in AWS::ECS::Cluster cluster",
            "in AWS::EC2::Subnet "
            "managedInstancesProvider.instanceLaunchTemplate.networkConfiguration.subnets",
            "uses AWS::AutoScaling::AutoScalingGroup autoScalingGroupProvider.autoScalingGroupArn",
            "uses AWS::EC2::SecurityGroup "
            "managedInstancesProvider.instanceLaunchTemplate.networkConfiguration.securityGroups",
            "uses AWS::IAM::InstanceProfile "
            "managedInstancesProvider.instanceLaunchTemplate.ec2InstanceProfileArn",
            "runs-as AWS::IAM::Role managedInstancesProvider.infrastructureRoleArn",
        ),
        # Every account has these two, of AWS's own.
        drop=("name", "FARGATE", "FARGATE_SPOT"),
    ),
    listing(
        "AWS::EKS::Cluster",
        calls=(_EKS_CLUSTERS, each("eks", "DescribeCluster", name="{@}")),
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
            "uses AWS::IAM::Role cluster.computeConfig.nodeRoleArn",
            # What its pods take roles by has the last piece of the issuer in its ARN.
            "uses AWS::IAM::OIDCProvider cluster.identity.oidc.issuer/",
            "encrypts-with AWS::KMS::Key cluster.encryptionConfig[].provider.keyArn",
            "runs-as AWS::IAM::Role cluster.roleArn",
        ),
    ),
    # What is in a cluster has a random piece in its ARN, which no list tells: hence `always`.
    listing(
        "AWS::EKS::Nodegroup",
        calls=(
            _EKS_CLUSTERS,
            each("eks", "ListNodegroups", "nodegroups[]", clusterName="{@}"),
            each("eks", "DescribeNodegroup", always=True, clusterName="{^.@}", nodegroupName="{@}"),
        ),
        arn="nodegroup.nodegroupArn",
        id="@",
        tags="nodegroup.tags",
        properties="State=nodegroup.status, version=nodegroup.version, "
        "releaseVersion=nodegroup.releaseVersion, amiType=nodegroup.amiType, "
        "capacityType=nodegroup.capacityType, instanceTypes=nodegroup.instanceTypes, "
        "minSize=nodegroup.scalingConfig.minSize, maxSize=nodegroup.scalingConfig.maxSize, "
        "desiredSize=nodegroup.scalingConfig.desiredSize, "
        "healthIssues=nodegroup.health.issues[].code, createdAt=nodegroup.createdAt",
        links=(
            "in AWS::EKS::Cluster nodegroup.clusterName",
            "in AWS::EC2::Subnet nodegroup.subnets",
            "uses AWS::AutoScaling::AutoScalingGroup nodegroup.resources.autoScalingGroups[].name",
            "uses AWS::EC2::LaunchTemplate nodegroup.launchTemplate.id",
            "uses AWS::EC2::SecurityGroup nodegroup.resources.remoteAccessSecurityGroup",
            "uses AWS::EC2::KeyPair nodegroup.remoteAccess.ec2SshKey",
            "runs-as AWS::IAM::Role nodegroup.nodeRole",
        ),
    ),
    listing(
        "AWS::EKS::FargateProfile",
        calls=(
            _EKS_CLUSTERS,
            each("eks", "ListFargateProfiles", "fargateProfileNames[]", clusterName="{@}"),
            each(
                "eks",
                "DescribeFargateProfile",
                always=True,
                clusterName="{^.@}",
                fargateProfileName="{@}",
            ),
        ),
        arn="fargateProfile.fargateProfileArn",
        id="@",
        tags="fargateProfile.tags",
        properties="State=fargateProfile.status, "
        "namespaces=fargateProfile.selectors[].namespace, "
        "healthIssues=fargateProfile.health.issues[].code, createdAt=fargateProfile.createdAt",
        links=(
            "in AWS::EKS::Cluster fargateProfile.clusterName",
            "in AWS::EC2::Subnet fargateProfile.subnets",
            "runs-as AWS::IAM::Role fargateProfile.podExecutionRoleArn",
        ),
    ),
    listing(
        "AWS::EKS::Addon",
        calls=(
            _EKS_CLUSTERS,
            each("eks", "ListAddons", "addons[]", clusterName="{@}"),
            each("eks", "DescribeAddon", always=True, clusterName="{^.@}", addonName="{@}"),
        ),
        arn="addon.addonArn",
        id="@",
        tags="addon.tags",
        properties="State=addon.status, addonVersion=addon.addonVersion, "
        "owner=addon.owner, "
        "namespace=addon.namespaceConfig.namespace, healthIssues=addon.health.issues[].code, "
        "createdAt=addon.createdAt, modifiedAt=addon.modifiedAt",
        links=(
            "in AWS::EKS::Cluster addon.clusterName",
            "uses AWS::EKS::PodIdentityAssociation addon.podIdentityAssociations",
            "runs-as AWS::IAM::Role addon.serviceAccountRoleArn",
        ),
    ),
    listing(
        "AWS::ECR::Repository",
        calls=pages("ecr", "DescribeRepositories", "repositories[]"),
        arn="repositoryArn",
        id="repositoryName",
        tags=tagged("ecr:repository"),
        properties="repositoryUri, imageTagMutability, "
        "scanOnPush=imageScanningConfiguration.scanOnPush, "
        "encryptionType=encryptionConfiguration.encryptionType, createdAt",
        links="encrypts-with AWS::KMS::Key encryptionConfiguration.kmsKey",
    ),
    # AWS gives it no ARN of its own; this is how its image scanner names it.
    listing(
        "AWS::ECR::Image",
        calls=(
            pages("ecr", "DescribeRepositories", "repositories[]"),
            each("ecr", "DescribeImages", "imageDetails[]", repositoryName="{repositoryName}"),
        ),
        arn="{^.repositoryArn}/{imageDigest}",
        id="imageDigest",
        name="repositoryName",
        tags=None,
        properties="imageTags, imageSizeInBytes, imageManifestMediaType, artifactMediaType, "
        "scanStatus=imageScanStatus.status, imagePushedAt",
        links="member-of AWS::ECR::Repository ^.repositoryArn",
    ),
    # Served for the whole world, and in us-east-1 only.
    listing(
        "AWS::ECR::PublicRepository",
        calls=pages("ecr-public", "DescribeRepositories", "repositories[]"),
        scope="global",
        arn="repositoryArn",
        id="repositoryName",
        tags=tagged("ecr-public:repository"),
        properties="repositoryUri, createdAt",
    ),
)
