"""proxyd: a read-only relay that streams what is in AWS accounts, live, and keeps nothing."""

__version__ = "0.1.0"
