"""Step Functions, MWAA, AppFlow."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
