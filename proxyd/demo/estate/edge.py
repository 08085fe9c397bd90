"""What the world sees first: names and the content network."""

from __future__ import annotations

from typing import Any

from .site import Site, pairs


def make_edge(site: Site) -> None:
    """Make the account's zones and its distribution, which leads to this region."""
    domain = f"{site.name(site.target)}.{site.portfolio.domain}"
    public = _make_zone(site, domain, {})
    network = {"VPCRegion": site.region, "VPCId": site.ids["main"]}
    _make_zone(site, f"internal.{domain}", {"VPC": network})
    host = _make_distribution(site, f"www.{domain}")
    _point(site, public, f"www.{domain}", host)


def _make_zone(site: Site, domain: str, private: dict[str, Any]) -> str:
    route53 = site.aws("route53")
    zone = route53.create_hosted_zone(
        Name=domain,
        CallerReference=domain,
        HostedZoneConfig={"Comment": site.text(domain), "PrivateZone": bool(private)},
        **private,
    )["HostedZone"]["Id"]
    identifier = zone.rsplit("/", 1)[-1]
    route53.change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=identifier, AddTags=pairs(site.tags(domain))
    )
    site.globally["AWS::Route53::HostedZone"] += 1
    return str(identifier)


def _make_distribution(site: Site, domain: str) -> str:
    made = site.aws("cloudfront").create_distribution_with_tags(
        DistributionConfigWithTags={
            "DistributionConfig": _configuration(site, domain),
            "Tags": {"Items": pairs(site.tags("www"))},
        }
    )
    site.globally["AWS::CloudFront::Distribution"] += 1
    return str(made["Distribution"]["DomainName"])


def _configuration(site: Site, domain: str) -> dict[str, Any]:
    secure = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    host = site.ids["balancer-host"]
    return {
        "CallerReference": domain,
        "Comment": site.text(f"Serves {domain}"),
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": [domain]},
        "Origins": {
            "Quantity": 1,
            "Items": [{"Id": "web", "DomainName": host, "CustomOriginConfig": secure}],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "web",
            "ViewerProtocolPolicy": "redirect-to-https",
            "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}},
            "MinTTL": 0,
        },
    }


def _point(site: Site, zone: str, name: str, host: str) -> None:
    record = {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": host}]}
    site.aws("route53").change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]},
    )
