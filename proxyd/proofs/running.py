"""Run a scanner against an endpoint that answers from the service models, and say what is wrong.

It goes through proxyd's own client, guard, parsers and engine; what comes out is read from the
bytes of the stream.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Self

import msgspec
from botocore.credentials import ReadOnlyCredentials

from proxyd import sse
from proxyd.allowance import Allowance
from proxyd.aws.binding import Binding, Meter
from proxyd.aws.clients import Clients
from proxyd.aws.regions import home_of
from proxyd.aws.shard import AwsShard
from proxyd.aws.tags import OPERATION, SERVICE, RegionTags
from proxyd.declaration import Batch, Declaration
from proxyd.engine import Engine, Work
from proxyd.events import Event, ShardEnded
from proxyd.model import GLOBAL, Detail, Operation, Resource, Scanner
from proxyd.paths import CONSTANTS, NOT, ONLY, placeholders
from proxyd.proofs.answers import HOSTILE, Maker, Marks, Place, Where, pagination, tokens_of
from proxyd.proofs.endpoint import Endpoint
from proxyd.settings import Aws

ACCOUNT = "222222222222"
ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):[a-z0-9-]+:([a-z0-9-]*):(\d{12}|aws|):\S.*")
TAGS = Operation(SERVICE, OPERATION)
TAG = {"Key": "tagged", "Value": "so"}
_SECONDS = 60.0
_DEEP = 100
"""Requests of one operation after which there is nothing more to find."""


class _Nobody:
    """Credentials and pace of a call that nobody checks."""

    async def current(self) -> ReadOnlyCredentials:
        """Return credentials that sign and open nothing."""
        return ReadOnlyCredentials("AKIAEXAMPLE", "secret", None)

    async def renew(self, stale: ReadOnlyCredentials) -> None:
        """Never needed."""

    async def wait(self, service: str, region: str) -> None:
        """Go on at once."""

    def throttled(self, service: str, region: str) -> None:
        """Never so."""


class Run(msgspec.Struct):
    """What came of one run.

    Attributes:
        resources: as they stood in the stream.
        ended: how the shard ended.
        asked: the operations that were called.
        repeated: whether any was called twice in the same words.
        declared: whether the scanner is a declaration.

    """

    resources: list[dict[str, Any]]
    ended: dict[str, Any]
    asked: list[Operation]
    repeated: bool
    declared: bool
    marks: Marks
    where: Where


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How the endpoint answers, and the scanner asks.

    Attributes:
        pages: answers that each list gives.
        size: elements of every list.
        bare: only what identifies a resource is there.
        nothing: answers without any member.
        hostile: texts are such as would break out of markup, logs and frames.
        tagged: ARNs that the tagging API knows.
        turn: with which of several possible values each field begins.

    """

    partition: str = "aws"
    detail: Detail = "full"
    pages: int = 1
    size: int = 2
    bare: bool = False
    nothing: bool = False
    hostile: bool = False
    tagged: tuple[str, ...] = ()
    turn: int = 0


_PLAIN = Way()


class Prover:
    """Runs scanners, one after the other, against an endpoint of its own."""

    def __init__(self) -> None:
        self._endpoint = Endpoint()
        self._clients: Clients | None = None

    async def __aenter__(self) -> Self:
        await self._endpoint.__aenter__()
        # Nothing of the environment is asked: every call brings its credentials along.
        self._clients = Clients(Aws(endpoint_url=self._endpoint.url))
        await self._clients.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._clients is not None
        await self._clients.__aexit__(*exc)
        await self._endpoint.__aexit__(*exc)

    async def wrong(self, scanner: Scanner) -> list[str]:
        """Run a scanner in every way, and return what is wrong with it, in words."""
        full = await self._run(scanner)
        found = [*_incomplete(full), *_calls(scanner, full, "full")]
        found += [w for r in full.resources for w in _wrong_resource(scanner, full, r)]
        found += _twice(full)
        found += [] if full.resources else ["finds nothing in a full answer"]
        for name, prove in _WAYS.items():
            found += [f"{name}: {w}" for w in await prove(self._run, scanner, full)]
        return list(dict.fromkeys(found))

    async def _run(self, scanner: Scanner, way: Way = _PLAIN) -> Run:
        partition = way.partition
        home = home_of(partition, scanner.service)
        region = GLOBAL if scanner.scope == "global" else _REGIONS[partition]
        where = Where(partition, home if region == GLOBAL else region, ACCOUNT)
        marks = Marks()
        self._endpoint.serve(scanner.operations, _Answers(scanner, marks, where, way))
        assert self._clients is not None
        shard = partial(_shard, clients=self._clients, where=where, way=way)
        events: list[Event] = []

        async def emit(event: Event) -> None:
            events.append(event)

        await Engine(shards_at_once=1, shard_seconds=_SECONDS).run(
            [Work(scanner, region)], shard, emit
        )
        told = [msgspec.json.decode(sse.data_of(event)) for event in events]
        resources = [t for t, e in zip(told, events, strict=True) if isinstance(e, Resource)]
        [ended] = [t for t, e in zip(told, events, strict=True) if isinstance(e, ShardEnded)]
        return Run(
            resources,
            ended,
            self._endpoint.asked,
            self._endpoint.repeated,
            scanner.declaration is not None,
            marks,
            where,
        )


