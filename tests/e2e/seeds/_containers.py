"""Containers, what runs them and where their images are: what a scan of them has to find."""

from __future__ import annotations

import json

from . import Made
from ._surroundings import TAG_LIST, TAGS, Around

_ECS_TAGS = [{"key": key, "value": value} for key, value in TAGS.items()]
_MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": 2,
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    },
    "layers": [],
}


def ecs(around: Around) -> Made:
    """Make a cluster with a service, a task and an instance."""
    ecs, ec2, scaling = (around.client(name) for name in ("ecs", "ec2", "autoscaling"))
    group = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupARN"]
    ecs.create_capacity_provider(
        name="own", autoScalingGroupProvider={"autoScalingGroupArn": group}, tags=_ECS_TAGS
    )
    cluster = ecs.create_cluster(
        clusterName="shop", capacityProviders=["own", "FARGATE"], tags=_ECS_TAGS
    )["cluster"]["clusterArn"]
    definitions = [
        ecs.register_task_definition(
            family="web",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE", "EC2"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "web", "image": "web", "memory": 64}],
            tags=_ECS_TAGS,
        )["taskDefinition"]["taskDefinitionArn"]
        for _ in range(2)
    ]
    network = {"awsvpcConfiguration": {"subnets": around.subnets, "securityGroups": [around.group]}}
    service = ecs.create_service(
        cluster="shop",
        serviceName="web",
        taskDefinition="web",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=network,
        loadBalancers=[
            {"targetGroupArn": around.target_group, "containerName": "web", "containerPort": 80}
        ],
        tags=_ECS_TAGS,
    )["service"]["serviceArn"]
    started = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    instance = ecs.register_container_instance(
        cluster="shop", instanceIdentityDocument=json.dumps({"instanceId": started})
    )["containerInstance"]["containerInstanceArn"]
    tasks = ecs.run_task(
        cluster="shop",
        taskDefinition="web",
        launchType="FARGATE",
        networkConfiguration=network,
        tags=_ECS_TAGS,
    )["tasks"]
    return {
        "AWS::ECS::Cluster": {cluster},
        "AWS::ECS::TaskDefinition": set(definitions),
        "AWS::ECS::Service": {service},
        "AWS::ECS::ContainerInstance": {instance},
        "AWS::ECS::Task": {task["taskArn"] for task in tasks},
    }


def eks(around: Around) -> Made:
    """Make a cluster with nodes of both kinds."""
    eks = around.client("eks")
    cluster = eks.create_cluster(
        name="platform",
        version="1.33",
        roleArn=around.role,
        resourcesVpcConfig={"subnetIds": around.subnets, "securityGroupIds": [around.group]},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": around.key}}],
        tags=TAGS,
    )["cluster"]["arn"]
    nodegroup = eks.create_nodegroup(
        clusterName="platform",
        nodegroupName="blue",
        nodeRole=around.role,
        subnets=around.subnets,
        remoteAccess={"ec2SshKey": "operators"},
        tags=TAGS,
    )["nodegroup"]["nodegroupArn"]
    profile = eks.create_fargate_profile(
        clusterName="platform",
        fargateProfileName="jobs",
        podExecutionRoleArn=around.role,
        subnets=around.subnets,
        selectors=[{"namespace": "jobs"}],
        tags=TAGS,
    )["fargateProfile"]["fargateProfileArn"]
    return {
        "AWS::EKS::Cluster": {cluster},
        "AWS::EKS::Nodegroup": {nodegroup},
        "AWS::EKS::FargateProfile": {profile},
    }


def registry(around: Around) -> Made:
    """Make a repository with an image."""
    ecr = around.client("ecr")
    repository = ecr.create_repository(
        repositoryName="shop/web",
        tags=TAG_LIST,
        encryptionConfiguration={"encryptionType": "KMS", "kmsKey": around.key},
    )["repository"]["repositoryArn"]
    image = ecr.put_image(
        repositoryName="shop/web", imageManifest=json.dumps(_MANIFEST), imageTag="v1"
    )["image"]["imageId"]["imageDigest"]
    return {
        "AWS::ECR::Repository": {repository},
        "AWS::ECR::Image": {f"{repository}/{image}"},
    }


def batch(around: Around) -> Made:
    """Make a queue, and the ECS cluster that Batch makes with its environment."""
    batch = around.client("batch")
    environment = batch.create_compute_environment(
        computeEnvironmentName="nightly",
        type="MANAGED",
        state="ENABLED",
        serviceRole=around.role,
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 4,
            "subnets": around.subnets,
            "securityGroupIds": [around.group],
        },
        tags=TAGS,
    )["computeEnvironmentArn"]
    queue = batch.create_job_queue(
        jobQueueName="nightly",
        state="ENABLED",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
        tags=TAGS,
    )["jobQueueArn"]
    definitions = {
        batch.register_job_definition(
            jobDefinitionName="report",
            type="container",
            containerProperties={
                "image": "report",
                "vcpus": 1,
                "memory": 128,
                "jobRoleArn": around.role,
                "command": ["report"],
                "environment": [{"name": "TOKEN", "value": "not-a-real-token"}],
            },
            tags=TAGS,
        )["jobDefinitionArn"]
        for _ in range(2)
    }
    own = batch.describe_compute_environments()["computeEnvironments"][0]["ecsClusterArn"]
    return {
        "AWS::ECS::Cluster": {own},
        "AWS::Batch::ComputeEnvironment": {environment},
        "AWS::Batch::JobQueue": {queue},
        "AWS::Batch::JobDefinition": definitions,
    }
