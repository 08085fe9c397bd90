"""Kinesis, Firehose, MSK, Kinesis Analytics."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
