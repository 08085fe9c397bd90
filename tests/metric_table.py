"""The metrics, as docs/metrics.md has them."""

from __future__ import annotations

from proxyd.metrics import Metrics

SUFFIX = {"counter": "_total"}


def rows() -> dict[str, tuple[str, str]]:
    """Return each metric's labels and what it says of itself, by the name that Prometheus has."""
    metrics = Metrics()
    metrics.watch_streams(lambda: 0, lambda: 0)
    labels = {
        metric._name: metric._labelnames  # noqa: SLF001 - a metric without samples tells no labels
        for metric in vars(metrics).values()
        if hasattr(metric, "_labelnames")
    }
    return {
        f"{family.name}{SUFFIX.get(family.type, '')}": (
            ", ".join(f"`{label}`" for label in labels.get(family.name, ())),
            family.documentation,
        )
        for family in metrics.registry.collect()
    }
