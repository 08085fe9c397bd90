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
