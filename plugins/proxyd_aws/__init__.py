"""First-party scanners for AWS, by domain. They import what anyone's would: `proxyd.plugin`.

The relations of links are few, and always read from the resource to the other end:
in (a network, a cluster), member-of (a group), uses, routes-to, attached-to,
encrypts-with, runs-as (a role), runs (what a group or service started), triggers, and
allows (traffic from).
"""
