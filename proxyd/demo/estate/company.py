"""What the company runs: data only. Each account has one of two portfolios of applications."""

from __future__ import annotations

from dataclasses import dataclass

CONFIDENTIAL = "not-for-display"
"""Part of every value that a listing must not show; with a canary, `not-for-display-CANARY`."""


@dataclass(frozen=True)
class App:
    """An application and what it needs in each region that it runs in."""

    name: str
    team: str
    instances: int = 0
    stopped: int = 0
    functions: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    web: bool = False
    """Behind the load balancer."""
    service: bool = False
    """Runs in the ECS cluster."""


@dataclass(frozen=True)
class Portfolio:
    """What one account is for."""

    domain: str
    apps: tuple[App, ...]
    database: str
    """The application with a database instance of its own."""
    cluster: str
    """The application with a database cluster of its own."""
    buckets: tuple[str, ...]


@dataclass(frozen=True)
class Extent:
    """How much of the portfolio a region has."""

    apps: int
    zones: int
    instances: int
    """At most so many of each application."""
    networks: tuple[str, ...]
    databases: bool
    kubernetes: bool


SHOP = Portfolio(
    domain="northwind-outdoor.com",
    apps=(
        App(
            "checkout",
            "payments",
            instances=4,
            functions=("authorise-card", "send-receipt"),
            queues=("payment-events", "refunds"),
            tables=("carts",),
            web=True,
            service=True,
        ),
        App(
            "orders",
            "fulfilment",
            instances=3,
            functions=("plan-shipment",),
            queues=("placed", "shipments"),
            tables=("ledger", "returns"),
            service=True,
        ),
        App(
            "catalog",
            "storefront",
            instances=3,
            stopped=1,
            functions=("resize-image", "index-product"),
            queues=("image-uploads",),
            tables=("products",),
            web=True,
            service=True,
        ),
        App("search", "storefront", instances=3, web=True),
        App(
            "accounts",
            "identity",
            instances=2,
            functions=("verify-email",),
            tables=("profiles", "sessions"),
            service=True,
        ),
        App("notify", "platform", functions=("send-push",), queues=("outbox",), service=True),
    ),
    database="orders",
    cluster="accounts",
    buckets=("assets", "product-images", "invoices", "access-logs", "backups"),
)

ANALYTICS = Portfolio(
    domain="insights.northwind-outdoor.net",
    apps=(
        App(
            "ingest",
            "data-platform",
            instances=3,
            functions=("validate-event", "dead-letter-replay"),
            queues=("clicks", "purchases"),
            tables=("offsets",),
            web=True,
            service=True,
        ),
        App(
            "warehouse",
            "data-platform",
            instances=4,
            functions=("rotate-partitions",),
            queues=("loads",),
            tables=("partitions", "lineage"),
            service=True,
        ),
        App("forecast", "demand-science", instances=3, stopped=2, tables=("models",), service=True),
        App("reports", "finance", instances=2, functions=("render-pdf",), web=True, service=True),
        App("notebooks", "demand-science", instances=3, stopped=2, web=True),
        App("quality", "data-platform", functions=("check-schema",), queues=("alerts",)),
    ),
    database="reports",
    cluster="warehouse",
    buckets=("raw-events", "curated", "model-artifacts", "query-results", "access-logs"),
)

PORTFOLIOS = (SHOP, ANALYTICS)
"""By the target's place in the list, in turn."""

HOME = Extent(
    apps=6, zones=3, instances=4, networks=("main", "shared"), databases=True, kubernetes=True
)
STANDBY = Extent(apps=2, zones=2, instances=2, networks=("main",), databases=True, kubernetes=False)
EDGE = Extent(apps=1, zones=2, instances=1, networks=("main",), databases=False, kubernetes=False)

EXTENTS = (HOME, STANDBY, EDGE)
"""By the region's place in the target's list; what comes after the last has the last one's."""
