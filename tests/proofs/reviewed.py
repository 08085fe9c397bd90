"""What the proofs would complain about and should not, each with the reason.

A proof fails too where an entry is not needed any more.
"""

TYPES = {
    "AWS::EC2::Image": "CloudFormation can not make images, everybody has them",
}
"""Types that CloudFormation's registry does not have → why they are listed nevertheless."""

LISTS: dict[str, str] = {}
"""Types that are listed by another action than CloudFormation's own list handler → why."""
