"""What software is made with: repositories, builds, pipelines and deployments.

Where a build's source is stays unsaid: the URL may have a password in it.
"""

from proxyd.plugin import batch, each, listing, pages, tagged

# Of an action's configuration, which is free-form, only what names a resource.
_ACTION = "pipeline.stages[].actions[].configuration"

# Of one region, or one for each of several.
_STORES = ("pipeline.artifactStore", "pipeline.artifactStores[*]")
_KEY = "encryptionKey.id"

_PAIRS = "loadBalancerInfo.targetGroupPairInfoList[]"

SCANNERS = (
    listing(
        "AWS::CodeArtifact::Domain",
        calls=pages("codeartifact", "ListDomains", "domains[]"),
        arn="arn",
        id="name",
        tags=tagged("codeartifact:domain"),
        properties="State=status, owner, createdTime",
        links="encrypts-with AWS::KMS::Key encryptionKey",
    ),
    listing(
        "AWS::CodeArtifact::Repository",
        calls=(
            pages("codeartifact", "ListRepositories", "repositories[]"),
            # Where its packages come from is in no list.
            each(
                "codeartifact",
                "DescribeRepository",
                domain="{domainName}",
                domainOwner="{domainOwner}",
                repository="{name}",
            ),
        ),
        arn="arn",
        id="name",
        tags=tagged("codeartifact:repository"),
        properties="description, domainName, domainOwner, administratorAccount, "
        "ExternalConnections=repository.externalConnections[].externalConnectionName, createdTime",
        links="in AWS::CodeArtifact::Domain domainName, "
        "routes-to AWS::CodeArtifact::Repository repository.upstreams[].repositoryName",
    ),
    listing(
        "AWS::CodeBuild::Project",
        calls=(
            pages("codebuild", "ListProjects", "projects[]"),
            batch("codebuild", "BatchGetProjects", "projects[]", size=100, names=["{@}"]),
        ),
        arn="arn",
        id="name",
        tags="tags",
        properties="description, SourceType=source.type, "
        "SecondarySourceTypes=secondarySources[].type, ArtifactsType=artifacts.type, "
        "CacheType=cache.type, projectVisibility, timeoutInMinutes, concurrentBuildLimit, "
        "created, lastModified",
        links=(
            "in AWS::EC2::VPC vpcConfig.vpcId, in AWS::EC2::Subnet vpcConfig.subnets",
            "uses AWS::EC2::SecurityGroup vpcConfig.securityGroupIds",
            "uses AWS::CodeCommit::Repository "
            "source.location ~ https://git-codecommit.*/v1/repos/(*)",
            "uses AWS::CodeCommit::Repository "
            "secondarySources[].location ~ https://git-codecommit.*/v1/repos/(*)",
            "uses AWS::S3::Bucket secondarySources[type=S3].location ~ (*)/*",
            "uses AWS::S3::Bucket cache.location ~ !*/*",
            "uses AWS::S3::Bucket cache.location ~ (*)/*",
            "uses AWS::EFS::FileSystem fileSystemLocations[].location ~ (fs-*).efs.*",
            "uses AWS::Logs::LogGroup logsConfig.cloudWatchLogs.groupName",
            "routes-to AWS::S3::Bucket logsConfig.s3Logs.location ~ !*/*",
            "routes-to AWS::S3::Bucket logsConfig.s3Logs.location ~ (*)/*",
            "uses AWS::CodeBuild::Fleet environment.fleet.fleetArn ~ arn:*",
            "uses AWS::SecretsManager::Secret "
            "environment.registryCredential.credential ~ arn:*:secretsmanager:*",
            "uses AWS::SecretsManager::Secret source.auth.resource ~ arn:*:secretsmanager:*",
            "uses AWS::CodeConnections::Connection source.auth.resource ~ arn:*:codeconnections:*",
            "uses AWS::CodeStarConnections::Connection "
            "source.auth.resource ~ arn:*:codestar-connections:*",
            "routes-to AWS::S3::Bucket artifacts.location",
            "routes-to AWS::S3::Bucket secondaryArtifacts[].location",
            "encrypts-with AWS::KMS::Alias encryptionKey ~ *alias/*",
            "encrypts-with AWS::KMS::Key encryptionKey ~ !*alias/*",
            "runs-as AWS::IAM::Role serviceRole",
            "runs-as AWS::IAM::Role buildBatchConfig.serviceRole",
            "runs-as AWS::IAM::Role resourceAccessRole",
        ),
    ),
    listing(
        "AWS::CodeBuild::ReportGroup",
        calls=(
            pages("codebuild", "ListReportGroups", "reportGroups[]"),
            batch(
                "codebuild",
                "BatchGetReportGroups",
                "reportGroups[]",
                size=100,
                reportGroupArns=["{@}"],
            ),
        ),
        arn="arn",
        id="name",
        tags="tags",
        properties="State=status, type, ExportConfigType=exportConfig.exportConfigType, created, "
        "lastModified",
        links=(
            "routes-to AWS::S3::Bucket exportConfig.s3Destination.bucket",
            "encrypts-with AWS::KMS::Alias exportConfig.s3Destination.encryptionKey ~ *alias/*",
            "encrypts-with AWS::KMS::Key exportConfig.s3Destination.encryptionKey ~ !*alias/*",
        ),
    ),
    listing(
        "AWS::CodeBuild::SourceCredential",
        calls=pages("codebuild", "ListSourceCredentials", "sourceCredentialsInfos[]"),
        arn="arn",
        name="serverType",
        tags=None,
        properties="serverType, authType",
        links=(
            "uses AWS::SecretsManager::Secret resource ~ arn:*:secretsmanager:*",
            "uses AWS::CodeConnections::Connection resource ~ arn:*:codeconnections:*",
            "uses AWS::CodeStarConnections::Connection resource ~ arn:*:codestar-connections:*",
        ),
    ),
    listing(
        "AWS::CodeCommit::Repository",
        calls=(
            pages("codecommit", "ListRepositories", "repositories[]"),
            batch(
                "codecommit",
                "BatchGetRepositories",
                "repositories[]",
                size=100,
                repositoryNames=["{repositoryName}"],
            ),
        ),
        arn="Arn",
        id="repositoryName",
        tags=tagged("codecommit"),
        properties="repositoryDescription, repositoryId, defaultBranch, cloneUrlHttp, "
        "cloneUrlSsh, creationDate, lastModifiedDate",
        links="encrypts-with AWS::KMS::Key kmsKeyId",
    ),
    listing(
        "AWS::CodeDeploy::Application",
        calls=(
            pages("codedeploy", "ListApplications", "applications[]"),
            batch(
                "codedeploy",
                "BatchGetApplications",
                "applicationsInfo[]",
                size=100,
                applicationNames=["{@}"],
            ),
        ),
        arn="arn:{partition}:codedeploy:{region}:{account}:application:{applicationName}",
        id="applicationName",
        tags=tagged("codedeploy:application"),
        properties="applicationId, computePlatform, linkedToGitHub, createTime",
    ),
    listing(
        "AWS::CodeDeploy::DeploymentGroup",
        calls=(
            pages("codedeploy", "ListApplications", "applications[]"),
            each("codedeploy", "ListDeploymentGroups", "deploymentGroups[]", applicationName="{@}"),
            batch(
                "codedeploy",
                "BatchGetDeploymentGroups",
                "deploymentGroupsInfo[]",
                size=100,
                applicationName="{^.@}",
                deploymentGroupNames=["{@}"],
            ),
        ),
        arn="arn:{partition}:codedeploy:{region}:{account}"
        ":deploymentgroup:{applicationName}/{deploymentGroupName}",
        id="deploymentGroupName",
        tags=tagged("codedeploy:deploymentgroup"),
        properties="applicationName, computePlatform, deploymentConfigName, "
        "DeploymentType=deploymentStyle.deploymentType, "
        "DeploymentOption=deploymentStyle.deploymentOption, "
        "AutoRollbackEvents=autoRollbackConfiguration.events, "
        "LastAttemptedStatus=lastAttemptedDeployment.status, "
        "LastAttemptedTime=lastAttemptedDeployment.createTime",
        links=(
            "member-of AWS::CodeDeploy::Application applicationName",
            "uses AWS::CodeDeploy::DeploymentConfig deploymentConfigName ~ !CodeDeployDefault.*",
            "uses AWS::CloudWatch::Alarm alarmConfiguration.alarms[].name",
            "uses AWS::S3::Bucket targetRevision.s3Location.bucket",
            "routes-to AWS::AutoScaling::AutoScalingGroup autoScalingGroups[].name",
            "routes-to AWS::ECS::Service ecsServices[].serviceName",
            "routes-to AWS::ECS::Cluster ecsServices[].clusterName",
            "uses AWS::ElasticLoadBalancing::LoadBalancer loadBalancerInfo.elbInfoList[].name",
            "uses AWS::ElasticLoadBalancingV2::TargetGroup "
            "loadBalancerInfo.targetGroupInfoList[].name",
            f"uses AWS::ElasticLoadBalancingV2::TargetGroup {_PAIRS}.targetGroups[].name",
            f"uses AWS::ElasticLoadBalancingV2::Listener {_PAIRS}.prodTrafficRoute.listenerArns[]",
            f"uses AWS::ElasticLoadBalancingV2::Listener {_PAIRS}.testTrafficRoute.listenerArns[]",
            "triggers AWS::SNS::Topic triggerConfigurations[].triggerTargetArn",
            "runs-as AWS::IAM::Role serviceRoleArn",
        ),
    ),
    listing(
        "AWS::CodeDeploy::DeploymentConfig",
        calls=(
            pages("codedeploy", "ListDeploymentConfigs", "deploymentConfigsList[]"),
            each("codedeploy", "GetDeploymentConfig", deploymentConfigName="{@}"),
        ),
        arn="arn:{partition}:codedeploy:{region}:{account}:deploymentconfig:{@}",
        id="@",
        tags=None,
        properties="ComputePlatform=deploymentConfigInfo.computePlatform, "
        "MinimumHealthyHostsType=deploymentConfigInfo.minimumHealthyHosts.type, "
        "MinimumHealthyHosts=deploymentConfigInfo.minimumHealthyHosts.value, "
        "TrafficRoutingType=deploymentConfigInfo.trafficRoutingConfig.type, "
        "CreateTime=deploymentConfigInfo.createTime",
        drop=("@", "CodeDeployDefault.*"),
    ),
    listing(
        "AWS::CodePipeline::Pipeline",
        calls=(
            pages("codepipeline", "ListPipelines", "pipelines[]"),
            # A pipeline is what its stages do, and the list has only names.
            each("codepipeline", "GetPipeline", name="{name}"),
        ),
        arn="arn:{partition}:codepipeline:{region}:{account}:{name}",
        id="name",
        tags=tagged("codepipeline"),
        properties="pipelineType, executionMode, version, Stages=pipeline.stages[].name, "
        "Providers=pipeline.stages[].actions[].actionTypeId.provider, created, updated",
        links=(
            f"uses AWS::CodeConnections::Connection {_ACTION}.ConnectionArn "
            "~ arn:*:codeconnections:*",
            f"uses AWS::CodeStarConnections::Connection {_ACTION}.ConnectionArn "
            "~ arn:*:codestar-connections:*",
            f"uses AWS::S3::Bucket {_ACTION}.S3Bucket",
            f"runs AWS::CodeBuild::Project {_ACTION}.ProjectName",
            f"runs AWS::CodeDeploy::DeploymentGroup {_ACTION}.DeploymentGroupName",
            f"runs AWS::Lambda::Function {_ACTION}.FunctionName",
            f"runs AWS::StepFunctions::StateMachine {_ACTION}.StateMachineArn",
            f"routes-to AWS::CloudFormation::Stack {_ACTION}.StackName",
            f"routes-to AWS::CloudFormation::StackSet {_ACTION}.StackSetName",
            f"routes-to AWS::ECS::Cluster {_ACTION}.ClusterName",
            f"routes-to AWS::ECS::Service {_ACTION}.ServiceName",
            f"routes-to AWS::ElasticBeanstalk::Environment {_ACTION}.EnvironmentName",
            f"routes-to AWS::S3::Bucket {_ACTION}.BucketName",
            *(f"uses AWS::S3::Bucket {store}.location" for store in _STORES),
            *(f"encrypts-with AWS::KMS::Alias {store}.{_KEY} ~ *alias/*" for store in _STORES),
            *(f"encrypts-with AWS::KMS::Key {store}.{_KEY} ~ !*alias/*" for store in _STORES),
            "runs-as AWS::IAM::Role pipeline.roleArn",
            "runs-as AWS::IAM::Role pipeline.stages[].actions[].roleArn",
        ),
    ),
    # Nothing of its URL: who knows it may call it.
    listing(
        "AWS::CodePipeline::Webhook",
        calls=pages("codepipeline", "ListWebhooks", "webhooks[]"),
        arn="arn",
        id="definition.name",
        tags="tags",
        properties="TargetAction=definition.targetAction, "
        "Authentication=definition.authentication, errorCode",
        links="triggers AWS::CodePipeline::Pipeline definition.targetPipeline",
    ),
    listing(
        "AWS::DeviceFarm::Project",
        calls=pages("devicefarm", "ListProjects", "projects[]"),
        arn="arn",
        name="name",
        tags=tagged("devicefarm:project"),
        properties="defaultJobTimeoutMinutes, created",
        links="in AWS::EC2::VPC vpcConfig.vpcId, in AWS::EC2::Subnet vpcConfig.subnetIds, "
        "uses AWS::EC2::SecurityGroup vpcConfig.securityGroupIds",
    ),
)
