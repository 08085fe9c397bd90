"""VPN, transit gateways, client VPN, Direct Connect, Network Manager, flow logs if network.p."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
