"""Athena, EMR, EMR Serverless, Lake Formation, QuickSight, Data Pipeline."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