_REGIONS = {"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def _shard(
    scanner: Scanner,
    region: str,
    allowance: Allowance,
    *,
    clients: Clients,
    where: Where,
    way: Way,
) -> AwsShard:
    nobody = _Nobody()
    return AwsShard(
        scanner,
        account=where.account,
        partition=where.partition,
        region=region,
        endpoint_region=where.region,
        is_home=False,
        detail=way.detail,
        clients=clients,
        binding=Binding(
            credentials=nobody,
            operations=frozenset(scanner.needs(way.detail)),
            meter=Meter(),
            pace=nobody,
            allowance=allowance,
        ),
        region_tags=RegionTags(()),
    )


class _Answers:
    """Answers the operations of one scanner."""

    def __init__(self, scanner: Scanner, marks: Marks, where: Where, way: Way) -> None:
        self._way = way
        identifying = _identifying(scanner)
        filters = _Filters(scanner, where)
        self._makers = {
            operation: Maker(
                operation,
                marks,
                where,
                keys=scanner.reads.get(operation, ()),
                texts=filters.texts[operation],
                avoided=filters.avoided[operation],
                only=identifying[operation] if way.bare and identifying else None,
                spared=identifying[operation] if way.hostile and identifying else None,
                omitted=filters.omitted[operation],
                size=way.size,
                turn=way.turn,
            )
            for operation in scanner.operations
        }
        self._tokens: dict[Operation, list[str]] = {}
        self._asked: Counter[Operation] = Counter()

    def __call__(self, operation: Operation, request: str) -> dict[str, Any]:
        """Answer one request; the same request always gets the same answer."""
        if self._way.nothing:
            return {}
        if operation == TAGS:
            return {
                "ResourceTagMappingList": [
                    {"ResourceARN": arn, "Tags": [TAG]} for arn in self._way.tagged
                ]
            }
        self._asked[operation] += 1
        if self._asked[operation] > _DEEP:
            return {}  # whoever walks a tree finds no end to it
        known = self._tokens.setdefault(operation, [])
        page = 1 + sum(token in request for token in known)
        answer = self._makers[operation].answer(request, more=page < self._way.pages)
        if page < self._way.pages:
            known += tokens_of(operation, answer)
        return answer


def _identifying(scanner: Scanner) -> dict[Operation, set[str]]:
    """Return the paths without which there is no resource, or no next call; {}: nobody knows."""
    found: dict[Operation, set[str]] = {op: set() for op in scanner.operations}
    declared: Declaration | None = scanner.declaration
    if declared is None:
        return {}
    used = placeholders(declared.arn) or [declared.arn]
    used += [declared.id] if declared.id else []
    used += [*declared.keep[:1], *declared.drop[:1]]
    used += [p for glob in (*declared.keep[1:], *declared.drop[1:]) for p in placeholders(glob)]
    for path in used:
        if path not in CONSTANTS:
            for operation, at in declared.origins(path):
                found[operation].add(at)
    for index, step in enumerate(declared.steps):
        before = msgspec.structs.replace(declared, steps=declared.steps[:index])
        for path in _paths_in(step.params):
            for operation, at in before.origins(path):
                found[operation].add(at)
        if step.items is not None:
            found[step.op].add(step.items)
    return found


def _paths_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield from (path for path in placeholders(value) if path not in CONSTANTS)
        case list():
            yield from (path for each in value for path in _paths_in(each))
        case dict():
            yield from (path for each in value.values() for path in _paths_in(each))


