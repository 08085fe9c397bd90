"""API Gateway, for REST and for HTTP and WebSocket, and AppSync.

API Gateway authorises by HTTP method and path: whatever is read of it, the action is `GET`.
"""

import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from proxyd.plugin import (
    AwsError,
    Link,
    LinkTo,
    Operation,
    Resource,
    Scanner,
    Shard,
    each,
    listing,
    pages,
)

_APIS = pages("apigateway", "GetRestApis", "items[]")
_HTTP_APIS = pages("apigatewayv2", "GetApis", "Items[]")
_DOMAINS = pages("apigateway", "GetDomainNames", "items[]", resourceOwner="SELF")
_REST = "arn:{partition}:apigateway:{region}::/restapis"
_HTTP = "arn:{partition}:apigateway:{region}::/apis"

_MORE = "additionalAuthenticationProviders[]"
_METHODS = "items[].resourceMethods"
_UNWRAPPED = "arn:*:lambda:*[!/]" + "?" * len("invocations")
"""A function by its own ARN, and not within one of API Gateway's, `.../invocations`."""

_OF_ONE_API = frozenset({"failed", "throttled", "timeout"})
"""How a call may end for one API that would not for the next."""

_FUNCTION = re.compile(r"/functions/(arn:[^:]+:lambda:[^:]+:\d+:function:[A-Za-z0-9_-]+)[:/]")
"""The function in `arn:aws:apigateway:...:lambda:path/2015-03-31/functions/.../invocations`."""


