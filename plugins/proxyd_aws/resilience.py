"""Whether things withstand failure, and the experiments that find out."""

from proxyd.plugin import each, listing, pages, tagged

_TARGETS = "experimentTemplate.targets[*].resourceArns[]"

SCANNERS = (
    listing(
        "AWS::ResilienceHub::App",
        calls=(
            pages("resiliencehub", "ListApps", "appSummaries[]"),
            # The policy that it is measured against is told nowhere else.
            each("resiliencehub", "DescribeApp", appArn="{appArn}"),
        ),
        arn="appArn",
        name="name",
        tags=tagged("resiliencehub:app"),
        properties="State=status, complianceStatus, driftStatus, assessmentSchedule, "
        "resiliencyScore, rtoInSecs, rpoInSecs, description, creationTime",
        links="uses AWS::ResilienceHub::ResiliencyPolicy app.policyArn, "
        "attached-to AWS::ServiceCatalogAppRegistry::Application awsApplicationArn",
    ),
    listing(
        "AWS::ResilienceHub::ResiliencyPolicy",
        calls=pages("resiliencehub", "ListResiliencyPolicies", "resiliencyPolicies[]"),
        arn="policyArn",
        name="policyName",
        tags=tagged("resiliencehub:resiliency-policy"),
        properties="tier, estimatedCostTier, dataLocationConstraint, policyDescription, "
        "creationTime",
    ),
    listing(
        "AWS::FIS::ExperimentTemplate",
        calls=(
            pages("fis", "ListExperimentTemplates", "experimentTemplates[]"),
            # As whom it acts, and what stops it, the list leaves out.
            each("fis", "GetExperimentTemplate", id="{id}"),
        ),
        arn="arn",
        tags="tags",
        properties="description, "
        "accountTargeting=experimentTemplate.experimentOptions.accountTargeting, "
        "stopConditions=experimentTemplate.stopConditions[].source, creationTime, lastUpdateTime",
        links=(
            "runs-as AWS::IAM::Role experimentTemplate.roleArn",
            "uses AWS::CloudWatch::Alarm experimentTemplate.stopConditions[].value "
            "~ arn:*:cloudwatch:*",
            "uses AWS::Logs::LogGroup experimentTemplate.logConfiguration"
            ".cloudWatchLogsConfiguration.logGroupArn ~ (arn:*:log-group:*):*",
            f"attached-to AWS::AutoScaling::AutoScalingGroup {_TARGETS} ~ arn:*:autoscaling:*",
            f"attached-to AWS::DynamoDB::Table {_TARGETS} ~ arn:*:dynamodb:*:table/*",
            f"attached-to AWS::EC2::Instance {_TARGETS} ~ arn:*:ec2:*:instance/*",
            f"attached-to AWS::EC2::Subnet {_TARGETS} ~ arn:*:ec2:*:subnet/*",
            f"attached-to AWS::EC2::TransitGateway {_TARGETS} ~ arn:*:ec2:*:transit-gateway/*",
            f"attached-to AWS::EC2::Volume {_TARGETS} ~ arn:*:ec2:*:volume/*",
            f"attached-to AWS::ECS::Cluster {_TARGETS} ~ arn:*:ecs:*:cluster/*",
            f"attached-to AWS::ECS::Task {_TARGETS} ~ arn:*:ecs:*:task/*",
            f"attached-to AWS::EKS::Cluster {_TARGETS} ~ arn:*:eks:*:cluster/*",
            f"attached-to AWS::EKS::Nodegroup {_TARGETS} ~ arn:*:eks:*:nodegroup/*",
            f"attached-to AWS::ElastiCache::ReplicationGroup {_TARGETS} ~ arn:*:elasticache:*",
            f"attached-to AWS::IAM::Role {_TARGETS} ~ arn:*:iam:*:role/*",
            f"attached-to AWS::Lambda::Function {_TARGETS} ~ arn:*:lambda:*",
            f"attached-to AWS::RDS::DBCluster {_TARGETS} ~ arn:*:rds:*:cluster:*",
            f"attached-to AWS::RDS::DBInstance {_TARGETS} ~ arn:*:rds:*:db:*",
            f"attached-to AWS::S3::Bucket {_TARGETS} ~ arn:*:s3:::*",
        ),
    ),
)
