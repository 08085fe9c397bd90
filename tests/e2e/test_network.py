"""The company network, all from the configuration: proxy, private CA, endpoints, chained roles."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from aiohttp import web
from botocore import xform_name
from botocore.credentials import ReadOnlyCredentials
from botocore.loaders import Loader

from proxyd import config
from proxyd.aws.binding import Binding, Meter, calling
from proxyd.aws.clients import Clients
from proxyd.errors import ConfigError
from proxyd.model import Operation
from proxyd.settings import Aws

from .daemon import Daemon, named, running, settings, toml
from .fake_aws import Call, FakeAws, error, fake_aws, vpcs
from .faults import Authority, Tinyproxy, TlsAws, free_port, tinyproxy, tls_aws
from .test_faults import KEYS, TARGET, VPC, vpc_shards

REGION = "eu-west-1"
VPCS = ["AWS::EC2::VPC"]


class Company(NamedTuple):
    """A network whose only way to AWS is a proxy, with a CA of its own."""

    authority: Authority
    aws: TlsAws
    proxy: Tinyproxy

    @property
    def settings(self) -> dict[str, Any]:
        """What proxyd is told of it."""
        return {
            "region": REGION,
            "warm_clients": 0,
            "proxy": self.proxy.url,
            "ca_bundle": str(self.authority.bundle),
            "endpoints": {"sts": self.aws.endpoint, "ec2": self.aws.endpoint},
        }


@pytest_asyncio.fixture(loop_scope="session")
async def company(tmp_path: Path) -> AsyncGenerator[Company, None]:
    """Run one."""
    authority = Authority(tmp_path)
    async with tls_aws(authority.context()) as aws:
        aws.answers["DescribeVpcs"] = one_vpc
        async with tinyproxy(tmp_path, port_of(aws)) as proxy:
            yield Company(authority, aws, proxy)


async def one_vpc(call: Call) -> web.StreamResponse:
    """Answer with one VPC, named after the region."""
    return vpcs([f"vpc-{call.region}"])


def port_of(aws: FakeAws) -> int:
    """Return where it listens."""
    return int(aws.endpoint.rpartition(":")[2])


@asynccontextmanager
async def daemon_with(
    aws: dict[str, Any],
    directory: Path,
    environment: dict[str, str] | None = None,
    **target: Any,
) -> AsyncGenerator[Daemon, None]:
    """Run a daemon that is told this of AWS, and of no emulator."""
    written = settings([{**TARGET, **target}], "")
    written["aws"] = aws
    async with running(written, directory, environment=environment or KEYS) as daemon:
        yield daemon


def whole(shards: dict[str, dict[str, Any]]) -> bool:
    """Whether both regions ended well with their VPC."""
    ends = {(region, s["status"], s["resources"]) for region, s in shards.items()}
    return ends == {("eu-west-1", "ok", 1), ("eu-west-2", "ok", 1)}


def said(daemon: Daemon) -> str:
    """Return all that it has written."""
    return "".join(daemon.out + daemon.err)


async def test_everything_goes_through_the_proxy(company: Company, tmp_path: Path) -> None:
    """AWS is reached from the proxy's address only, and a scan is whole."""
    async with daemon_with(company.settings, tmp_path) as daemon:
        assert whole(await vpc_shards(daemon))
    assert company.aws.peers == {Tinyproxy.ADDRESS}
    assert company.proxy.tunnels == [f"127.0.0.1:{port_of(company.aws)}"]
    assert Tinyproxy.PASSWORD not in said(daemon)


async def test_the_password_of_the_proxy_can_be_a_credential(
    company: Company, tmp_path: Path
) -> None:
    """The address may be a file of the credentials directory, like every secret."""
    secrets = tmp_path / "credentials"
    secrets.mkdir()
    (secrets / "egress").write_text(f"{company.proxy.url}\n")
    told = {**company.settings, "proxy": {"credential": "egress"}}
    environment = {**KEYS, "CREDENTIALS_DIRECTORY": str(secrets)}
    async with daemon_with(told, tmp_path, environment) as daemon:
        assert whole(await vpc_shards(daemon))
    assert company.aws.peers == {Tinyproxy.ADDRESS}
    assert Tinyproxy.PASSWORD not in (tmp_path / "proxyd.toml").read_text()


