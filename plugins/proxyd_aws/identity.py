"""IAM, IAM Identity Center."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
