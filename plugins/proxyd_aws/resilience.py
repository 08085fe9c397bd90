"""Resilience Hub, Fault Injection Service."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
