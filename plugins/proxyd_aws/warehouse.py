"""Data warehouses: Redshift, with clusters and without."""

from proxyd.plugin import listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::Redshift::Cluster",
        calls=pages("redshift", "DescribeClusters", "Clusters[]"),
        arn="arn:{partition}:redshift:{region}:{account}:cluster:{ClusterIdentifier}",
        name="ClusterIdentifier",
        properties="State=ClusterStatus, NodeType, NumberOfNodes, ClusterVersion, DBName, "
        "Address=Endpoint.Address, Port=Endpoint.Port, AvailabilityZone, MultiAZ, Encrypted, "
        "PubliclyAccessible, EnhancedVpcRouting, ClusterCreateTime",
        links=(
            "in AWS::EC2::VPC VpcId",
            "uses AWS::Redshift::ClusterSubnetGroup ClusterSubnetGroupName",
            "uses AWS::Redshift::ClusterParameterGroup "
            "ClusterParameterGroups[].ParameterGroupName ~ !default.*",
            "uses AWS::EC2::SecurityGroup VpcSecurityGroups[].VpcSecurityGroupId",
            "uses AWS::EC2::VPCEndpoint Endpoint.VpcEndpoints[].VpcEndpointId",
            "uses AWS::SecretsManager::Secret MasterPasswordSecretArn",
            "uses AWS::CertificateManager::Certificate CustomDomainCertificateArn",
            "encrypts-with AWS::KMS::Key KmsKeyId",
            "runs-as AWS::IAM::Role IamRoles[].IamRoleArn",
        ),
    ),
    listing(
        "AWS::Redshift::Snapshot",
        calls=pages("redshift", "DescribeClusterSnapshots", "Snapshots[]"),
        arn="arn:{partition}:redshift:{region}:{account}:snapshot:"
        "{ClusterIdentifier}/{SnapshotIdentifier}",
        id="SnapshotIdentifier",
        properties="State=Status, SnapshotType, NodeType, NumberOfNodes, ClusterVersion, DBName, "
        "Encrypted, ManualSnapshotRetentionPeriod, SourceRegion, SnapshotCreateTime",
        links=(
            "member-of AWS::Redshift::Cluster ClusterIdentifier, in AWS::EC2::VPC VpcId",
            "uses AWS::SecretsManager::Secret MasterPasswordSecretArn",
            "encrypts-with AWS::KMS::Key KmsKeyId",
        ),
    ),
    listing(
        "AWS::Redshift::EventSubscription",
        calls=pages("redshift", "DescribeEventSubscriptions", "EventSubscriptionsList[]"),
        arn="arn:{partition}:redshift:{region}:{account}:eventsubscription:{CustSubscriptionId}",
        name="CustSubscriptionId",
        properties="State=Status, Enabled, SourceType, SourceIdsList, EventCategoriesList, "
        "Severity, SubscriptionCreationTime",
        links="triggers AWS::SNS::Topic SnsTopicArn",
    ),
    listing(
        "AWS::RedshiftServerless::Namespace",
        calls=pages("redshift-serverless", "ListNamespaces", "namespaces[]"),
        arn="namespaceArn",
        # Workgroups name it so.
        id="namespaceName",
        tags=tagged("redshift-serverless:namespace"),
        properties="State=status, namespaceId, dbName, logExports, creationDate",
        links=(
            "uses AWS::SecretsManager::Secret adminPasswordSecretArn",
            # Or AWS_OWNED_KMS_KEY, which is nobody's.
            "encrypts-with AWS::KMS::Key kmsKeyId ~ !AWS_OWNED*",
            # Redshift gives an ARN, or `IamRole(applyStatus=in-sync, iamRoleArn=arn:...)`.
            "runs-as AWS::IAM::Role iamRoles ~ arn:*",
            "runs-as AWS::IAM::Role iamRoles ~ *iamRoleArn=(arn:*)?",
        ),
    ),
    listing(
        "AWS::RedshiftServerless::Workgroup",
        calls=pages("redshift-serverless", "ListWorkgroups", "workgroups[]"),
        arn="workgroupArn",
        id="workgroupName",
        tags=tagged("redshift-serverless:workgroup"),
        properties="State=status, workgroupId, baseCapacity, maxCapacity, "
        "address=endpoint.address, port=endpoint.port, publiclyAccessible, enhancedVpcRouting, "
        "workgroupVersion, creationDate",
        links=(
            "member-of AWS::RedshiftServerless::Namespace namespaceName",
            "in AWS::EC2::VPC endpoint.vpcEndpoints[].vpcId, in AWS::EC2::Subnet subnetIds",
            "uses AWS::EC2::SecurityGroup securityGroupIds",
            "uses AWS::EC2::VPCEndpoint endpoint.vpcEndpoints[].vpcEndpointId",
            "uses AWS::CertificateManager::Certificate customDomainCertificateArn",
        ),
    ),
)
