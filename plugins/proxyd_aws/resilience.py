"""Whether things withstand failure, and the experiments that find out."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::ResilienceHub::App",
        calls=(
            pages("resiliencehub", "ListApps", "appSummaries[]"),
            # The policy that it is measured against is told nowhere else.
            each("resiliencehub", "DescribeApp", into="Detail", appArn="{appArn}"),
        ),
        arn="appArn",
        name="name",
        tags=tagged("resiliencehub:app"),
        properties="State=status, complianceStatus, driftStatus, assessmentSchedule, "
        "resiliencyScore, rtoInSecs, rpoInSecs, description, creationTime",
        links=(
            "uses AWS::ResilienceHub::ResiliencyPolicy Detail.app.policyArn",
            "attached-to AWS::ServiceCatalogAppRegistry::Application awsApplicationArn",
        ),
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
            each("fis", "GetExperimentTemplate", into="Detail", id="{id}"),
        ),
        arn="arn",
        tags="tags",
        properties="description, "
        "accountTargeting=Detail.experimentTemplate.experimentOptions.accountTargeting, "
        "stopConditions=Detail.experimentTemplate.stopConditions[].source, "
        "creationTime, lastUpdateTime",
        links=(
            "runs-as AWS::IAM::Role Detail.experimentTemplate.roleArn",
            "uses AWS::CloudWatch::Alarm Detail.experimentTemplate.stopConditions[].value "
            "~ arn:*:cloudwatch:*",
        ),
    ),
)
