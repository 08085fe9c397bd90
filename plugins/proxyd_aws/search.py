"""OpenSearch, Elasticsearch."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
