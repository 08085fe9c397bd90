"""What the proofs would complain about and should not, each with the reason.

A proof fails too where an entry is not needed any more.
"""

TYPES = {
    "AWS::DocDB::DBClusterSnapshot": "CloudFormation knows those of RDS only",
    "AWS::EC2::AvailabilityZone": "nobody makes zones, and networks are drawn in them",
    "AWS::EC2::Image": "CloudFormation can not make images, everybody has them",
    "AWS::EC2::ReservedInstance": "CloudFormation can not buy them, and everybody looks for them",
    "AWS::EC2::Snapshot": "CloudFormation can not make snapshots, everybody has them",
    "AWS::ECR::Image": "CloudFormation can not push images, everybody has them",
    "AWS::ECS::ContainerInstance": "they register themselves with their cluster",
    "AWS::ECS::Task": "CloudFormation makes the services that start them",
    "AWS::Glacier::Vault": "CloudFormation never had them, and they are still there",
    "AWS::Neptune::DBClusterSnapshot": "CloudFormation knows those of RDS only",
}
"""Types that CloudFormation's registry does not have → why they are listed nevertheless."""

LISTS: dict[str, str] = {
    "AWS::CloudFormation::Stack": "ListStacks tells neither tags nor roles, and what is deleted",
    "AWS::Config::ConfigurationRecorder": "this tells whether it records",
    "AWS::Config::ConformancePack": "this tells the state as well",
    "AWS::DynamoDB::GlobalTable": "since 2019 they are tables, these are those from before",
    "AWS::EC2::TransitGatewayAttachment": "CloudFormation lists those of VPCs, this lists all",
    "AWS::GameLift::Fleet": "ListFleets gives ids, and this gives all fleets at once",
    "AWS::Glue::Crawler": "GetCrawlers lists and describes in one call",
    "AWS::Glue::Job": "GetJobs lists and describes in one call",
    "AWS::Glue::Trigger": "GetTriggers lists and describes in one call",
    "AWS::IAM::Group": "one call tells the policies of a hundred as well",
    "AWS::IAM::Role": "one call tells the tags and policies of a hundred as well",
    "AWS::IAM::User": "one call tells the tags, groups and policies of a hundred as well",
    "AWS::MSK::Cluster": "the newer call tells provisioned clusters from serverless ones",
    "AWS::Organizations::Account": "this tells what unit an account is in",
}
"""Types that are listed by another action than CloudFormation's own list handler → why."""

_NONE = "AWS has no ARN for it: this one is made in the style of its neighbours'"

ARNS = {
    "AWS::ApiGateway::Authorizer": "the reference has that of an HTTP API's authorizer only",
    "AWS::ApiGateway::Deployment": "the reference has that of an HTTP API's deployment only",
    "AWS::AppConfig::HostedConfigurationVersion": _NONE,
    "AWS::AppStream::DirectoryConfig": _NONE,
    "AWS::Athena::NamedQuery": _NONE,
    "AWS::AutoScaling::LifecycleHook": _NONE,
    "AWS::CloudFormation::StackSet": "StackSetId is the name and the id, with a colon in between",
    "AWS::CloudFront::PublicKey": _NONE,
    "AWS::Config::DeliveryChannel": _NONE,
    "AWS::DAX::ParameterGroup": _NONE,
    "AWS::DAX::SubnetGroup": _NONE,
    "AWS::EC2::AvailabilityZone": _NONE,
    "AWS::ECR::Image": "its repository's ARN and its digest, as Inspector names it",
    "AWS::EFS::MountTarget": _NONE,
    "AWS::EMR::SecurityConfiguration": _NONE,
    "AWS::Glue::SecurityConfiguration": _NONE,
    "AWS::IAM::AccessKey": _NONE,
    "AWS::LakeFormation::Resource": "its own ARN would be the bucket's, which is another type",
    "AWS::LakeFormation::Tag": _NONE,
    "AWS::Logs::MetricFilter": _NONE,
    "AWS::Logs::ResourcePolicy": _NONE,
    "AWS::SES::ReceiptRuleSet": "the form of aws:SourceArn in SES's documentation",
    "AWS::ServiceDiscovery::Instance": _NONE,
}
"""Types whose ARN is built in a form that the IAM reference does not have → why."""

_ELSEWHERE = "the same things are listed as"

LEFT_OUT = {
    "AWS::ApiGatewayV2::DomainName": f"{_ELSEWHERE} AWS::ApiGateway::DomainName",
    "AWS::AppMesh::Mesh": "App Mesh ended on 2026-09-30",
    "AWS::AppMesh::VirtualGateway": "App Mesh ended on 2026-09-30",
    "AWS::AppMesh::VirtualNode": "App Mesh ended on 2026-09-30",
    "AWS::AppMesh::VirtualRouter": "App Mesh ended on 2026-09-30",
    "AWS::AppMesh::VirtualService": "App Mesh ended on 2026-09-30",
    "AWS::CloudFront::StreamingDistribution": "RTMP distributions ended on 2020-12-31",
    "AWS::Cognito::UserPoolClient": "a client's id is a credential, and nothing else names it",
    "AWS::DocDB::DBSubnetGroup": f"{_ELSEWHERE} AWS::RDS::DBSubnetGroup: they have no engine",
    "AWS::EC2::Route": "its route table has it: a route has no ARN and no tags",
    "AWS::EC2::TransitGatewayRoute": "its route table has it: a route has no ARN and no tags",
    "AWS::IAM::Policy": "AWS::IAM::ManagedPolicy; CloudFormation's Policy is one inside a role",
    "AWS::Inspector::AssessmentTarget": "Inspector Classic ended on 2026-05-20",
    "AWS::Inspector::AssessmentTemplate": "Inspector Classic ended on 2026-05-20",
    "AWS::KinesisAnalytics::Application": "Kinesis Data Analytics for SQL ended on 2026-01-27",
    "AWS::MediaStore::Container": "MediaStore ended on 2025-11-13",
    "AWS::OpsWorks::App": "OpsWorks ended on 2024-05-26",
    "AWS::Pinpoint::App": "Pinpoint ended on 2026-10-30",
    "AWS::QLDB::Ledger": "QLDB ended on 2025-07-31",
    "AWS::RDS::DBClusterSnapshot": f"{_ELSEWHERE} AWS::RDS::ClusterSnapshot",
    "AWS::WAF::Rule": "WAF Classic ended on 2025-09-30",
    "AWS::WAF::WebACL": "WAF Classic ended on 2025-09-30",
    "AWS::WAFRegional::RateBasedRule": "WAF Classic ended on 2025-09-30",
    "AWS::WAFRegional::Rule": "WAF Classic ended on 2025-09-30",
    "AWS::WAFRegional::WebACL": "WAF Classic ended on 2025-09-30",
}
"""Types that inventory tools list and proxyd does not → why."""