class _Filters:
    """What values have to be like, and must not be, so that a scanner's filters pass them."""

    def __init__(self, scanner: Scanner, where: Where) -> None:
        self.texts: dict[Operation, dict[str, list[str]]] = {op: {} for op in scanner.operations}
        self.avoided: dict[Operation, dict[str, list[str]]] = {op: {} for op in scanner.operations}
        self.omitted: dict[Operation, set[str]] = {op: set() for op in scanner.operations}
        declared: Declaration | None = scanner.declaration
        if declared is None:
            return
        for path in [*declared.properties.values(), *(link.path for link in declared.links)]:
            plain, _, glob = path.partition(ONLY)
            if glob:
                like = "" if glob.startswith(NOT) else _of_this_place(glob, where)
                _note(declared, self.texts, plain, [like])
        constants = where._asdict()
        kept, dropped = _globs(declared.keep, constants), _globs(declared.drop, constants)
        _note(declared, self.texts, "".join(declared.keep[:1]), kept)
        _note(declared, self.avoided, "".join(declared.drop[:1]), dropped)
        if declared.keep[1:] == ("",):
            for operation, at in declared.origins(declared.keep[0]):
                self.omitted[operation].add(at)
        if not placeholders(declared.arn):
            arn = f"arn:{where.partition}:{scanner.service}:{where.region}:{where.account}:thing/*"
            _note(declared, self.texts, declared.arn, [arn])


def _note(
    declared: Declaration,
    noted: dict[Operation, dict[str, list[str]]],
    path: str,
    globs: list[str],
) -> None:
    if path and globs:
        for operation, at in declared.origins(path):
            noted[operation].setdefault(at, []).extend(globs)


def _globs(words: tuple[str, ...], constants: dict[str, str]) -> list[str]:
    """Fill the globs of a filter; one that names another field of the item is left out."""
    globs = [glob for glob in words[1:] if set(placeholders(glob)) <= CONSTANTS]
    return [glob.format_map(constants) for glob in globs if glob]


def _of_this_place(glob: str, where: Where) -> str:
    """Make a glob over ARNs to one that only ARNs of this place match."""
    parts = glob.split(":")
    if parts[0] != "arn":
        return glob
    here = ["arn", where.partition, "*", where.region, where.account, "*"]
    parts += here[len(parts) :]
    return ":".join(h if p == "*" else p for p, h in zip(parts, [*here, *parts[6:]], strict=True))


async def _absent(run: _Ask, scanner: Scanner, full: Run) -> list[str]:
    """Only what identifies a resource is there."""
    less = await run(scanner, Way(bare=True))
    told = [f"says None in {r['arn']}" for r in less.resources if "None" in (r["arn"] + r["id"])]
    return [*_incomplete(less), *_as_many(less, full, 1), *told]


async def _empty(run: _Ask, scanner: Scanner, full: Run) -> list[str]:
    """Lists without elements, and answers without lists."""
    del full
    found = []
    starts_with_one = scanner.declaration is not None and scanner.declaration.steps[0].items is None
    for way in (Way(size=0), Way(nothing=True)):
        none = await run(scanner, way)
        if not starts_with_one:
            found += [*_incomplete(none), *(["finds something"] if none.resources else [])]
    return found


async def _pages(run: _Ask, scanner: Scanner, full: Run) -> list[str]:
    """Two pages of everything, in another partition."""
    two = await run(scanner, Way(pages=2, partition="aws-cn", turn=1))
    wrong = [w for r in two.resources for w in _wrong_resource(scanner, two, r)]
    counted: list[str] = []
    if scanner.declaration is not None:
        steps = scanner.declaration.steps
        times = 2 ** sum(s.items is not None and pagination(s.op) is not None for s in steps)
        # What is described in batches is as many as the batches, and those are not counted here.
        batches = any(isinstance(step, Batch) for step in steps)
        counted = _as_many(two, full, min(times, 2) if batches else times, at_least=batches)
    third = await run(scanner, Way(turn=2))
    shown = _never_shown(scanner, [*full.resources, *two.resources, *third.resources])
    return [*_incomplete(two), *_twice(two), *counted, *wrong, *shown]


async def _hostile(run: _Ask, scanner: Scanner, full: Run) -> list[str]:
    """Texts that would break out of markup, logs, templates and frames stay what they are."""
    bad = await run(scanner, Way(hostile=True, partition="aws-us-gov", turn=2))
    texts = [v for r in bad.resources for v in _texts_in([r["properties"], r["tags"]])]
    cut = [v for v in texts if HOSTILE[:8] in v and not v.endswith(HOSTILE)]
    wrong = [w for r in bad.resources for w in _wrong_resource(scanner, bad, r)]
    return [*_incomplete(bad), *_as_many(bad, full, 1), *(f"cuts {v!r}" for v in cut), *wrong]


async def _list(run: _Ask, scanner: Scanner, full: Run) -> list[str]:
    """The same resources without what takes a call for each."""
    less = await run(scanner, Way(detail="list"))
    same = {r["arn"] for r in less.resources} == {r["arn"] for r in full.resources}
    other = [] if same else ["other resources than with detail=full"]
    return [*_incomplete(less), *_calls(scanner, less, "list"), *other]


