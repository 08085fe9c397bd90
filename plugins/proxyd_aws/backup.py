"""Backup, Data Lifecycle Manager, DataSync, Transfer Family."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
