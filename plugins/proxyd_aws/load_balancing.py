"""Load balancers, what they listen to and where they send it."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::ElasticLoadBalancing::LoadBalancer",
        calls=pages("elb", "DescribeLoadBalancers", "LoadBalancerDescriptions[]"),
        arn="arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/"
        "{LoadBalancerName}",
        name="LoadBalancerName",
        tags=tagged("elasticloadbalancing:loadbalancer"),
        properties="Scheme, DNSName, AvailabilityZones, "
        "Protocols=ListenerDescriptions[].Listener.Protocol, "
        "Ports=ListenerDescriptions[].Listener.LoadBalancerPort, "
        "InstancePorts=ListenerDescriptions[].Listener.InstancePort, "
        "HealthCheckTarget=HealthCheck.Target, CreatedTime",
        links=(
            "in AWS::EC2::VPC VPCId, in AWS::EC2::Subnet Subnets",
            "uses AWS::EC2::SecurityGroup SecurityGroups",
            "uses AWS::CertificateManager::Certificate "
            "ListenerDescriptions[].Listener.SSLCertificateId ~ arn:*:acm:*",
            "uses AWS::IAM::ServerCertificate "
            "ListenerDescriptions[].Listener.SSLCertificateId ~ arn:*:iam:*",
            "routes-to AWS::EC2::Instance Instances[].InstanceId",
        ),
    ),
    listing(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        calls=pages("elbv2", "DescribeLoadBalancers", "LoadBalancers[]"),
        arn="LoadBalancerArn",
        id="LoadBalancerName",
        tags=tagged("elasticloadbalancing:loadbalancer"),
        properties="State=State.Code, Type, Scheme, DNSName, IpAddressType, "
        "AvailabilityZones=AvailabilityZones[].ZoneName, CreatedTime",
        links=(
            "in AWS::EC2::VPC VpcId",
            "in AWS::EC2::Subnet AvailabilityZones[].SubnetId",
            "uses AWS::EC2::SecurityGroup SecurityGroups",
            "uses AWS::EC2::EIP AvailabilityZones[].LoadBalancerAddresses[].AllocationId",
        ),
    ),
    listing(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        calls=(
            pages("elbv2", "DescribeTargetGroups", "TargetGroups[]"),
            # A target group is a name for its targets, and no list call tells them.
            each("elbv2", "DescribeTargetHealth", into="Health", TargetGroupArn="{TargetGroupArn}"),
        ),
        arn="TargetGroupArn",
        id="TargetGroupName",
        tags=tagged("elasticloadbalancing:targetgroup"),
        properties="TargetType, Protocol, ProtocolVersion, Port, HealthCheckProtocol, "
        "HealthCheckPort, HealthCheckPath, "
        "TargetIds=Health.TargetHealthDescriptions[].Target.Id, "
        "TargetStates=Health.TargetHealthDescriptions[].TargetHealth.State",
        links=(
            "in AWS::EC2::VPC VpcId",
            "attached-to AWS::ElasticLoadBalancingV2::LoadBalancer LoadBalancerArns",
            "routes-to AWS::EC2::Instance Health.TargetHealthDescriptions[].Target.Id ~ i-*",
            "routes-to AWS::Lambda::Function "
            "Health.TargetHealthDescriptions[].Target.Id ~ arn:*:function:*",
            # Of a version or an alias: the function that it is one of.
            "routes-to AWS::Lambda::Function "
            "Health.TargetHealthDescriptions[].Target.Id ~ (arn:*:function:*):*",
            "routes-to AWS::ElasticLoadBalancingV2::LoadBalancer "
            "Health.TargetHealthDescriptions[].Target.Id ~ arn:*:elasticloadbalancing:*",
        ),
    ),
    # People say "the listener on 443"; the id is sixteen hexadecimal digits.
    listing(
        "AWS::ElasticLoadBalancingV2::Listener",
        calls=(
            pages("elbv2", "DescribeLoadBalancers", "LoadBalancers[]"),
            each("elbv2", "DescribeListeners", "Listeners[]", LoadBalancerArn="{LoadBalancerArn}"),
        ),
        arn="ListenerArn",
        name="Port",
        tags=tagged("elasticloadbalancing:listener"),
        properties="Protocol, Port, SslPolicy, AlpnPolicy, ActionTypes=DefaultActions[].Type, "
        "MutualAuthenticationMode=MutualAuthentication.Mode, "
        "LoadBalancerName=^.LoadBalancerName",
        links=(
            "member-of AWS::ElasticLoadBalancingV2::LoadBalancer LoadBalancerArn",
            "routes-to AWS::ElasticLoadBalancingV2::TargetGroup "
            "DefaultActions[].ForwardConfig.TargetGroups[].TargetGroupArn",
            "routes-to AWS::ElasticLoadBalancingV2::TargetGroup DefaultActions[].TargetGroupArn",
            "uses AWS::CertificateManager::Certificate Certificates[].CertificateArn ~ arn:*:acm:*",
            "uses AWS::IAM::ServerCertificate Certificates[].CertificateArn ~ arn:*:iam:*",
            "uses AWS::Cognito::UserPool DefaultActions[].AuthenticateCognitoConfig.UserPoolArn",
            "uses AWS::ElasticLoadBalancingV2::TrustStore MutualAuthentication.TrustStoreArn",
        ),
    ),
    # What a rule compares headers with is often a password between CDN and load balancer.
    listing(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        calls=(
            pages("elbv2", "DescribeLoadBalancers", "LoadBalancers[]"),
            each("elbv2", "DescribeListeners", "Listeners[]", LoadBalancerArn="{LoadBalancerArn}"),
            each("elbv2", "DescribeRules", "Rules[]", ListenerArn="{ListenerArn}"),
        ),
        arn="RuleArn",
        tags=tagged("elasticloadbalancing:listener-rule"),
        properties="Priority, ConditionFields=Conditions[].Field, "
        "Hosts=Conditions[].HostHeaderConfig.Values[], "
        "Paths=Conditions[].PathPatternConfig.Values[], "
        "Methods=Conditions[].HttpRequestMethodConfig.Values[], "
        "SourceIps=Conditions[].SourceIpConfig.Values[], ActionTypes=Actions[].Type, "
        "LoadBalancerName=^.^.LoadBalancerName",
        links=(
            "member-of AWS::ElasticLoadBalancingV2::Listener ^.ListenerArn",
            "routes-to AWS::ElasticLoadBalancingV2::TargetGroup "
            "Actions[].ForwardConfig.TargetGroups[].TargetGroupArn",
            "routes-to AWS::ElasticLoadBalancingV2::TargetGroup Actions[].TargetGroupArn",
            "uses AWS::Cognito::UserPool Actions[].AuthenticateCognitoConfig.UserPoolArn",
        ),
        # Every listener has one, which is its default actions once more.
        drop=("IsDefault", "True"),
    ),
)
