"""A shard's AWS: declared operations only, through the session that holds their actions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any

from botocore import xform_name

from proxyd import resource
from proxyd.actions import actions_of, with_besides
from proxyd.aws import tags
from proxyd.aws.binding import Binding, calling
from proxyd.aws.clients import Clients
from proxyd.aws.outcome import translated
from proxyd.aws.tags import RegionTags
from proxyd.errors import AwsError, Cause
from proxyd.model import Detail, Link, Operation, Property, Resource, Scanner
from proxyd.tagging import tags_by_arn


class AwsShard:
    """What a scanner is handed: `proxyd.model.Shard`, and for the engine what came of it.

    Attributes:
        asked: the operations that it has called so far.
        sampling: whether the tags of a few resources are enough: those of one page.

    """

    def __init__(
        self,
        scanner: Scanner,
        *,
        account: str,
        partition: str,
        region: str,
        endpoint_region: str,
        is_home: bool,
        detail: Detail,
        clients: Clients,
        binding: Binding,
        region_tags: RegionTags,
    ) -> None:
        self.type = scanner.type
        self.account = account
        self.partition = partition
        self.region = region
        self.detail = detail
        self.is_home = is_home
        self.problem: AwsError | None = None
        self.refused: set[str] = set()
        self.causes: dict[str, Cause] = {}
        self.asked: set[Operation] = set()
        self.sampling = False
        self._endpoint_region = endpoint_region
        self._clients = clients
        self._reads = scanner.reads
        self._declared = frozenset(actions_of(with_besides(scanner.operations)))
        self._binding = binding
        self._region_tags = region_tags

    @property
    def calls(self) -> int:
        """Requests sent so far, retries included."""
        return self._binding.meter.calls

    @property
    def throttles(self) -> int:
        """Answers so far that were throttles."""
        return self._binding.meter.throttles

    async def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Call one declared operation once.

        Raises:
            AwsError: the call failed for good.
            DeclarationError: the operation was not declared.

        """
        wanted = Operation(service, operation)
        client = await self._client(wanted)
        with self._calling(wanted, self._reads.get(wanted)):
            answer: dict[str, Any] = await getattr(client, xform_name(operation))(**params)
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
        client = await self._client(wanted)
        paged = self._clients.paging(client, wanted)
        if paged is None:
            yield await self.call(service, operation, **params)
            return
        reads = self._reads.get(wanted)
        paths = None if reads is None else (*reads, *paged.reads)
        key = (service, self._endpoint_region)
        paginator = self._clients.paginator(client, key, operation)
        answers = aiter(paginator.paginate(PaginationConfig=paged.config, **params))
        while True:
            # The call is bound for this step only, not for whoever reads the pages.
            with self._calling(wanted, paths):
                answer = await anext(answers, None)
            if answer is None:
                return
            yield answer

    async def tags(self, kind: str) -> dict[str, dict[str, str]]:
        """Read the tags of a kind of resources from the tagging API, by ARN."""
        self.asked.add(Operation(tags.SERVICE, tags.OPERATION))  # which others may ask for it
        mappings = await self._region_tags.mappings(kind, self._ask_for_tags)
        if mappings is not None:
            return tags_by_arn(mappings)
        if self.sampling:
            return {}
        found: dict[str, dict[str, str]] = {}
        async with aclosing(
            self.pages(tags.SERVICE, tags.OPERATION, ResourceTypeFilters=[kind])
        ) as answers:
            async for answer in answers:
                found |= tags_by_arn(answer.get("ResourceTagMappingList", ()))
        return found

    async def _ask_for_tags(self, kinds: list[str]) -> dict[str, Any]:
        return await self.call(
            tags.SERVICE, tags.OPERATION, ResourceTypeFilters=kinds, ResourcesPerPage=tags.PAGE
        )

    async def _client(self, wanted: Operation) -> Any:
        self._binding.check(wanted)
        self.asked.add(wanted)
        with translated(wanted, self.region):
            return await self._clients.get(wanted.service, self._endpoint_region)

    @contextmanager
    def _calling(self, wanted: Operation, paths: tuple[str, ...] | None) -> Iterator[None]:
        with translated(wanted, self.region), calling(self._binding, wanted, paths):
            yield

    def incomplete(self, error: Exception) -> None:
        """Note that something could not be seen; the first of them decides the status."""
        problem = error if isinstance(error, AwsError) else AwsError("failed", type(error).__name__)
        if problem.status == "denied" and problem.action is not None:
            # What a key or a data lake asks for besides may be much more than reading a list.
            if problem.action in self._declared:
                self.refused.add(problem.action)
            else:
                problem = problem.because("undeclared")
        if problem.action is not None and problem.cause is not None:
            self.causes.setdefault(problem.action, problem.cause)
        self.problem = self.problem or problem

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
