"""Redshift, Redshift Serverless."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
