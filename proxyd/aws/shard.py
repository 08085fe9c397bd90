"""A shard's AWS: declared operations only, through the session that holds their actions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

from botocore import xform_name

from proxyd import resource
from proxyd.aws.binding import Binding, Credentials, Meter, bound
from proxyd.aws.clients import Clients
from proxyd.aws.outcome import outcome
from proxyd.aws.pages import pagination
from proxyd.errors import AwsError, DeclarationError
from proxyd.model import Detail, Link, Operation, Property, Resource, Scanner


class AwsShard:
    """What a scanner is handed: `proxyd.model.Shard`, and for the engine what came of it."""

    def __init__(
        self,
        scanner: Scanner,
        *,
        account: str,
        partition: str,
        region: str,
        endpoint_region: str,
        detail: Detail,
        clients: Clients,
        credentials: Credentials,
        meter: Meter,
    ) -> None:
        self.type = scanner.type
        self.account = account
        self.partition = partition
        self.region = region
        self.detail = detail
        self.problem: AwsError | None = None
        self._endpoint_region = endpoint_region
        self._clients = clients
        self._meter = Meter(meter)
        self._binding = Binding(credentials, frozenset(scanner.needs(detail)), self._meter)

    @property
    def calls(self) -> int:
        """Requests sent so far, retries included."""
        return self._meter.calls

    async def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Call one declared operation once.

        Raises:
            AwsError: the call failed for good.
            DeclarationError: the operation was not declared.

        """
        wanted = Operation(service, operation)
        self._binding.check(wanted)
        try:
            client = await self._clients.get(service, self._endpoint_region)
            with bound(self._binding):
                answer: dict[str, Any] = await getattr(client, xform_name(operation))(**params)
        except (AwsError, DeclarationError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever botocore raises becomes an outcome
            raise outcome(error, wanted, self.region) from None
        return answer

    async def pages(
        self, service: str, operation: str, **params: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Call one declared operation for page after page.

        Raises:
            AwsError: a call failed for good.
            DeclarationError: the operation was not declared.

        """
        wanted = Operation(service, operation)
        self._binding.check(wanted)
        client = await self._client(wanted)
        config = pagination(client, operation)
        if config is None:
            yield await self.call(service, operation, **params)
            return
        paginator = client.get_paginator(xform_name(operation))
        answers = aiter(paginator.paginate(PaginationConfig=config, **params))
        while (answer := await self._next(answers, wanted)) is not None:
            yield answer

    async def _client(self, wanted: Operation) -> Any:
        try:
            return await self._clients.get(wanted.service, self._endpoint_region)
        except Exception as error:  # noqa: BLE001 - whatever botocore raises becomes an outcome
            raise outcome(error, wanted, self.region) from None

    async def _next(
        self, answers: AsyncIterator[dict[str, Any]], wanted: Operation
    ) -> dict[str, Any] | None:
        """Take the next page: the binding holds for this step, not for whoever reads the pages."""
        try:
            with bound(self._binding):
                return await anext(answers, None)
        except (AwsError, DeclarationError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever botocore raises becomes an outcome
            raise outcome(error, wanted, self.region) from None

    def incomplete(self, error: Exception) -> None:
        """Note that something could not be seen; the first of them decides the status."""
        if self.problem is None:
            self.problem = (
                error if isinstance(error, AwsError) else AwsError("failed", type(error).__name__)
            )

    def resource(
        self,
        *,
        arn: str,
        id: str,  # noqa: A002 - the wire's own word
        name: str = "",
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, Property] | None = None,
        links: tuple[Link, ...] = (),
        region: str | None = None,
    ) -> Resource:
        """Make a resource of this shard's type, account and region, with its hash."""
        return resource.make(
            type=self.type,
            account=self.account,
            region=region or self.region,
            arn=arn,
            id=id,
            name=name or id,
            tags=tags or {},
            properties=properties or {},
            links=links,
        )