@pytest.mark.parametrize("fault", ["wrong password", "no password", "dead"])
async def test_a_proxy_that_does_not_let_through_is_told(
    company: Company, tmp_path: Path, fault: str
) -> None:
    """Before the stream it is a 502 that points at the network; AWS is not asked around it."""
    url = {
        "wrong password": company.proxy.url.replace(Tinyproxy.PASSWORD, "wrong-password"),
        "no password": f"http://127.0.0.1:{company.proxy.port}",
        "dead": f"http://{Tinyproxy.USER}:wrong-password@127.0.0.1:{free_port()}",
    }[fault]
    async with daemon_with({**company.settings, "proxy": url}, tmp_path) as daemon:
        async with asyncio.timeout(5):
            problem = await daemon.problem(VPC)
    assert (problem["status"], problem["code"]) == (502, "sts_unreachable")
    assert problem["aws_code"] == "ProxyConnection"
    assert "wrong-password" not in said(daemon) + str(problem)
    assert not company.aws.calls


async def test_a_proxy_that_dies_in_mid_scan_fails_the_shards(
    company: Company, tmp_path: Path
) -> None:
    """What is not seen yet is `failed` with `ProxyConnection`; the stream ends in order."""

    async def last_words(call: Call) -> web.StreamResponse:
        await company.proxy.stop()
        return await company.aws.describe_regions(call)

    company.aws.answers["DescribeRegions"] = last_words
    async with daemon_with(company.settings, tmp_path) as daemon:
        shards = await vpc_shards(daemon)
    assert {(s["status"], s["code"]) for s in shards.values()} == {("failed", "ProxyConnection")}
    assert not company.aws.made("DescribeVpcs")


async def test_a_tunnel_that_the_proxy_refuses_fails_its_shards(
    company: Company, tmp_path: Path
) -> None:
    """Where the proxy forbids one service, its shards say so, and only those."""
    told = {**company.settings, "endpoints": {"sts": company.aws.endpoint}}
    async with daemon_with(told, tmp_path) as daemon:
        shards = await vpc_shards(daemon)
    assert {(s["status"], s["code"]) for s in shards.values()} == {("failed", "ProxyConnection")}
    assert set(company.proxy.tunnels) == {
        f"127.0.0.1:{port_of(company.aws)}",
        "ec2.eu-west-1.amazonaws.com:443",
        "ec2.eu-west-2.amazonaws.com:443",
    }
    assert Tinyproxy.PASSWORD not in said(daemon)


async def test_a_private_ca_is_trusted_where_it_is_configured(
    company: Company, tmp_path: Path
) -> None:
    """Without a proxy too the bundle is what the server's certificate is checked against."""
    told = {**company.settings, "proxy": None}
    async with daemon_with(without_none(told), tmp_path) as daemon:
        assert whole(await vpc_shards(daemon))
    assert company.aws.peers == {"127.0.0.1"}
    assert not company.proxy.tunnels


