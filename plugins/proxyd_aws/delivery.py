"""What the internet sees first: distributions, what they are put together from, accelerators.

Comments are left out: where AWS marks any of them, it marks them as sensitive.
"""

from proxyd.plugin import each, listing, pages, tagged

_ORIGIN = "Origins.Items[].DomainName"
_BALANCER = f"routes-to AWS::ElasticLoadBalancingV2::LoadBalancer {_ORIGIN}"

SCANNERS = (
    # A distribution's comment would be its best name, but AWS marks it as sensitive. Its id
    # is its domain, because that is what DNS records name it by. The domain of a load balancer
    # is its name and eight to ten digits, or sixteen if it is for networks.
    listing(
        "AWS::CloudFront::Distribution",
        calls=pages("cloudfront", "ListDistributions", "DistributionList.Items[]"),
        scope="global",
        arn="ARN",
        id="DomainName",
        name="Aliases.Items[0]",
        tags=tagged("cloudfront:distribution"),
        properties="State=Status, Id, Enabled, Aliases=Aliases.Items, "
        f"Origins={_ORIGIN}, PriceClass, "
        "ViewerProtocolPolicy=DefaultCacheBehavior.ViewerProtocolPolicy, "
        "MinimumProtocolVersion=ViewerCertificate.MinimumProtocolVersion, "
        "GeoRestriction=Restrictions.GeoRestriction.RestrictionType, LastModifiedTime",
        links=(
            "uses AWS::WAFv2::WebACL WebACLId ~ arn:*:wafv2:*",
            "uses AWS::CertificateManager::Certificate ViewerCertificate.ACMCertificateArn",
            "uses AWS::CloudFront::OriginAccessControl Origins.Items[].OriginAccessControlId",
            "uses AWS::CloudFront::CloudFrontOriginAccessIdentity "
            "Origins.Items[].S3OriginConfig.OriginAccessIdentity/",
            f"routes-to AWS::S3::Bucket {_ORIGIN} ~ (*).s3[.-]*amazonaws.com*",
            *(f"{_BALANCER} ~ (*)-{'?' * n}.*.elb.amazonaws.com*" for n in (8, 9, 10)),
            f"{_BALANCER} ~ (*)-{'?' * 16}.elb.*.amazonaws.com*",
            "routes-to AWS::CloudFront::VpcOrigin Origins.Items[].VpcOriginConfig.VpcOriginId",
            "uses AWS::CloudFront::CachePolicy DefaultCacheBehavior.CachePolicyId",
            "uses AWS::CloudFront::CachePolicy CacheBehaviors.Items[].CachePolicyId",
            "uses AWS::CloudFront::OriginRequestPolicy DefaultCacheBehavior.OriginRequestPolicyId",
            "uses AWS::CloudFront::OriginRequestPolicy "
            "CacheBehaviors.Items[].OriginRequestPolicyId",
            "uses AWS::CloudFront::ResponseHeadersPolicy "
            "DefaultCacheBehavior.ResponseHeadersPolicyId",
            "uses AWS::CloudFront::ResponseHeadersPolicy "
            "CacheBehaviors.Items[].ResponseHeadersPolicyId",
            "uses AWS::CloudFront::KeyGroup DefaultCacheBehavior.TrustedKeyGroups.Items",
            "uses AWS::CloudFront::RealtimeLogConfig DefaultCacheBehavior.RealtimeLogConfigArn",
            # It is always a version that runs at the edge.
            "triggers AWS::Lambda::Function DefaultCacheBehavior.LambdaFunctionAssociations"
            ".Items[].LambdaFunctionARN ~ (arn:*:function:*):*",
            "triggers AWS::Lambda::Function CacheBehaviors.Items[].LambdaFunctionAssociations"
            ".Items[].LambdaFunctionARN ~ (arn:*:function:*):*",
            "triggers AWS::CloudFront::Function "
            "DefaultCacheBehavior.FunctionAssociations.Items[].FunctionARN",
            "triggers AWS::CloudFront::Function "
            "CacheBehaviors.Items[].FunctionAssociations.Items[].FunctionARN",
        ),
    ),
    listing(
        "AWS::CloudFront::Function",
        # Without a stage a function that is published would be listed twice.
        calls=pages("cloudfront", "ListFunctions", "FunctionList.Items[]", Stage="DEVELOPMENT"),
        scope="global",
        arn="FunctionMetadata.FunctionARN",
        name="Name",
        tags=None,
        properties="State=Status, Runtime=FunctionConfig.Runtime, "
        "CreatedTime=FunctionMetadata.CreatedTime, "
        "LastModifiedTime=FunctionMetadata.LastModifiedTime",
        links="uses AWS::CloudFront::KeyValueStore "
        "FunctionConfig.KeyValueStoreAssociations.Items[].KeyValueStoreARN",
    ),
    listing(
        "AWS::CloudFront::CachePolicy",
        calls=pages("cloudfront", "ListCachePolicies", "CachePolicyList.Items[]", Type="custom"),
        scope="global",
        arn="arn:{partition}:cloudfront::{account}:cache-policy/{CachePolicy.Id}",
        name="CachePolicy.CachePolicyConfig.Name",
        tags=None,
        properties="DefaultTTL=CachePolicy.CachePolicyConfig.DefaultTTL, "
        "MinTTL=CachePolicy.CachePolicyConfig.MinTTL, "
        "MaxTTL=CachePolicy.CachePolicyConfig.MaxTTL, HeaderBehavior=CachePolicy.CachePolicyConfig."
        "ParametersInCacheKeyAndForwardedToOrigin.HeadersConfig.HeaderBehavior, "
        "CookieBehavior=CachePolicy.CachePolicyConfig."
        "ParametersInCacheKeyAndForwardedToOrigin.CookiesConfig.CookieBehavior, "
        "QueryStringBehavior=CachePolicy.CachePolicyConfig."
        "ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig.QueryStringBehavior, "
        "LastModifiedTime=CachePolicy.LastModifiedTime",
    ),
    listing(
        "AWS::CloudFront::OriginRequestPolicy",
        calls=pages(
            "cloudfront",
            "ListOriginRequestPolicies",
            "OriginRequestPolicyList.Items[]",
            Type="custom",
        ),
        scope="global",
        arn="arn:{partition}:cloudfront::{account}:origin-request-policy/{OriginRequestPolicy.Id}",
        name="OriginRequestPolicy.OriginRequestPolicyConfig.Name",
        tags=None,
        properties="HeaderBehavior="
        "OriginRequestPolicy.OriginRequestPolicyConfig.HeadersConfig.HeaderBehavior, "
        "CookieBehavior="
        "OriginRequestPolicy.OriginRequestPolicyConfig.CookiesConfig.CookieBehavior, "
        "QueryStringBehavior="
        "OriginRequestPolicy.OriginRequestPolicyConfig.QueryStringsConfig.QueryStringBehavior, "
        "LastModifiedTime=OriginRequestPolicy.LastModifiedTime",
    ),
    listing(
        "AWS::CloudFront::ResponseHeadersPolicy",
        calls=pages(
            "cloudfront",
            "ListResponseHeadersPolicies",
            "ResponseHeadersPolicyList.Items[]",
            Type="custom",
        ),
        scope="global",
        arn="arn:{partition}:cloudfront::{account}:response-headers-policy/"
        "{ResponseHeadersPolicy.Id}",
        name="ResponseHeadersPolicy.ResponseHeadersPolicyConfig.Name",
        tags=None,
        properties="AllowedOrigins=ResponseHeadersPolicy.ResponseHeadersPolicyConfig."
        "CorsConfig.AccessControlAllowOrigins.Items, "
        "AllowedMethods=ResponseHeadersPolicy.ResponseHeadersPolicyConfig."
        "CorsConfig.AccessControlAllowMethods.Items, "
        "AllowCredentials=ResponseHeadersPolicy.ResponseHeadersPolicyConfig."
        "CorsConfig.AccessControlAllowCredentials, "
        "FrameOption=ResponseHeadersPolicy.ResponseHeadersPolicyConfig."
        "SecurityHeadersConfig.FrameOptions.FrameOption, "
        "StrictTransportSecuritySeconds=ResponseHeadersPolicy.ResponseHeadersPolicyConfig."
        "SecurityHeadersConfig.StrictTransportSecurity.AccessControlMaxAgeSec, "
        "LastModifiedTime=ResponseHeadersPolicy.LastModifiedTime",
    ),
    listing(
        "AWS::CloudFront::OriginAccessControl",
        calls=pages("cloudfront", "ListOriginAccessControls", "OriginAccessControlList.Items[]"),
        scope="global",
        arn="arn:{partition}:cloudfront::{account}:origin-access-control/{Id}",
        name="Name",
        tags=None,
        properties="OriginAccessControlOriginType, SigningBehavior, SigningProtocol",
    ),
    # AWS has no ARN for a public key: this one is in the style of its others.
    listing(
        "AWS::CloudFront::PublicKey",
        calls=pages("cloudfront", "ListPublicKeys", "PublicKeyList.Items[]"),
        scope="global",
        arn="arn:{partition}:cloudfront::{account}:public-key/{Id}",
        name="Name",
        tags=None,
        properties="CreatedTime",
    ),
    # The tagging API keeps accelerators in another region than all else without one; there
    # are few. The id is the name that DNS records have for it.
    listing(
        "AWS::GlobalAccelerator::Accelerator",
        calls=(
            pages("globalaccelerator", "ListAccelerators", "Accelerators[]"),
            each(
                "globalaccelerator",
                "ListTagsForResource",
                into="Tagging",
                ResourceArn="{AcceleratorArn}",
            ),
        ),
        scope="global",
        arn="AcceleratorArn",
        id="DnsName",
        name="Name",
        tags="Tagging.Tags",
        properties="State=Status, Enabled, IpAddressType, IpAddresses=IpSets[].IpAddresses[], "
        "DualStackDnsName, CreatedTime, LastModifiedTime",
    ),
    listing(
        "AWS::GlobalAccelerator::Listener",
        calls=(
            pages("globalaccelerator", "ListAccelerators", "Accelerators[]"),
            each(
                "globalaccelerator",
                "ListListeners",
                "Listeners[]",
                AcceleratorArn="{AcceleratorArn}",
            ),
        ),
        scope="global",
        arn="ListenerArn",
        tags=None,
        properties="Protocol, FromPorts=PortRanges[].FromPort, ToPorts=PortRanges[].ToPort, "
        "ClientAffinity, AcceleratorName=^.Name",
        links="member-of AWS::GlobalAccelerator::Accelerator ^.AcceleratorArn",
    ),
    listing(
        "AWS::GlobalAccelerator::EndpointGroup",
        calls=(
            pages("globalaccelerator", "ListAccelerators", "Accelerators[]"),
            each(
                "globalaccelerator",
                "ListListeners",
                "Listeners[]",
                AcceleratorArn="{AcceleratorArn}",
            ),
            each(
                "globalaccelerator",
                "ListEndpointGroups",
                "EndpointGroups[]",
                ListenerArn="{ListenerArn}",
            ),
        ),
        scope="global",
        arn="EndpointGroupArn",
        tags=None,
        properties="EndpointGroupRegion, TrafficDialPercentage, HealthCheckProtocol, "
        "HealthCheckPort, HealthCheckPath, EndpointIds=EndpointDescriptions[].EndpointId, "
        "HealthStates=EndpointDescriptions[].HealthState, AcceleratorName=^.^.Name",
        links=(
            "member-of AWS::GlobalAccelerator::Listener ^.ListenerArn",
            "routes-to AWS::ElasticLoadBalancingV2::LoadBalancer "
            "EndpointDescriptions[].EndpointId ~ arn:*:elasticloadbalancing:*",
            "routes-to AWS::EC2::EIP EndpointDescriptions[].EndpointId ~ eipalloc-*",
            "routes-to AWS::EC2::Instance EndpointDescriptions[].EndpointId ~ i-*",
        ),
    ),
)
