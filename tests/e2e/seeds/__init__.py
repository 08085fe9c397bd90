"""What tests make in an emulator, domain by domain, to see whether scanners find just that."""

REGION = "eu-west-1"

Made = dict[str, set[str]]
"""Resource type → the ARNs of what was made, as AWS tells them."""
