"""Who proxyd is in AWS: by whose credentials it would assume the roles."""

from __future__ import annotations

import re

from proxyd.aws.binding import Binding, Meter, calling
from proxyd.aws.outcome import translated
from proxyd.aws.quota import Pacer
from proxyd.aws.session import Unassumed
from proxyd.aws.shared import Shared
from proxyd.model import Operation

GET_CALLER_IDENTITY = Operation("sts", "GetCallerIdentity")

_SESSION = re.compile(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/.*")


async def own_identity(shared: Shared, region: str) -> str:
    """Ask STS whose the credentials are that botocore's chain finds, as an ARN.

    Raises:
        AwsError: there are none, they are not good, or STS can not be reached.

    """
    call = Binding(
        credentials=Unassumed(),
        operations=frozenset({GET_CALLER_IDENTITY}),
        meter=Meter(),
        pace=Pacer(shared.buckets, "", "proxyd"),
    )
    with translated(GET_CALLER_IDENTITY, region):
        sts = await shared.clients.base("sts", region)
        with calling(call, GET_CALLER_IDENTITY):
            answer = await sts.get_caller_identity()
    return lasting(answer["Arn"])


def same_identity(one: str, other: str) -> bool:
    """Whether two ARNs are of one role or user, of which one may lack the path."""
    return _without_path(one) == _without_path(other)


def _without_path(arn: str) -> tuple[str, str]:
    kind, _, name = arn.partition("/")
    return kind, name.rpartition("/")[2]


def lasting(arn: str) -> str:
    """Return the role of a session; the ARN of a session leaves out a role's path."""
    session = _SESSION.fullmatch(arn)
    return arn if session is None else "arn:{}:iam::{}:role/{}".format(*session.groups())
