"""A target's queue of events: read by the same role, under a session policy for nothing else.

Messages are never deleted, since proxyd changes nothing: each stays invisible for longer than a
queue of short retention keeps it (SQS Developer Guide, "Visibility timeout").
"""

from __future__ import annotations

from proxyd.aws.binding import Binding, calling
from proxyd.aws.clients import Clients
from proxyd.aws.outcome import translated
from proxyd.model import Operation

RECEIVE_MESSAGE = Operation("sqs", "ReceiveMessage")

WAIT = 10
"""Seconds for which SQS keeps a question open: less than any read timeout should be."""

AT_ONCE = 10
"""Messages of one answer: as many as SQS gives."""

HIDDEN = 43_200
"""Seconds for which a message that was read is shown to nobody: the most that SQS knows."""

_SUFFIX = {"aws-cn": "amazonaws.com.cn"}


class Queue:
    """One queue, by its ARN, and whose calls to it these are."""

    def __init__(self, arn: str, clients: Clients, binding: Binding) -> None:
        _, partition, _, self._region, account, name = arn.split(":")
        suffix = _SUFFIX.get(partition, "amazonaws.com")
        self._url = f"https://sqs.{self._region}.{suffix}/{account}/{name}"
        self._clients = clients
        self._binding = binding

    async def receive(self) -> list[str]:
        """Wait for messages and return their bodies; none after a while without any.

        Raises:
            AwsError: the role may not read it, it is not there, or it can not be reached.

        """
        with translated(RECEIVE_MESSAGE, self._region):
            client = await self._clients.get("sqs", self._region)
            with calling(self._binding, RECEIVE_MESSAGE):
                answer = await client.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=AT_ONCE,
                    WaitTimeSeconds=WAIT,
                    VisibilityTimeout=HIDDEN,
                )
        return [message.get("Body", "") for message in answer.get("Messages", ())]
