"""SageMaker, Bedrock."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
