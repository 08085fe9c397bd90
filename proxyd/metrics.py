"""Prometheus metrics; no label can hold a principal, a target or anything that AWS said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

_NAMESPACE = "proxyd"
_Metric = TypeVar("_Metric", Counter, Gauge)
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """The metrics of one daemon, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        named = partial(_named, self.registry)
        self.streams_open = named(Gauge, "streams_open", "Streams open now")
        self.streams = named(Counter, "streams", "Streams that ended", ["outcome"])
        self.refused = named(Counter, "requests_refused", "Requests refused", ["code"])
        self.logins = named(Counter, "logins_refused", "Credentials refused", ["reason"])
        self.reloads = named(Counter, "reloads", "Times SIGHUP was answered", ["outcome"])
        self.sessions = named(Gauge, "sessions", "Browser sessions")
        self.events = named(Counter, "events", "Events sent")
        self.sent = named(Counter, "bytes", "Bytes of events sent")
        self.shards = named(Counter, "shards", "Shards that ended", ["status"])
        self.calls = named(Counter, "aws_calls", "Requests sent to AWS, retries included")
        self.backlog = named(Gauge, "backlog_bytes", "Bytes that wait for their readers")
        self.lagged = named(Counter, "streams_lagged", "Times that a socket was full")
        self.resumed = named(Counter, "streams_resumed", "Streams that went on", ["outcome"])
        self.pushed = named(Counter, "pushed_events", "Events read from queues", ["outcome"])
        self.feeds = named(Gauge, "feeds", "Targets that are kept live")
        self.held = named(Gauge, "feed_bytes", "Bytes that what is kept live takes, about")
        self.audit_failures = named(
            Counter, "audit_failures", "Times that an audit sink stopped to take records", ["sink"]
        )
        self.audit_failed = named(Gauge, "audit_sinks_failed", "Audit sinks that take no records")
        self.sandbox = named(Gauge, "sandbox_layers", "Layers of the sandbox", ["state"])
        self.first = Histogram(
            "first_resource_seconds",
            "From the request to its first resource",
            namespace=_NAMESPACE,
            registry=self.registry,
            buckets=_SECONDS,
        )

    def count_sent(self, events: int, size: int) -> None:
        """Count events and bytes that were written."""
        self.events.inc(events)
        self.sent.inc(size)

    def watch_feeds(self, feeds: Callable[[], int], held: Callable[[], int]) -> None:
        """Ask for the number and the size of the feeds whenever the metrics are read."""
        self.feeds.set_function(feeds)
        self.held.set_function(held)

    def watch_streams(self, backlog: Callable[[], int], throttles: Callable[[], int]) -> None:
        """Ask for the bytes that wait, and the throttles, whenever the metrics are read."""
        self.backlog.set_function(backlog)
        self.registry.register(_Count("aws_throttles", "Times that AWS throttled", throttles))

    def watch_audit(self, failed: Callable[[], int]) -> None:
        """Ask for the number of failed sinks whenever the metrics are read."""
        self.audit_failed.set_function(failed)

    def text(self) -> bytes:
        """Render them in the Prometheus text format."""
        return generate_latest(self.registry)


class _Count(Collector):
    """A counter that something else counts."""

    def __init__(self, name: str, what: str, count: Callable[[], int]) -> None:
        self._name = f"{_NAMESPACE}_{name}"
        self._what = what
        self._count = count

    def collect(self) -> Iterable[Metric]:
        """Ask how many there were."""
        yield CounterMetricFamily(self._name, self._what, value=self._count())


def _named(
    registry: CollectorRegistry,
    kind: type[_Metric],
    name: str,
    what: str,
    labels: Sequence[str] = (),
) -> _Metric:
    return kind(name, what, labels, namespace=_NAMESPACE, registry=registry)
