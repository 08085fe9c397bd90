"""ELB, ELBv2."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
