"""Systems Manager."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
