"""All that a plugin author imports.

A plugin is a distribution with an entry point in the group `proxyd` that names a module
with a `@hookimpl` called `proxyd_scanners`. docs/plugins.md has a complete one.
"""

from proxyd.errors import AwsError
from proxyd.hookspecs import hookimpl
from proxyd.listing import batch, each, listing, one, pages, tagged
from proxyd.model import Link, LinkTo, Operation, Resource, Scanner, Shard

__all__ = [
    "AwsError",
    "Link",
    "LinkTo",
    "Operation",
    "Resource",
    "Scanner",
    "Shard",
    "batch",
    "each",
    "hookimpl",
    "listing",
    "one",
    "pages",
    "tagged",
]
