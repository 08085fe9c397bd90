"""What the internet sees first: distributions and zones."""

from proxyd.plugin import listing, pages, tagged

SCANNERS = (
    # A distribution's comment would be its best name, but AWS marks it as sensitive.
    listing(
        "AWS::CloudFront::Distribution",
        calls=pages("cloudfront", "ListDistributions", "DistributionList.Items[]"),
        scope="global",
        arn="ARN",
        name="DomainName",
        tags=tagged("cloudfront:distribution"),
        properties="State=Status, Enabled, DomainName, Aliases=Aliases.Items, "
        "Origins=Origins.Items[].DomainName, PriceClass, HttpVersion, "
        "ViewerProtocolPolicy=DefaultCacheBehavior.ViewerProtocolPolicy, "
        "MinimumProtocolVersion=ViewerCertificate.MinimumProtocolVersion, LastModifiedTime",
        links=(
            "uses AWS::WAFv2::WebACL WebACLId ~ arn:*:wafv2:*",
            "uses AWS::CertificateManager::Certificate ViewerCertificate.ACMCertificateArn",
            "triggers AWS::Lambda::Version "
            "DefaultCacheBehavior.LambdaFunctionAssociations.Items[].LambdaFunctionARN",
            "triggers AWS::CloudFront::Function "
            "DefaultCacheBehavior.FunctionAssociations.Items[].FunctionARN",
        ),
    ),
    listing(
        "AWS::Route53::HostedZone",
        calls=pages("route53", "ListHostedZones", "HostedZones[]"),
        scope="global",
        arn="arn:{partition}:route53:::hostedzone/{Id/}",
        name="Name",
        tags=tagged("route53:hostedzone"),
        properties="Private=Config.PrivateZone, Comment=Config.Comment, ResourceRecordSetCount, "
        "OwningService=LinkedService.ServicePrincipal",
    ),
)
