"""DynamoDB."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
