"""SES, Pinpoint, Connect."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
