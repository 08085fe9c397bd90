"""WAFv2, Shield, Network Firewall, Firewall Manager."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
