"""What leans on the inside of botocore, aiobotocore and aiohttp: it fails when they change."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import aioboto3
import pytest
from aiobotocore.config import AioConfig
from aiohttp import web

from proxyd.aws import internals
from proxyd.aws.binding import calling
from proxyd.aws.clients import Clients
from proxyd.errors import DeclarationError
from proxyd.model import Operation
from proxyd.settings import Aws, Settings
from proxyd.web.connections import Connections
from proxyd.web.protocol import Protocol, Runner, Terms

from .test_reduced import bound

VPCS = Operation("ec2", "DescribeVpcs")


async def client() -> Any:
    """Make a client as the pool does."""
    session = aioboto3.Session(botocore_session=internals.guarded_session())
    context = ssl.create_default_context()
    config = AioConfig(http_session_cls=internals.http_session_class(context))
    made = internals.complete(
        session.client("ec2", region_name="eu-west-1", config=config).__aenter__()
    )
    internals.attend(made, "eu-west-1", 3, lambda: None)
    return made


async def test_a_client_is_made_without_waiting_for_anything() -> None:
    """So it can be made in a thread; a coroutine that waits is told apart."""
    await (await client()).close()
    with pytest.raises(RuntimeError, match="waits"):
        internals.complete(asyncio.sleep(0))


async def test_a_call_that_nobody_bound_raises_before_it_is_signed() -> None:
    """Without a binding the guard itself raises, and so do the credentials."""
    made = await client()
    with pytest.raises(LookupError):
        await made.describe_vpcs()
    with pytest.raises(LookupError):
        await internals.BoundCredentials().get_frozen_credentials()
    await made.close()


async def test_an_undeclared_operation_raises_before_it_is_signed() -> None:
    """The guard sees the operation by the service's and its own name."""
    made = await client()
    with calling(bound(VPCS), VPCS), pytest.raises(DeclarationError, match="ec2:DescribeSubnets"):
        await made.describe_subnets()
    await made.close()


async def test_all_clients_share_one_context() -> None:
    """The connector has the SSLContext that was handed in, and keeps connections for a minute."""
    made = await client()
    http = made._endpoint.http_session  # noqa: SLF001 - the inside is what this is about
    connector = http._create_connector(None)  # noqa: SLF001
    assert connector._ssl is http._shared_context  # noqa: SLF001
    assert connector._keepalive_timeout == internals.KEEP_ALIVE  # noqa: SLF001
    await connector.close()
    await made.close()


async def test_a_client_is_made_once_for_all_who_want_it_at_the_same_time() -> None:
    """Fifty who ask at once get one client, and one who stops asking stops nobody else."""
    async with Clients(Aws(endpoint_url="http://127.0.0.1:9")) as clients:
        asking = [asyncio.create_task(clients.get("sqs", "eu-west-1")) for _ in range(50)]
        await asyncio.sleep(0)
        asking.pop().cancel()
        made = await asyncio.gather(*asking)
        assert len({id(each) for each in made}) == 1
        assert await clients.get("sqs", "eu-west-1") is made[0]


async def test_a_paginator_is_made_once_for_each_client() -> None:
    """The pool keeps a client's paginators; one that it does not hold gets its own."""
    async with Clients(Aws(endpoint_url="http://127.0.0.1:9")) as clients:
        key, other = ("ec2", "eu-west-1"), ("ec2", "eu-west-2")
        first, second = await clients.get(*key), await clients.get(*other)
        kept = clients.paginator(first, key, "DescribeVpcs")
        assert clients.paginator(first, key, "DescribeVpcs") is kept
        assert clients.paginator(second, other, "DescribeVpcs") is not kept
        assert clients.paginator(second, key, "DescribeVpcs") is not kept


async def test_the_server_makes_our_protocol() -> None:
    """Aiohttp's runner hands out connections whose error page is ours."""
    terms = Terms(Connections(Settings, 10), write_seconds=1)
    runner = Runner(web.Application(), terms, handler_cancellation=True, max_line_size=4321)
    await runner.setup()
    assert runner.server
    protocol = runner.server()
    assert isinstance(protocol, Protocol)
    assert runner.server.handler_cancellation
    leant_on = ("_request_count", "_messages", "_current_request", "_force_close", "_task_handler")
    assert all(hasattr(protocol, name) for name in leant_on)
    await runner.cleanup()
