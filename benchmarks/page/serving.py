"""Start proxyd with the benchmark's plugin instead of those that are installed."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from proxyd import registry
from proxyd.cli import main

if __name__ == "__main__":
    registry.discover = lambda: [EntryPoint("benchmark", "benchmarks.page.plugin", "proxyd")]
    main()
