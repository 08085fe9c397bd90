"""GuardDuty, Security Hub, Inspector, Detective, Security Lake, Access Analyzer, Audit Manag."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