def without_none(table: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is None: TOML has no word for it."""
    return {key: value for key, value in table.items() if value is not None}


@pytest.mark.parametrize("through_proxy", [True, False])
async def test_a_certificate_of_an_unknown_ca_is_refused(
    company: Company, tmp_path: Path, *, through_proxy: bool
) -> None:
    """Without the bundle nothing is sent to the server, straight or through the proxy."""
    told = {**company.settings, "ca_bundle": None}
    told |= {} if through_proxy else {"proxy": None}
    async with daemon_with(without_none(told), tmp_path) as daemon:
        problem = await daemon.problem(VPC)
    assert (problem["code"], problem["aws_code"]) == ("sts_unreachable", "SSLError")
    assert not company.aws.calls


def for_another_name(authority: Authority) -> ssl.SSLContext:
    """Serve with a certificate of the right CA for another server."""
    return authority.context("sts.example")


def only_old_tls(authority: Authority) -> ssl.SSLContext:
    """Serve TLS 1.1 and nothing newer."""
    context = authority.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("serve", "codes"),
    [
        (for_another_name, {"SSLError"}),
        # Which it is depends on how OpenSSL hangs up.
        (only_old_tls, {"SSLError", "EndpointConnection"}),
    ],
)
async def test_tls_is_not_weakened(
    tmp_path: Path, serve: Callable[[Authority], ssl.SSLContext], codes: set[str]
) -> None:
    """A certificate for another name, and TLS below 1.2, are refused even with the right CA."""
    authority = Authority(tmp_path)
    async with tls_aws(serve(authority)) as aws:
        told = {
            "region": REGION,
            "warm_clients": 0,
            "ca_bundle": str(authority.bundle),
            "endpoints": {"sts": aws.endpoint},
        }
        async with daemon_with(told, tmp_path) as daemon:
            problem = await daemon.problem(VPC)
    assert problem["code"] == "sts_unreachable"
    assert problem["aws_code"] in codes
    assert not aws.calls


async def test_each_service_has_its_endpoint(company: Company, tmp_path: Path) -> None:
    """What is meant for STS and for EC2 goes to the one server and the other."""
    async with tls_aws(company.authority.context()) as ec2:
        ec2.answers["DescribeVpcs"] = one_vpc
        endpoints = {"sts": company.aws.endpoint, "ec2": ec2.endpoint}
        told = without_none({**company.settings, "proxy": None, "endpoints": endpoints})
        async with daemon_with(told, tmp_path) as daemon:
            assert whole(await vpc_shards(daemon))
    assert {call.operation for call in company.aws.calls} == {"AssumeRole"}
    assert {call.operation for call in ec2.calls} == {"DescribeRegions", "DescribeVpcs"}
    assert {call.region for call in ec2.made("DescribeVpcs")} == {"eu-west-1", "eu-west-2"}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"proxy": "egress.example:3128"}, "aws: proxy: expected"),
        ({"proxy": "socks5://egress.example:1080"}, "aws: proxy: expected"),
        ({"proxy": "http://u:hush@egress.example:99999"}, "aws: proxy: expected"),
        ({"proxy": "http://"}, "aws: proxy: expected"),
        ({"proxy": {"credential": "egress"}}, "needs the credential 'egress'"),
        ({"endpoints": {"sts": "http://sts.example"}}, "expected an https:// address"),
        ({"endpoints": {"sts": "https://sts.example:99999"}}, "expected an https:// address"),
        ({"ca_bundle": "/nonexistent/ca.pem"}, "aws: ca_bundle: there is no such file"),
    ],
)
def test_a_network_that_can_not_be_meant_is_refused_at_start(
    tmp_path: Path, table: dict[str, Any], told: str
) -> None:
    """It names the key, and never shows the proxy's password."""
    path = tmp_path / "proxyd.toml"
    path.write_text(toml({"aws": table}))
    with pytest.raises(ConfigError) as refused:
        config.load(path, None)
    assert told in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_bundle_without_a_certificate_is_refused_at_start(tmp_path: Path) -> None:
    """It says which key is wrong."""
    empty = tmp_path / "ca.pem"
    empty.write_text("")
    with pytest.raises(ConfigError, match=r"aws\.ca_bundle: holds no certificate"):
        Clients(Aws(ca_bundle=str(empty)))


VIA = "arn:aws:iam::111111111111:role/hub"


class Lives:
    """Gives out sessions of two seconds and tells who used one that was over."""

    def __init__(self, aws: FakeAws) -> None:
        self.aws = aws
        self.ends: dict[str, float] = {}
        self.stale: list[str] = []
        aws.session_seconds = 2.0
        aws.answers |= {"AssumeRole": self.assume_role, "DescribeVpcs": self.describe_vpcs}

    async def assume_role(self, call: Call) -> web.StreamResponse:
        """Give one more, to whoever's own is still good."""
        self.check(call)
        answer = await self.aws.assume_role(call)
        now = asyncio.get_running_loop().time()
        self.ends[f"ASIA{self.aws.sessions}"] = now + self.aws.session_seconds
        return answer

    async def describe_vpcs(self, call: Call) -> web.StreamResponse:
        """Answer one of eight slow pages."""
        self.check(call)
        page = int(call.parameters.get("NextToken", "0"))
        await asyncio.sleep(0.5)  # eight pages outlast two sessions
        return vpcs([f"vpc-{page}"], None if page == 7 else str(page + 1))

    def check(self, call: Call) -> None:
        """Note a session that is over."""
        if self.ends.get(call.access_key, float("inf")) < asyncio.get_running_loop().time():
            self.stale.append(f"{call.operation} by {call.access_key}")


async def test_a_chained_role_is_renewed_within_its_life(tmp_path: Path) -> None:
    """A scan that outlasts its sessions renews the hop and the role, each before it ends."""
    async with fake_aws() as fake:
        lives = Lives(fake)
        told = {"endpoint_url": fake.endpoint, "warm_clients": 0}
        async with daemon_with(told, tmp_path, via=VIA) as daemon:
            events = await daemon.scan(target=["fake"], region=["eu-west-1"], type=VPCS)
    hops = [c for c in fake.made("AssumeRole") if c.parameters["RoleArn"] == VIA]
    roles = [c for c in fake.made("AssumeRole") if c.parameters["RoleArn"] != VIA]
    assert len(hops) > 1
    assert len(roles) > 1
    assert {call.access_key for call in hops} == {"AKIABASE"}
    assert {call.parameters["DurationSeconds"] for call in hops + roles} == {"3600"}
    assert len(fake.made("DescribeVpcs")) == 8
    assert not lives.stale
    assert named(events, "scan.completed")[0]["resources"] == 8


async def test_a_hop_that_aws_calls_expired_is_renewed_at_once(tmp_path: Path) -> None:
    """Where the clock says otherwise, one refusal costs a new hop and the scan is whole."""
    async with fake_aws() as fake:

        async def assume_role(call: Call) -> web.StreamResponse:
            if call.access_key == "ASIA1":
                return error("ExpiredToken")
            return await fake.assume_role(call)

        fake.answers |= {"AssumeRole": assume_role, "DescribeVpcs": one_vpc}
        told = {"endpoint_url": fake.endpoint, "warm_clients": 0}
        async with daemon_with(told, tmp_path, via=VIA) as daemon:
            assert whole(await vpc_shards(daemon))
    keys = [call.access_key for call in fake.made("AssumeRole")]
    assert keys == ["AKIABASE", "ASIA1", "AKIABASE", "ASIA2"]


class Sent(Exception):  # noqa: N818 - a request on its way, not an error
    """What would have been sent."""

    def __init__(self, request: Any) -> None:
        super().__init__(request.url)
        self.url = str(request.url).split("?")[0].rstrip("/")
        scope = request.headers["Authorization"].partition(b"Credential=")[2].split(b"/")
        assert len(scope) > 2, "not signed with SigV4"
        self.access_key, self.signed_for = scope[0].decode(), scope[2].decode()


class Nobody:
    """Credentials and quota of no one."""

    async def current(self) -> ReadOnlyCredentials:
        """Return credentials that fit nothing."""
        return ReadOnlyCredentials("ASIANOBODY", "secret", "token")

    async def renew(self, stale: ReadOnlyCredentials) -> None:
        """Do nothing."""

    async def wait(self, service: str, region: str) -> None:
        """Do not wait."""

    def throttled(self, service: str, region: str) -> None:
        """Do nothing."""


async def sent_by(client: Any, operation: Operation, **parameters: Any) -> Sent:
    """Make a call up to where it would be sent."""

    async def stop(request: Any, **_: Any) -> None:
        raise Sent(request)

    client.meta.events.register_first("before-send", stop)
    call = Binding(
        credentials=Nobody(), operations=frozenset({operation}), meter=Meter(), pace=Nobody()
    )
    with pytest.raises(Sent) as sent, calling(call, operation):
        await getattr(client, xform_name(operation.name))(**parameters)
    return sent.value


ASK = {
    "ec2": "DescribeVpcs",
    "iam": "ListRoles",
    "s3": "ListBuckets",
    "sts": "GetCallerIdentity",
}


@pytest.mark.parametrize(
    ("service", "region", "variant", "url"),
    [
        ("ec2", "eu-west-1", "", "https://ec2.eu-west-1.amazonaws.com"),
        ("ec2", "us-east-1", "fips", "https://ec2-fips.us-east-1.amazonaws.com"),
        ("ec2", "eu-west-1", "dual", "https://ec2.eu-west-1.api.aws"),
        ("sts", "eu-west-1", "", "https://sts.eu-west-1.amazonaws.com"),
        ("sts", "us-east-1", "", "https://sts.us-east-1.amazonaws.com"),
        ("sts", "us-east-1", "fips", "https://sts-fips.us-east-1.amazonaws.com"),
        ("sts", "us-east-1", "dual", "https://sts.us-east-1.api.aws"),
        ("s3", "eu-west-1", "", "https://s3.eu-west-1.amazonaws.com"),
        ("s3", "us-east-1", "", "https://s3.amazonaws.com"),
        ("s3", "us-east-1", "fips", "https://s3-fips.us-east-1.amazonaws.com"),
        ("s3", "us-east-1", "dual", "https://s3.dualstack.us-east-1.amazonaws.com"),
        ("s3", "us-east-1", "fips dual", "https://s3-fips.dualstack.us-east-1.amazonaws.com"),
        ("iam", "us-east-1", "", "https://iam.amazonaws.com"),
        ("iam", "us-east-1", "fips", "https://iam-fips.amazonaws.com"),
        ("iam", "us-east-1", "dual", "https://iam.global.api.aws"),
        ("ec2", "us-gov-west-1", "", "https://ec2.us-gov-west-1.amazonaws.com"),
        ("ec2", "us-gov-west-1", "fips", "https://ec2.us-gov-west-1.amazonaws.com"),
        ("ec2", "us-gov-west-1", "dual", "https://ec2.us-gov-west-1.api.aws"),
        ("sts", "us-gov-west-1", "", "https://sts.us-gov-west-1.amazonaws.com"),
        ("sts", "us-gov-west-1", "fips", "https://sts.us-gov-west-1.amazonaws.com"),
        ("s3", "us-gov-west-1", "", "https://s3.us-gov-west-1.amazonaws.com"),
        ("s3", "us-gov-west-1", "fips", "https://s3-fips.us-gov-west-1.amazonaws.com"),
        ("s3", "us-gov-west-1", "dual", "https://s3.dualstack.us-gov-west-1.amazonaws.com"),
        ("iam", "us-gov-west-1", "", "https://iam.us-gov.amazonaws.com"),
        ("iam", "us-gov-west-1", "fips", "https://iam.us-gov.amazonaws.com"),
        ("ec2", "cn-north-1", "", "https://ec2.cn-north-1.amazonaws.com.cn"),
        ("sts", "cn-north-1", "", "https://sts.cn-north-1.amazonaws.com.cn"),
        ("s3", "cn-north-1", "", "https://s3.cn-north-1.amazonaws.com.cn"),
        ("iam", "cn-north-1", "", "https://iam.cn-north-1.amazonaws.com.cn"),
    ],
)
async def test_where_a_service_is_in_each_partition(
    service: str, region: str, variant: str, url: str
) -> None:
    """Requests go to the endpoints of AWS's documentation, signed for the region."""
    told = Aws(fips="fips" in variant, dual_stack="dual" in variant)
    async with Clients(told) as clients:
        client = await clients.get(service, region)
        sent = await sent_by(client, Operation(service, ASK[service]))
    assert (sent.url, sent.signed_for) == (url, region)


class Redirections:
    """What the environment may say to send botocore elsewhere, and a listener at elsewhere."""

    def __init__(self, directory: Path, url: str, datagrams: socket.socket) -> None:
        self.url, self.datagrams = url, datagrams
        self.connections = 0
        self.directory = directory
        (directory / "aws.config").write_text(
            f"[profile elsewhere]\nregion = us-west-2\nendpoint_url = {url}\n"
            "ca_bundle = /nonexistent/ca.pem\nuse_fips_endpoint = true\n"
            "use_dualstack_endpoint = true\nsts_regional_endpoints = legacy\nmax_attempts = 1\n"
            "retry_mode = adaptive\ndefaults_mode = in-region\nservices = elsewhere\n"
            "api_versions =\n  ec2 = 2014-10-01\ns3 =\n  use_dualstack_endpoint = true\n"
            f"[services elsewhere]\nsts =\n  endpoint_url = {url}\nec2 =\n  endpoint_url = {url}\n"
        )
        self.models()

    def models(self) -> None:
        """Write rules for the endpoints of STS and EC2 that name the trap."""
        for service in ("sts", "ec2"):
            loader = Loader()
            version = loader.determine_latest_version(service, "endpoint-rule-set-1")
            rules = loader.load_service_model(service, "endpoint-rule-set-1")
            endpoint = {"url": self.url, "properties": {}, "headers": {}}
            rule = {"conditions": [], "endpoint": endpoint, "type": "endpoint"}
            changed = {**rules, "rules": [rule]}
            path = self.directory / "models" / service / version / "endpoint-rule-set-1.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(changed))

    def variables(self, name: str) -> dict[str, str]:
        """Return what to set for one of them to mislead."""
        port = self.datagrams.getsockname()[1]
        return {
            key: value.format(url=self.url, directory=self.directory, port=port)
            for key, value in VARIABLES[name].items()
        }


ALONE = {
    "AWS_ENDPOINT_URL": "{url}",
    "AWS_ENDPOINT_URL_STS": "{url}",
    "AWS_ENDPOINT_URL_EC2": "{url}",
    "AWS_CA_BUNDLE": "/nonexistent/ca.pem",
    "HTTP_PROXY": "{url}",
    "HTTPS_PROXY": "{url}",
    "ALL_PROXY": "{url}",
    "http_proxy": "{url}",
    "https_proxy": "{url}",
    "all_proxy": "{url}",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_RETRY_MODE": "adaptive",
    "AWS_DEFAULTS_MODE": "in-region",
    "AWS_STS_REGIONAL_ENDPOINTS": "legacy",
    "AWS_REGION": "us-west-2",
    "AWS_DEFAULT_REGION": "us-west-2",
    "AWS_DATA_PATH": "{directory}/models",
}
VARIABLES: dict[str, dict[str, str]] = {
    **{name: {name: value} for name, value in ALONE.items()},
    "AWS_PROFILE": {"AWS_PROFILE": "elsewhere", "AWS_CONFIG_FILE": "{directory}/aws.config"},
    "AWS_CSM_ENABLED": {
        "AWS_CSM_ENABLED": "true",
        "AWS_CSM_HOST": "127.0.0.1",
        "AWS_CSM_PORT": "{port}",
    },
}


@pytest_asyncio.fixture(loop_scope="session")
async def elsewhere(tmp_path: Path) -> AsyncGenerator[Redirections, None]:
    """Listen where the environment would send what is meant for AWS."""

    def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.connections += 1
        writer.close()

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        datagrams.settimeout(0)
        async with await asyncio.start_server(accepted, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            made = Redirections(tmp_path, f"http://127.0.0.1:{port}", datagrams)
            yield made
            with pytest.raises(BlockingIOError):
                datagrams.recv(1)
            assert not made.connections


async def reach_of(service: str) -> dict[str, Any]:
    """Return how proxyd's own client for STS, or a scan's, would reach its service."""
    async with Clients(Aws()) as clients:
        if service == "sts":
            client = await clients.base("sts", "us-east-1")
            asked = Operation("sts", "GetCallerIdentity")
        else:
            client = await clients.get(service, "us-east-1")
            asked = Operation(service, ASK[service])
        sent = await sent_by(client, asked)
        http = client._endpoint.http_session  # noqa: SLF001 - no public way tells
        options = client.meta.config._user_provided_options  # noqa: SLF001
        return {
            "url": sent.url,
            "signed for": sent.signed_for,
            "proxies": http._proxy_config.proxy_url_for(sent.url),  # noqa: SLF001
            "tls": http._create_connector(None)._ssl is clients._context,  # noqa: SLF001
            "retries": client.meta.config.retries,
            "timeouts": (client.meta.config.connect_timeout, client.meta.config.read_timeout),
            "api": client.meta.service_model.api_version,
            "s3": options.get("s3"),
        }


@pytest.mark.parametrize("service", ["sts", "ec2", "s3"])
@pytest.mark.parametrize("name", VARIABLES)
async def test_a_variable_of_the_environment_redirects_nothing(
    elsewhere: Redirections, monkeypatch: pytest.MonkeyPatch, service: str, name: str
) -> None:
    """Where and how a service is reached is the same with each of botocore's variables set."""
    for key, value in KEYS.items():
        monkeypatch.setenv(key, value)
    before = await reach_of(service)
    for key, value in elsewhere.variables(name).items():
        monkeypatch.setenv(key, value)
    assert await reach_of(service) == before


def misled(elsewhere: Redirections) -> dict[str, str]:
    """Return an environment with every variable set at once."""
    misled = dict(KEYS)
    for name in VARIABLES:
        misled |= elsewhere.variables(name)
    return misled


async def test_a_daemon_with_a_misleading_environment_scans_as_configured(
    company: Company, elsewhere: Redirections, tmp_path: Path
) -> None:
    """With every variable set at once all goes where the configuration says."""
    async with daemon_with(company.settings, tmp_path, misled(elsewhere)) as daemon:
        assert whole(await vpc_shards(daemon))
    assert company.aws.peers == {Tinyproxy.ADDRESS}
    assert {call.access_key for call in company.aws.made("AssumeRole")} == {"AKIABASE"}


async def test_a_daemon_with_a_misleading_environment_asks_aws_itself(
    company: Company, elsewhere: Redirections, tmp_path: Path
) -> None:
    """Without endpoints STS and EC2 are asked for by AWS's own regional names."""
    told = {**company.settings, "endpoints": {}}
    async with daemon_with(told, tmp_path, misled(elsewhere)) as daemon:
        assert (await daemon.problem(VPC))["aws_code"] == "ProxyConnection"
    told["endpoints"] = {"sts": company.aws.endpoint}
    async with daemon_with(told, tmp_path, misled(elsewhere)) as daemon:
        await vpc_shards(daemon)
    assert set(company.proxy.tunnels) == {
        "sts.eu-west-1.amazonaws.com:443",
        f"127.0.0.1:{port_of(company.aws)}",
        "ec2.eu-west-1.amazonaws.com:443",
        "ec2.eu-west-2.amazonaws.com:443",
    }


@pytest.mark.parametrize("bundle", [True, False])
async def test_a_web_identity_is_exchanged_as_configured(
    company: Company, elsewhere: Redirections, tmp_path: Path, *, bundle: bool
) -> None:
    """What botocore asks of STS for proxyd's own credentials takes the proxy, endpoint and CA."""

    async def exchange(call: Call) -> web.StreamResponse:
        answer = (await company.aws.assume_role(call)).text or ""
        text = answer.replace("AssumeRole", "AssumeRoleWithWebIdentity")
        return web.Response(text=text, content_type="text/xml")

    company.aws.answers["AssumeRoleWithWebIdentity"] = exchange
    (tmp_path / "token").write_text("web-identity")
    environment = misled(elsewhere) | {
        "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/proxyd",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
    }
    for name in KEYS:
        del environment[name]
    told = company.settings if bundle else without_none({**company.settings, "ca_bundle": None})
    async with daemon_with(told, tmp_path, environment) as daemon:
        if bundle:
            assert whole(await vpc_shards(daemon))
        else:
            assert (await daemon.problem(VPC))["aws_code"] == "SSLError"
    assert company.aws.peers == ({Tinyproxy.ADDRESS} if bundle else set())
    assert company.proxy.tunnels == [f"127.0.0.1:{port_of(company.aws)}"]


async def test_the_instance_is_asked_for_its_role_without_a_proxy(
    elsewhere: Redirections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the environment would hand out credentials of its own machine."""
    credentials = {
        "AccessKeyId": "ASIAINSTANCE",
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": "2099-01-01T00:00:00Z",
    }

    async def metadata(request: web.Request) -> web.StreamResponse:
        if request.method == "PUT":
            return web.Response(text="a-token")
        return web.Response(text=json.dumps(credentials) if request.path.endswith("/r") else "r")

    async with serving(metadata) as address:
        for key, value in misled(elsewhere).items():
            monkeypatch.setenv(key, value)
        for key in KEYS:
            monkeypatch.delenv(key)
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
        async with Clients(Aws()) as clients:
            client = await clients.base("sts", REGION)
            sent = await sent_by(client, Operation("sts", "GetCallerIdentity"))
    assert sent.access_key == "ASIAINSTANCE"


@asynccontextmanager
async def serving(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncGenerator[str, None]:
    """Serve HTTP for the time of the block and give the address."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_bearer_token_of_the_environment_signs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A library would put it in place of the session's credentials."""
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "of-somebody-else")
    async with Clients(Aws()) as clients:
        client = await clients.get("bedrock", REGION)
        sent = await sent_by(client, Operation("bedrock", "ListCustomModels"))
    assert sent.access_key == "ASIANOBODY"
