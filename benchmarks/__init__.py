"""Benchmarks: each a package with one command, described in docs/benchmarks.md."""