async def _methods(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Yield the methods of all APIs: they stand in maps, by their names."""
    async with aclosing(shard.pages("apigateway", "GetRestApis")) as answers:
        async for answer in answers:
            for api in answer.get("items", ()):
                try:
                    async with aclosing(_methods_of(shard, api["id"])) as methods:
                        async for method in methods:
                            yield method
                except AwsError as error:
                    if error.status not in _OF_ONE_API:
                        raise
                    if not error.absent:
                        shard.incomplete(error)


async def _methods_of(shard: Shard, api: str) -> AsyncGenerator[Resource, None]:
    found = shard.pages("apigateway", "GetResources", restApiId=api, embed=["methods"])
    async with aclosing(found) as answers:
        async for answer in answers:
            for resource in answer.get("items", ()):
                for method in (resource.get("resourceMethods") or {}).values():
                    yield _method(shard, api, resource, method)


def _method(shard: Shard, api: str, resource: dict[str, Any], method: dict[str, Any]) -> Resource:
    called = method.get("methodIntegration") or {}
    verb = method["httpMethod"]
    arn = (
        f"arn:{shard.partition}:apigateway:{shard.region}::/restapis/{api}"
        f"/resources/{resource['id']}/methods/{verb}"
    )
    properties = {
        "HttpMethod": verb,
        "Path": resource.get("path"),
        "AuthorizationType": method.get("authorizationType"),
        "ApiKeyRequired": method.get("apiKeyRequired"),
        "OperationName": method.get("operationName"),
        "IntegrationType": called.get("type"),
        "ConnectionType": called.get("connectionType"),
        "TimeoutInMillis": called.get("timeoutInMillis"),
    }
    return shard.resource(
        arn=arn,
        id=verb,
        name=f"{verb} {resource.get('path')}",
        properties={key: value for key, value in properties.items() if value is not None},
        links=tuple(_links(api, resource["id"], method, called)),
    )


def _links(
    api: str, resource: str, method: dict[str, Any], called: dict[str, Any]
) -> Iterator[Link]:
    """Name the other ends; of where a call goes on to only functions, a URL may hold anything."""
    yield Link(rel="member-of", type="AWS::ApiGateway::RestApi", id=api)
    yield Link(rel="member-of", type="AWS::ApiGateway::Resource", id=resource)
    if authorizer := method.get("authorizerId"):
        yield Link(rel="uses", type="AWS::ApiGateway::Authorizer", id=authorizer)
    if function := _FUNCTION.search(called.get("uri") or ""):
        yield Link(rel="triggers", type="AWS::Lambda::Function", arn=function[1])
    link, role = called.get("connectionId") or "$", called.get("credentials") or ""
    if "$" not in link:  # it may be a variable of the stage
        yield Link(rel="routes-to", type="AWS::ApiGateway::VpcLink", id=link)
    if role.startswith("arn:") and "*" not in role:  # `arn:aws:iam::*:user/*` is the caller
        yield Link(rel="runs-as", type="AWS::IAM::Role", arn=role)


SCANNERS = (
    listing(
        "AWS::ApiGateway::RestApi",
        calls=_APIS,
        arn=_REST + "/{id}",
        name="name",
        tags="tags",
        properties="description, version, EndpointTypes=endpointConfiguration.types, "
        "IpAddressType=endpointConfiguration.ipAddressType, apiKeySource, "
        "disableExecuteApiEndpoint, createdDate",
        links="uses AWS::EC2::VPCEndpoint endpointConfiguration.vpcEndpointIds",
    ),
    listing(
        "AWS::ApiGateway::Stage",
        calls=(_APIS, each("apigateway", "GetStages", "item[]", restApiId="{id}")),
        arn=_REST + "/{^.id}/stages/{stageName}",
        name="stageName",
        tags="tags",
        properties="description, cacheClusterEnabled, cacheClusterSize, "
        "CacheClusterStatus=cacheClusterStatus, tracingEnabled, documentationVersion, "
        "CanaryPercentTraffic=canarySettings.percentTraffic, createdDate, lastUpdatedDate",
        links=(
            "member-of AWS::ApiGateway::RestApi ^.id",
            "uses AWS::ApiGateway::Deployment deploymentId, "
            "uses AWS::ApiGateway::Deployment canarySettings.deploymentId",
            "uses AWS::ApiGateway::ClientCertificate clientCertificateId",
            "uses AWS::WAFv2::WebACL webAclArn ~ arn:*:wafv2:*",
            "uses AWS::Logs::LogGroup accessLogSettings.destinationArn ~ arn:*:log-group:*[!*]",
            "uses AWS::Logs::LogGroup accessLogSettings.destinationArn ~ (arn:*:log-group:*):[*]",
            "uses AWS::KinesisFirehose::DeliveryStream "
            "accessLogSettings.destinationArn ~ arn:*:firehose:*",
        ),
    ),
    listing(
        "AWS::ApiGateway::Resource",
        calls=(_APIS, each("apigateway", "GetResources", "items[]", restApiId="{id}")),
        arn=_REST + "/{^.id}/resources/{id}",
        name="path",
        tags=None,
        properties="path, pathPart",
        links="member-of AWS::ApiGateway::RestApi ^.id, "
        "member-of AWS::ApiGateway::Resource parentId",
    ),
    Scanner(
        type="AWS::ApiGateway::Method",
        operations=(
            Operation("apigateway", "GetRestApis"),
            Operation("apigateway", "GetResources"),
        ),
        scan=_methods,
        reads={
            Operation("apigateway", "GetRestApis"): ("items[].id",),
            Operation("apigateway", "GetResources"): ("items[].id", "items[].path", _METHODS),
        },
        fields=(
            "HttpMethod",
            "Path",
            "AuthorizationType",
            "ApiKeyRequired",
            "OperationName",
            "IntegrationType",
            "ConnectionType",
            "TimeoutInMillis",
        ),
        links=(
            LinkTo("member-of", "AWS::ApiGateway::RestApi", "items[].id"),
            LinkTo("member-of", "AWS::ApiGateway::Resource", "items[].id"),
            LinkTo("uses", "AWS::ApiGateway::Authorizer", _METHODS),
            LinkTo("triggers", "AWS::Lambda::Function", _METHODS),
            LinkTo("routes-to", "AWS::ApiGateway::VpcLink", _METHODS),
            LinkTo("runs-as", "AWS::IAM::Role", _METHODS),
        ),
        cost="1 per region +1 per parent",
    ),
    listing(
        "AWS::ApiGateway::Authorizer",
        calls=(_APIS, each("apigateway", "GetAuthorizers", "items[]", restApiId="{id}")),
        arn=_REST + "/{^.id}/authorizers/{id}",
        name="name",
        tags=None,
        properties="type, authType, identitySource, authorizerResultTtlInSeconds",
        links=(
            "member-of AWS::ApiGateway::RestApi ^.id",
            "uses AWS::Lambda::Function authorizerUri ~ */functions/(arn:*:function:*)[:/]*",
            "uses AWS::Cognito::UserPool providerARNs",
            "runs-as AWS::IAM::Role authorizerCredentials",
        ),
    ),
    listing(
        "AWS::ApiGateway::Deployment",
        calls=(_APIS, each("apigateway", "GetDeployments", "items[]", restApiId="{id}")),
        arn=_REST + "/{^.id}/deployments/{id}",
        name="id",
        tags=None,
        properties="description, createdDate",
        links="member-of AWS::ApiGateway::RestApi ^.id",
    ),
    # Whichever of its two APIs made it, both list it. Only private ones are something else: they
    # have an id besides the name, and ARNs of another form.
    listing(
        "AWS::ApiGateway::DomainName",
        calls=_DOMAINS,
        arn="arn:{partition}:apigateway:{region}::/domainnames/{domainName}",
        name="domainName",
        tags="tags",
        properties="State=domainNameStatus, EndpointTypes=endpointConfiguration.types, "
        "securityPolicy, regionalDomainName, distributionDomainName, routingMode, "
        "certificateUploadDate",
        links=(
            "uses AWS::CertificateManager::Certificate certificateArn",
            "uses AWS::CertificateManager::Certificate regionalCertificateArn",
            "uses AWS::CertificateManager::Certificate ownershipVerificationCertificateArn",
        ),
        keep=("domainNameId", ""),
    ),
    listing(
        "AWS::ApiGateway::DomainNameV2",
        calls=_DOMAINS,
        arn="domainNameArn",
        id="domainNameId",
        name="domainName",
        tags="tags",
        properties="State=domainNameStatus, EndpointTypes=endpointConfiguration.types, "
        "securityPolicy, routingMode, certificateUploadDate",
        links="uses AWS::CertificateManager::Certificate certificateArn, "
        "uses AWS::EC2::VPCEndpoint endpointConfiguration.vpcEndpointIds",
        drop=("domainNameId", ""),
    ),
    # Without `includeValues`: a key's value is what it opens the door with.
    listing(
        "AWS::ApiGateway::ApiKey",
        calls=pages("apigateway", "GetApiKeys", "items[]"),
        arn="arn:{partition}:apigateway:{region}::/apikeys/{id}",
        name="name",
        tags="tags",
        properties="description, enabled, stageKeys, createdDate, lastUpdatedDate",
        links="attached-to AWS::ApiGateway::RestApi stageKeys ~ (*)/*",
    ),
    listing(
        "AWS::ApiGateway::UsagePlan",
        calls=pages("apigateway", "GetUsagePlans", "items[]"),
        arn="arn:{partition}:apigateway:{region}::/usageplans/{id}",
        name="name",
        tags="tags",
        properties="description, Stages=apiStages[].stage, RateLimit=throttle.rateLimit, "
        "BurstLimit=throttle.burstLimit, QuotaLimit=quota.limit, QuotaPeriod=quota.period, "
        "productCode",
        links="attached-to AWS::ApiGateway::RestApi apiStages[].apiId",
    ),
    listing(
        "AWS::ApiGateway::ClientCertificate",
        calls=pages("apigateway", "GetClientCertificates", "items[]"),
        arn="arn:{partition}:apigateway:{region}::/clientcertificates/{clientCertificateId}",
        name="description",
        tags="tags",
        properties="description, createdDate, expirationDate",
    ),
    listing(
        "AWS::ApiGateway::VpcLink",
        calls=pages("apigateway", "GetVpcLinks", "items[]"),
        arn="arn:{partition}:apigateway:{region}::/vpclinks/{id}",
        name="name",
        tags="tags",
        properties="State=status, statusMessage, description",
        links="routes-to AWS::ElasticLoadBalancingV2::LoadBalancer targetArns",
    ),
    listing(
        "AWS::ApiGatewayV2::Api",
        calls=_HTTP_APIS,
        arn=_HTTP + "/{ApiId}",
        name="Name",
        properties="ProtocolType, Description, Version, ApiEndpoint, DisableExecuteApiEndpoint, "
        "IpAddressType, AllowOrigins=CorsConfiguration.AllowOrigins, ApiGatewayManaged, "
        "CreatedDate",
    ),
    listing(
        "AWS::ApiGatewayV2::Stage",
        calls=(_HTTP_APIS, each("apigatewayv2", "GetStages", "Items[]", ApiId="{ApiId}")),
        arn=_HTTP + "/{^.ApiId}/stages/{StageName}",
        name="StageName",
        properties="Description, AutoDeploy, DeploymentId, "
        "LoggingLevel=DefaultRouteSettings.LoggingLevel, "
        "ThrottlingBurstLimit=DefaultRouteSettings.ThrottlingBurstLimit, "
        "ThrottlingRateLimit=DefaultRouteSettings.ThrottlingRateLimit, ApiGatewayManaged, "
        "CreatedDate, LastUpdatedDate",
        links=(
            "member-of AWS::ApiGatewayV2::Api ^.ApiId",
            "uses AWS::ApiGateway::ClientCertificate ClientCertificateId",
            "uses AWS::Logs::LogGroup AccessLogSettings.DestinationArn ~ arn:*:log-group:*[!*]",
            "uses AWS::Logs::LogGroup AccessLogSettings.DestinationArn ~ (arn:*:log-group:*):[*]",
        ),
    ),
    listing(
        "AWS::ApiGatewayV2::Route",
        calls=(_HTTP_APIS, each("apigatewayv2", "GetRoutes", "Items[]", ApiId="{ApiId}")),
        arn=_HTTP + "/{^.ApiId}/routes/{RouteId}",
        name="RouteKey",
        tags=None,
        properties="RouteKey, AuthorizationType, AuthorizationScopes, ApiKeyRequired, "
        "OperationName, ApiGatewayManaged",
        links=(
            "member-of AWS::ApiGatewayV2::Api ^.ApiId",
            "routes-to AWS::ApiGatewayV2::Integration Target/",
            "uses AWS::ApiGatewayV2::Authorizer AuthorizerId",
        ),
    ),
    # A route tells no more than which of these it takes.
    listing(
        "AWS::ApiGatewayV2::Integration",
        calls=(_HTTP_APIS, each("apigatewayv2", "GetIntegrations", "Items[]", ApiId="{ApiId}")),
        arn=_HTTP + "/{^.ApiId}/integrations/{IntegrationId}",
        name="IntegrationId",
        tags=None,
        properties="Description, IntegrationType, IntegrationSubtype, IntegrationMethod, "
        "ConnectionType, PayloadFormatVersion, TimeoutInMillis, ApiGatewayManaged",
        links=(
            "member-of AWS::ApiGatewayV2::Api ^.ApiId",
            "routes-to AWS::ApiGatewayV2::VpcLink ConnectionId",
            f"triggers AWS::Lambda::Function IntegrationUri ~ {_UNWRAPPED}",
            "triggers AWS::Lambda::Function IntegrationUri ~ (arn:*:function:*):*[!s]",
            "triggers AWS::Lambda::Function IntegrationUri ~ */functions/(arn:*:function:*)[:/]*",
            "routes-to AWS::ElasticLoadBalancingV2::Listener "
            "IntegrationUri ~ arn:*:elasticloadbalancing:*",
            "routes-to AWS::ServiceDiscovery::Service IntegrationUri ~ arn:*:servicediscovery:*",
            "runs-as AWS::IAM::Role CredentialsArn",
        ),
    ),
    listing(
        "AWS::ApiGatewayV2::VpcLink",
        calls=pages("apigatewayv2", "GetVpcLinks", "Items[]"),
        arn="arn:{partition}:apigateway:{region}::/vpclinks/{VpcLinkId}",
        name="Name",
        properties="State=VpcLinkStatus, VpcLinkStatusMessage, VpcLinkVersion, CreatedDate",
        links="in AWS::EC2::Subnet SubnetIds, uses AWS::EC2::SecurityGroup SecurityGroupIds",
    ),
    listing(
        "AWS::AppSync::GraphQLApi",
        calls=pages("appsync", "ListGraphqlApis", "graphqlApis[]"),
        arn="arn",
        name="name",
        tags="tags",
        properties="apiType, authenticationType, "
        f"AdditionalAuthenticationTypes={_MORE}.authenticationType, "
        "visibility, introspectionConfig, xrayEnabled, queryDepthLimit, resolverCountLimit, "
        "FieldLogLevel=logConfig.fieldLogLevel",
        links=(
            "uses AWS::Cognito::UserPool userPoolConfig.userPoolId",
            f"uses AWS::Cognito::UserPool {_MORE}.userPoolConfig.userPoolId",
            *(
                f"uses AWS::Lambda::Function {path}lambdaAuthorizerConfig.authorizerUri ~ {glob}"
                for path in ("", f"{_MORE}.")
                for glob in ("!*:function:*:*", "(arn:*:function:*):*")
            ),
            "uses AWS::WAFv2::WebACL wafWebAclArn ~ arn:*:wafv2:*",
            "runs-as AWS::IAM::Role mergedApiExecutionRoleArn",
            "runs-as AWS::IAM::Role logConfig.cloudWatchLogsRoleArn",
        ),
        # Others may share theirs with the account.
        keep=("owner", "{account}", ""),
    ),
    listing(
        "AWS::AppSync::DomainName",
        calls=(
            pages("appsync", "ListDomainNames", "domainNameConfigs[]"),
            each("appsync", "GetApiAssociation", into="Association", domainName="{domainName}"),
        ),
        arn="arn:{partition}:appsync:{region}:{account}:domainnames/{domainName}",
        name="domainName",
        tags="tags",
        properties="State=Association.apiAssociation.associationStatus, description, "
        "appsyncDomainName, hostedZoneId",
        links=(
            "routes-to AWS::AppSync::GraphQLApi Association.apiAssociation.apiId",
            "uses AWS::CertificateManager::Certificate certificateArn",
        ),
    ),
)