async def _tags(run: _Ask, scanner: Scanner, full: Run) -> list[str]:
    """Tags that the tagging API has for a resource are the resource's."""
    if scanner.tagged is None:
        return []
    arns = tuple(resource["arn"] for resource in full.resources)
    with_tags = await run(scanner, Way(tagged=arns))
    bare_ones = [r["arn"] for r in with_tags.resources if r["tags"] != {TAG["Key"]: TAG["Value"]}]
    return [f"{arn} has no tags" for arn in bare_ones]


_Ask = Callable[[Scanner, Way], Awaitable[Run]]
_WAYS = {
    "absent": _absent,
    "empty": _empty,
    "two pages": _pages,
    "hostile": _hostile,
    "detail=list": _list,
    "tags": _tags,
}


def _as_many(run: Run, full: Run, times: int, *, at_least: bool = False) -> list[str]:
    if not full.declared:
        return []  # what it leaves out may depend on the values
    found, expected = len(run.resources), len(full.resources) * times
    return (
        []
        if found == expected or (at_least and found > expected)
        else [f"finds {found} instead of {expected}"]
    )


def _texts_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _texts_in(list(value.values()))
        case list():
            yield from (text for each in value for text in _texts_in(each))


def _never_shown(scanner: Scanner, resources: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is declared and in no resource of full answers."""
    shown = {key for resource in resources for key in resource["properties"]}
    yield from (f"property {key} is never there" for key in scanner.fields if key not in shown)
    linked = {(link["rel"], link["type"]) for r in resources for link in r["links"]}
    for link in scanner.links if scanner.declaration is not None else ():
        if (link.rel, link.type) not in linked:
            yield f"link {link.rel} {link.type} {link.path} is never there"


def _incomplete(run: Run) -> list[str]:
    ended = run.ended
    return [] if ended["status"] == "ok" else [f"ends as {ended['status']}: {ended.get('code')}"]


def _calls(scanner: Scanner, run: Run, detail: Detail) -> list[str]:
    needed, called = set(_called(scanner, detail)), set(run.asked)
    return [f"never calls {op.name}, which it declares" for op in sorted(needed - called)]


def _called(scanner: Scanner, detail: Detail) -> tuple[Operation, ...]:
    """Return the operations that a scan calls itself."""
    if scanner.declaration is None:
        return scanner.needs(detail)
    own = scanner.declaration.operations()
    return tuple(op for op in scanner.needs(detail) if op in own)


def _twice(run: Run) -> list[str]:
    if run.repeated:  # of two kinds with the same name it asks the same, which AWS has not
        return []
    counted = Counter(resource["arn"] for resource in run.resources)
    return [f"two resources with the ARN {arn}" for arn, n in counted.items() if n > 1][:1]


def _wrong_resource(scanner: Scanner, run: Run, resource: dict[str, Any]) -> Iterator[str]:
    where = run.where
    arn = ARN.fullmatch(resource["arn"])
    if arn is None or arn[1] != where.partition:
        yield f"{resource['arn']} is no ARN of {where.partition}"
    elif arn[2] not in (where.region, "") or arn[3] not in (where.account, ""):
        yield f"{resource['arn']} is not in {where.region} of {where.account}"
    for link in resource["links"]:
        if "arn" in link and not link["arn"].startswith(f"arn:{where.partition}:"):
            yield f"link to {link['arn']}"
    yield from _undeclared(scanner, run, resource)


def _undeclared(scanner: Scanner, run: Run, resource: dict[str, Any]) -> Iterator[str]:
    """Yield what stands in a resource and came from where it does not say."""
    declared: Declaration | None = scanner.declaration
    if declared is None:
        return
    told = {name: resource[name] for name in ("id", "name", "arn", "tags", "links")}
    paths = [*_paths(declared.arn), declared.id, declared.name, declared.tags]
    paths += [link.path for link in declared.links]
    plain = [p for p in paths if isinstance(p, str) and not p.startswith("tag:")]
    yield from _from_elsewhere(run, told, [o for p in plain for o in declared.origins(p)])
    for key, value in resource["properties"].items():
        yield from _from_elsewhere(run, value, list(declared.origins(declared.properties[key])))


def _paths(arn: str) -> list[str]:
    return [p for p in placeholders(arn) or [arn] if p not in CONSTANTS]


def _from_elsewhere(run: Run, value: object, origins: list[tuple[Operation, str]]) -> Iterator[str]:
    for place in run.marks.found_in(value):
        if not any(place.operation == op and _under(place, at) for op, at in origins):
            yield f"{value!r} holds {place.operation.name} {place.path}, which is not declared"


def _under(place: Place, at: str) -> bool:
    path = re.sub(r"\[\]$", "", at)
    return re.match(rf"{re.escape(path)}($|[.\[])", place.path) is not None
