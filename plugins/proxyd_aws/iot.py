"""IoT Core, IoT SiteWise."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
