"""What AWS's services can do, read from botocore's models."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import botocore
import msgspec
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader


class _Model(msgspec.Struct):
    """Of a service model only the names of the operations: the rest stays unparsed."""

    operations: dict[str, msgspec.Raw]


_decoder = msgspec.json.Decoder(_Model)
_DATA = Path(botocore.__file__).parent / "data"


@cache
def builtin_loader() -> Loader:
    """Return what loads botocore's own models, none of ~/.aws/models or $AWS_DATA_PATH."""
    return Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


@cache
def operations_of(service: str) -> frozenset[str]:
    """Return a service's operation names; empty where botocore knows no such service.

    It reads names only, at about 2 ms a service: loading the whole model of EC2 alone costs
    a hundred.
    """
    try:
        version = builtin_loader().determine_latest_version(service, "service-2")
    except (DataNotFoundError, UnknownServiceError):
        return frozenset()
    path = _DATA / service / version / "service-2.json.gz"
    return frozenset(_decoder.decode(gzip.decompress(path.read_bytes())).operations)
