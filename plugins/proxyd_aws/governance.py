"""Organizations, Config, CloudTrail, RAM, Service Catalog, Budgets, Cost Explorer."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
