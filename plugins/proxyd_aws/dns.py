"""Route 53."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
