"""What runs in steps or at set times: state machines, Airflow, flows between applications."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::StepFunctions::StateMachine",
        calls=(
            pages("stepfunctions", "ListStateMachines", "stateMachines[]"),
            each(
                "stepfunctions",
                "DescribeStateMachine",
                into="Detail",
                stateMachineArn="{stateMachineArn}",
                # Without the definition, and so without the right to decrypt it.
                includedData="METADATA_ONLY",
            ),
        ),
        arn="stateMachineArn",
        name="name",
        tags=tagged("states:stateMachine"),
        properties="State=Detail.status, type, LogLevel=Detail.loggingConfiguration.level, "
        "TracingEnabled=Detail.tracingConfiguration.enabled, revisionId=Detail.revisionId, "
        "EncryptionType=Detail.encryptionConfiguration.type, creationDate",
        links=(
            "runs-as AWS::IAM::Role Detail.roleArn",
            "encrypts-with AWS::KMS::Alias Detail.encryptionConfiguration.kmsKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key Detail.encryptionConfiguration.kmsKeyId ~ !*alias/*",
            "uses AWS::Logs::LogGroup "
            "Detail.loggingConfiguration.destinations[].cloudWatchLogsLogGroup.logGroupArn "
            "~ (arn:*:log-group:*):*",
        ),
    ),
    listing(
        "AWS::StepFunctions::Activity",
        calls=pages("stepfunctions", "ListActivities", "activities[]"),
        arn="activityArn",
        name="name",
        tags=tagged("states:activity"),
        properties="creationDate",
    ),
    listing(
        "AWS::MWAA::Environment",
        calls=(
            pages("mwaa", "ListEnvironments", "Environments[]"),
            each("mwaa", "GetEnvironment", Name="{@}"),
        ),
        arn="arn:{partition}:airflow:{region}:{account}:environment/{@}",
        name="@",
        tags="Environment.Tags",
        properties="State=Environment.Status, AirflowVersion=Environment.AirflowVersion, "
        "EnvironmentClass=Environment.EnvironmentClass, MinWorkers=Environment.MinWorkers, "
        "MaxWorkers=Environment.MaxWorkers, Schedulers=Environment.Schedulers, "
        "WebserverAccessMode=Environment.WebserverAccessMode, "
        "WebserverUrl=Environment.WebserverUrl, LastUpdateStatus=Environment.LastUpdate.Status, "
        "CreatedAt=Environment.CreatedAt",
        links=(
            "in AWS::EC2::Subnet Environment.NetworkConfiguration.SubnetIds",
            "uses AWS::EC2::SecurityGroup Environment.NetworkConfiguration.SecurityGroupIds",
            "uses AWS::S3::Bucket Environment.SourceBucketArn",
            *(
                f"uses AWS::Logs::LogGroup Environment.LoggingConfiguration.{part}Logs"
                f".CloudWatchLogGroupArn ~ {glob}"
                for part in ("DagProcessing", "Scheduler", "Task", "Webserver", "Worker")
                for glob in ("arn:*:log-group:*[!*]", "(arn:*:log-group:*):[*]")
            ),
            "encrypts-with AWS::KMS::Key Environment.KmsKey",
            "runs-as AWS::IAM::Role Environment.ExecutionRoleArn",
        ),
    ),
    listing(
        "AWS::AppFlow::Flow",
        calls=(
            pages("appflow", "ListFlows", "flows[]"),
            # From what to what a flow goes is all there is to it.
            each("appflow", "DescribeFlow", into="Detail", flowName="{flowName}"),
        ),
        arn="flowArn",
        name="flowName",
        tags="tags",
        properties="State=flowStatus, description, sourceConnectorType, "
        "destinationConnectorType, triggerType, "
        "scheduleExpression=Detail.triggerConfig.triggerProperties.Scheduled.scheduleExpression, "
        "createdAt, lastUpdatedAt",
        links=(
            "uses AWS::AppFlow::ConnectorProfile Detail.sourceFlowConfig.connectorProfileName",
            "uses AWS::AppFlow::ConnectorProfile "
            "Detail.destinationFlowConfigList[].connectorProfileName",
            "uses AWS::S3::Bucket Detail.sourceFlowConfig.sourceConnectorProperties.S3.bucketName",
            "routes-to AWS::S3::Bucket "
            "Detail.destinationFlowConfigList[].destinationConnectorProperties.S3.bucketName",
            "routes-to AWS::CustomerProfiles::Domain "
            "Detail.destinationFlowConfigList[].destinationConnectorProperties"
            ".CustomerProfiles.domainName",
            "encrypts-with AWS::KMS::Key Detail.kmsArn",
        ),
    ),
)
