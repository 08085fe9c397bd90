"""Identities and keys, firewalls and detectors, and what governs an account."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.oracle import Account

from . import REGION, Made

_TAGS = [{"Key": "team", "Value": "security"}]
_TAG_MAP = {"team": "security"}
_HOME = "us-east-1"
_STATEMENT = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [_STATEMENT]})
_WORKER = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
_TRUST = json.dumps({"Version": "2012-10-17", "Statement": [_WORKER]})
_SHOWN: dict[str, Any] = {
    "SampledRequestsEnabled": False,
    "CloudWatchMetricsEnabled": False,
    "MetricName": "metric",
}


def seed(account: Account) -> Made:
    """Make some of everything, with what it uses."""
    made: Made = {}
    for make in (
        _keys,
        _roles,
        _users,
        _providers,
        _pools,
        _detectors,
        _web_firewalls,
        _network_firewalls,
        _trails,
        _rules,
        _organization,
        _single_sign_on,
        _shares,
        _systems,
        _resilience,
    ):
        made |= make(account, made)
    return made


def _keys(account: Account, _: Made) -> Made:
    kms, acm = account.client("kms", REGION), account.client("acm", REGION)
    key = kms.create_key(Description="ours", Tags=[{"TagKey": "team", "TagValue": "security"}])
    arn = key["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/ours", TargetKeyId=arn)
    secret = account.client("secretsmanager", REGION).create_secret(
        Name="database/password", SecretString="hidden", KmsKeyId=arn, Tags=_TAGS
    )
    certificates = {
        acm.request_certificate(
            DomainName="example.org", SubjectAlternativeNames=["www.example.org"], **more
        )["CertificateArn"]
        for more in ({"KeyAlgorithm": "EC_prime256v1"}, {"Tags": _TAGS})
    }
    authority = account.client("acm-pca", REGION).create_certificate_authority(
        CertificateAuthorityConfiguration={
            "KeyAlgorithm": "RSA_2048",
            "SigningAlgorithm": "SHA256WITHRSA",
            "Subject": {"CommonName": "authority.example.org", "Organization": "Example"},
        },
        CertificateAuthorityType="ROOT",
    )
    return {
        "AWS::KMS::Key": {arn},
        "AWS::KMS::Alias": {f"arn:aws:kms:{REGION}:{account.account}:alias/ours"},
        "AWS::SecretsManager::Secret": {secret["ARN"]},
        "AWS::CertificateManager::Certificate": certificates,
        "AWS::ACMPCA::CertificateAuthority": {authority["CertificateAuthorityArn"]},
    }


def _roles(account: Account, _: Made) -> Made:
    iam = account.client("iam", _HOME)
    policy = iam.create_policy(PolicyName="ours", PolicyDocument=_POLICY, Tags=_TAGS)
    arn = policy["Policy"]["Arn"]
    roles = {
        iam.create_role(
            RoleName=name, Path=path, AssumeRolePolicyDocument=_TRUST, Tags=_TAGS, **more
        )["Role"]["Arn"]
        for name, path, more in (
            ("worker", "/", {"PermissionsBoundary": arn}),
            ("nested", "/team/", {}),
        )
    }
    iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
    iam.put_role_policy(RoleName="worker", PolicyName="inline", PolicyDocument=_POLICY)
    profile = iam.create_instance_profile(InstanceProfileName="worker", Tags=_TAGS)
    iam.add_role_to_instance_profile(InstanceProfileName="worker", RoleName="worker")
    return {
        "AWS::IAM::ManagedPolicy": {arn},
        "AWS::IAM::Role": roles,
        "AWS::IAM::InstanceProfile": {profile["InstanceProfile"]["Arn"]},
    }


def _users(account: Account, made: Made) -> Made:
    iam = account.client("iam", _HOME)
    (policy,) = made["AWS::IAM::ManagedPolicy"]
    group = iam.create_group(GroupName="people", Path="/team/")["Group"]["Arn"]
    iam.attach_group_policy(GroupName="people", PolicyArn=policy)
    user = iam.create_user(UserName="ann", Path="/team/", Tags=_TAGS)["User"]["Arn"]
    iam.add_user_to_group(GroupName="people", UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=policy)
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    iam.enable_mfa_device(
        UserName="ann",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    return {
        "AWS::IAM::Group": {group},
        "AWS::IAM::User": {user},
        "AWS::IAM::AccessKey": {f"arn:aws:iam::{account.account}:access-key/{key}"},
        "AWS::IAM::VirtualMFADevice": {device["SerialNumber"]},
    }


def _providers(account: Account, _: Made) -> Made:
    iam = account.client("iam", _HOME)
    saml = iam.create_saml_provider(Name="staff", SAMLMetadataDocument="x" * 1024)
    oidc = iam.create_open_id_connect_provider(
        Url="https://oidc.example.org/id/one",
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["a" * 40],
        Tags=_TAGS,
    )
    certificate = iam.upload_server_certificate(
        ServerCertificateName="old", CertificateBody="body", PrivateKey="hidden"
    )
    return {
        "AWS::IAM::SAMLProvider": {saml["SAMLProviderArn"]},
        "AWS::IAM::OIDCProvider": {oidc["OpenIDConnectProviderArn"]},
        "AWS::IAM::ServerCertificate": {certificate["ServerCertificateMetadata"]["Arn"]},
    }


def _pools(account: Account, _: Made) -> Made:
    function = f"arn:aws:lambda:{REGION}:{account.account}:function:welcome"
    users = account.client("cognito-idp", REGION).create_user_pool(
        PoolName="customers",
        LambdaConfig={"PreSignUp": function},
        UserPoolTags=_TAG_MAP,
    )["UserPool"]["Arn"]
    return {"AWS::Cognito::UserPool": {users}}


def _detectors(account: Account, _: Made) -> Made:
    guard = account.client("guardduty", REGION)
    detector = guard.create_detector(Enable=True, Tags=_TAG_MAP)["DetectorId"]
    account.client("securityhub", REGION).enable_security_hub()
    hub = account.client("securityhub", REGION).describe_hub()["HubArn"]
    inspector = account.client("inspector2", REGION)
    listed = inspector.create_filter(
        name="accepted", action="SUPPRESS", filterCriteria={}, tags=_TAG_MAP
    )
    arn = f"arn:aws:guardduty:{REGION}:{account.account}:detector/{detector}"
    return {
        "AWS::GuardDuty::Detector": {arn},
        "AWS::SecurityHub::Hub": {hub},
        "AWS::InspectorV2::Filter": {listed["arn"]},
    }


def _web_firewalls(account: Account, _: Made) -> Made:
    waf, scope = account.client("wafv2", REGION), {"Scope": "REGIONAL"}
    addresses = waf.create_ip_set(
        Name="office", IPAddressVersion="IPV4", Addresses=["192.0.2.0/24"], Tags=_TAGS, **scope
    )["Summary"]["ARN"]
    patterns = waf.create_regex_pattern_set(
        Name="bots", RegularExpressionList=[{"RegexString": "bot"}], **scope
    )["Summary"]["ARN"]
    rule = {
        "Name": "office",
        "Priority": 1,
        "Statement": {"IPSetReferenceStatement": {"ARN": addresses}},
        "VisibilityConfig": _SHOWN,
    }
    group = waf.create_rule_group(
        Name="rules",
        Capacity=10,
        Rules=[{**rule, "Action": {"Allow": {}}}],
        VisibilityConfig=_SHOWN,
        **scope,
    )["Summary"]["ARN"]
    acl = waf.create_web_acl(
        Name="front",
        DefaultAction={"Block": {}},
        VisibilityConfig=_SHOWN,
        Rules=[
            {
                "Name": "group",
                "Priority": 2,
                "Statement": {"RuleGroupReferenceStatement": {"ARN": group}},
                "OverrideAction": {"None": {}},
                "VisibilityConfig": _SHOWN,
            }
        ],
        Tags=_TAGS,
        **scope,
    )["Summary"]["ARN"]
    shield = account.client("shield", _HOME)
    shield.create_subscription()
    distribution = f"arn:aws:cloudfront::{account.account}:distribution/E1"
    shield.create_protection(Name="front", ResourceArn=distribution, Tags=_TAGS)
    protections = shield.list_protections()["Protections"]
    return {
        "AWS::WAFv2::IPSet": {addresses},
        "AWS::WAFv2::RegexPatternSet": {patterns},
        "AWS::WAFv2::RuleGroup": {group},
        "AWS::WAFv2::WebACL": {acl},
        "AWS::Shield::Protection": {p["ProtectionArn"] for p in protections},
    }


def _network_firewalls(account: Account, _: Made) -> Made:
    ec2 = account.client("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    prefix = f"arn:aws:network-firewall:{REGION}:{account.account}"
    firewall = account.client("network-firewall", REGION).create_firewall(
        FirewallName="edge",
        FirewallPolicyArn=f"{prefix}:firewall-policy/edge",
        VpcId=vpc,
        SubnetMappings=[{"SubnetId": subnet}],
        Tags=_TAGS,
    )
    return {"AWS::NetworkFirewall::Firewall": {firewall["Firewall"]["FirewallArn"]}}


def _trails(account: Account, made: Made) -> Made:
    s3, bucket = account.client("s3", REGION), f"trail-{account.account}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    (key,) = made["AWS::KMS::Key"]
    cloudtrail = account.client("cloudtrail", REGION)
    trail = cloudtrail.create_trail(
        Name="all", S3BucketName=bucket, KmsKeyId=key, IsMultiRegionTrail=True, TagsList=_TAGS
    )
    cloudtrail.start_logging(Name="all")
    # A trail of another region shows its shadow here, which is not to be seen twice.
    account.client("cloudtrail", _HOME).create_trail(
        Name="elsewhere", S3BucketName=bucket, IsMultiRegionTrail=True
    )
    return {"AWS::CloudTrail::Trail": {trail["TrailARN"]}}


def _rules(account: Account, made: Made) -> Made:
    config = account.client("config", REGION)
    role = min(made["AWS::IAM::Role"])
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role},
    )
    config.put_delivery_channel(
        DeliveryChannel={"name": "default", "s3BucketName": f"trail-{account.account}"}
    )
    config.put_config_rule(
        ConfigRule={
            "ConfigRuleName": "encrypted",
            "Source": {"Owner": "AWS", "SourceIdentifier": "ENCRYPTED_VOLUMES"},
        },
        Tags=_TAGS,
    )
    aggregator = config.put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        AccountAggregationSources=[{"AccountIds": [account.account], "AllAwsRegions": True}],
    )["ConfigurationAggregator"]
    rules = config.describe_config_rules()["ConfigRules"]
    prefix = f"arn:aws:config:{REGION}:{account.account}"
    return {
        "AWS::Config::DeliveryChannel": {f"{prefix}:delivery-channel/default"},
        "AWS::Config::ConfigRule": {rule["ConfigRuleArn"] for rule in rules},
        "AWS::Config::ConfigurationAggregator": {aggregator["ConfigurationAggregatorArn"]},
    }


def _organization(account: Account, _: Made) -> Made:
    organizations = account.client("organizations", _HOME)
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    units, parent = set(), root
    for name in ("workloads", "production"):
        made = organizations.create_organizational_unit(ParentId=parent, Name=name, Tags=_TAGS)
        parent = made["OrganizationalUnit"]["Id"]
        units.add(made["OrganizationalUnit"]["Arn"])
    created = organizations.create_account(Email="a@example.org", AccountName="shop")
    organizations.move_account(
        AccountId=created["CreateAccountStatus"]["AccountId"],
        SourceParentId=root,
        DestinationParentId=parent,
    )
    policy = organizations.create_policy(
        Name="regions", Description="few", Content=_POLICY, Type="SERVICE_CONTROL_POLICY"
    )
    return {
        "AWS::Organizations::OrganizationalUnit": units,
        "AWS::Organizations::Account": {
            each["Arn"] for each in organizations.list_accounts()["Accounts"]
        },
        "AWS::Organizations::Policy": {policy["Policy"]["PolicySummary"]["Arn"]},
    }


def _single_sign_on(account: Account, _: Made) -> Made:
    sso = account.client("sso-admin", REGION)
    (instance,) = (each["InstanceArn"] for each in sso.list_instances()["Instances"])
    made = sso.create_permission_set(InstanceArn=instance, Name="admin", SessionDuration="PT1H")
    return {
        "AWS::SSO::Instance": {instance},
        "AWS::SSO::PermissionSet": {made["PermissionSet"]["PermissionSetArn"]},
    }


def _shares(account: Account, _: Made) -> Made:
    share = account.client("ram", REGION).create_resource_share(
        name="network", tags=[{"key": "team", "value": "security"}]
    )
    portfolio = account.client("servicecatalog", REGION).create_portfolio(
        DisplayName="approved", ProviderName="platform", IdempotencyToken="one", Tags=_TAGS
    )
    account.client("budgets", _HOME).create_budget(
        AccountId=account.account,
        Budget={
            "BudgetName": "all of it",
            "BudgetLimit": {"Amount": "10", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
    )
    return {
        "AWS::RAM::ResourceShare": {share["resourceShare"]["resourceShareArn"]},
        "AWS::ServiceCatalog::Portfolio": {portfolio["PortfolioDetail"]["ARN"]},
        "AWS::Budgets::Budget": {f"arn:aws:budgets::{account.account}:budget/all of it"},
    }


def _systems(account: Account, _: Made) -> Made:
    ssm = account.client("ssm", REGION)
    ssm.create_document(
        Name="restart",
        DocumentType="Command",
        DocumentFormat="JSON",
        Content=json.dumps({"schemaVersion": "2.2", "description": "", "mainSteps": []}),
        Tags=_TAGS,
    )
    baseline = ssm.create_patch_baseline(Name="ours", OperatingSystem="AMAZON_LINUX_2")
    window = ssm.create_maintenance_window(
        Name="sunday",
        Schedule="cron(0 2 ? * SUN *)",
        Duration=2,
        Cutoff=1,
        AllowUnassociatedTargets=False,
    )
    prefix = f"arn:aws:ssm:{REGION}:{account.account}"
    return {
        "AWS::SSM::Document": {f"{prefix}:document/restart"},
        "AWS::SSM::PatchBaseline": {f"{prefix}:patchbaseline/{baseline['BaselineId']}"},
        "AWS::SSM::MaintenanceWindow": {f"{prefix}:maintenancewindow/{window['WindowId']}"},
    }


def _resilience(account: Account, made: Made) -> Made:
    hub = account.client("resiliencehub", REGION)
    limits = {"rpoInSecs": 60, "rtoInSecs": 60}
    objectives = {"Software": limits, "Hardware": limits, "AZ": limits}
    policy = hub.create_resiliency_policy(policyName="gold", tier="Critical", policy=objectives)
    arn = policy["policy"]["policyArn"]
    app = hub.create_app(name="shop", policyArn=arn, tags=_TAG_MAP)
    template = account.client("fis", REGION).create_experiment_template(
        clientToken="one",
        description="stop one",
        stopConditions=[{"source": "none"}],
        actions={"wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}},
        roleArn=min(made["AWS::IAM::Role"]),
        tags=_TAG_MAP,
    )["experimentTemplate"]
    return {
        "AWS::ResilienceHub::ResiliencyPolicy": {arn},
        "AWS::ResilienceHub::App": {app["app"]["appArn"]},
        "AWS::FIS::ExperimentTemplate": {template["arn"]},
    }
