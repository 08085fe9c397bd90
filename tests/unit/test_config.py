"""Good and bad configuration: each refusal names the place and what was expected."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from proxyd import settings
from proxyd.config import load
from proxyd.errors import ConfigError
from proxyd.model import Grant, Principal

SECRET = "f3b6-the-external-id"
SHA256 = hashlib.sha256(b"token").hexdigest()

TARGET = f"""
[[targets]]
name = "production"
role_arn = "arn:aws:iam::222222222222:role/proxyd-read"
external_id = "{SECRET}"
"""
ORGANIZATION = f"""
[[organizations]]
name = "corp"
role_arn = "arn:aws:iam::{{account}}:role/proxyd-read"
external_id = "{SECRET}"
"""
PRINCIPAL = f"""
[[principals]]
name = "dashboard"
token_sha256 = "{SHA256}"
"""
GRANT = """
[[grants]]
principals = ["dashboard"]
targets = ["production"]
types = ["*"]
regions = ["*"]
"""

Read = Callable[..., settings.Settings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Give a function that loads a text as the configuration."""

    def read(text: str, **credentials: bytes) -> settings.Settings:
        path = tmp_path / "proxyd.toml"
        path.write_text(text, encoding="utf-8")
        directory = tmp_path / "credentials"
        directory.mkdir(exist_ok=True)
        for name, content in credentials.items():
            (directory / name).write_bytes(content)
        return load(path, directory)

    return read


def test_a_whole_file_is_read(read: Read) -> None:
    """Every table of a full example arrives where the daemon looks for it."""
    found = read(
        f"""
        [server]
        listen = "unix:/run/proxyd.sock"
        hosts = ["proxyd.example"]
        tls = {{ certificate = "/etc/proxyd/tls.crt", key = {{ credential = "tlskey" }} }}

        [aws]
        region = "eu-west-1"
        endpoint_url = "http://127.0.0.1:4566"
        endpoints = {{ sts = "https://vpce-1.sts.eu-west-1.vpce.amazonaws.com" }}
        proxy = "http://egress.corp:3128"
        ca_bundle = "{__file__}"
        fips = true
        dual_stack = true
        read_timeout = 7

        [quota]
        default = {{ rate = 2.5, burst = 10 }}
        services = {{ ec2 = {{ rate = 1, burst = 1 }} }}

        [audit]
        sinks = ["stdout"]

        [sandbox]
        mode = "best-effort"

        [limits]
        streams = 5
        shard_seconds = 1.5

        [[targets]]
        name = "production"
        role_arn = "arn:aws:iam::222222222222:role/path/proxyd-read"
        external_id = {{ credential = "production" }}
        regions = ["eu-west-1", "us-*"]
        types = ["AWS::EC2::*"]
        via = "arn:aws-us-gov:iam::111111111111:role/hub"
        duration = 900

        [[principals]]
        name = "dashboard"
        token_sha256 = "{SHA256}"
        groups = ["platform"]
        admin = true
        expires = 2027-01-01

        [[grants]]
        groups = ["platform"]
        principals = ["dashboard"]
        targets = ["prod*"]
        types = ["AWS::EC2::*", "AWS::S3::Bucket"]
        regions = ["*"]
        """,
        production=SECRET.encode() + b"\n",
        tlskey=b"key",
    )
    assert found.server.listen == "unix:/run/proxyd.sock"
    assert found.server.hosts == ("proxyd.example",)
    assert found.server.tls is not None
    assert found.server.tls.certificate == "/etc/proxyd/tls.crt"
    assert Path(found.server.tls.key).read_bytes() == b"key"
    assert found.aws.endpoint_url == "http://127.0.0.1:4566"
    assert found.aws.endpoints == {"sts": "https://vpce-1.sts.eu-west-1.vpce.amazonaws.com"}
    assert (found.aws.region, found.aws.fips, found.aws.read_timeout) == ("eu-west-1", True, 7)
    assert (found.quota.default.rate, found.quota.default.burst) == (2.5, 10)
    assert found.quota.services["ec2"].rate == 1
    assert found.audit.sinks == ("stdout",)
    assert found.sandbox.mode == "best-effort"
    assert (found.limits.streams, found.limits.shard_seconds) == (5, 1.5)
    [target] = found.targets
    assert target.external_id == SECRET
    assert (target.account, target.partition) == ("222222222222", "aws")
    assert (target.regions, target.types) == (("eu-west-1", "us-*"), ("AWS::EC2::*",))
    assert (target.via, target.duration) == ("arn:aws-us-gov:iam::111111111111:role/hub", 900)
    [token] = found.tokens
    assert token.sha256.hex() == SHA256
    assert token.principal == Principal(
        name="dashboard",
        groups=frozenset({"platform"}),
        admin=True,
        expires=datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert found.grants == (
        Grant(
            groups=frozenset({"platform"}),
            principals=frozenset({"dashboard"}),
            targets=("prod*",),
            types=("AWS::EC2::*", "AWS::S3::Bucket"),
            regions=("*",),
        ),
    )


def test_an_empty_file_is_all_defaults(read: Read) -> None:
    """Every key has a default; the safe one where there is a choice."""
    found = read("")
    defaults = settings.Settings()
    assert msgspec.to_builtins(found) == msgspec.to_builtins(defaults)
    assert found.server.listen == "127.0.0.1:8080"
    assert found.sandbox.mode == "required"


def test_a_target_may_ask_everything_unless_it_says_less(read: Read) -> None:
    """Regions and types of a target default to all, its session to an hour."""
    [target] = read(TARGET).targets
    assert (target.regions, target.types, target.duration) == (("*",), ("*",), 3600)


def test_no_secret_shows_in_a_repr(read: Read) -> None:
    """The settings can be printed: external ids do not show."""
    assert SECRET not in repr(read(TARGET + PRINCIPAL + GRANT))


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2027-01-01", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T12:30:00", datetime(2027, 1, 1, 12, 30, tzinfo=UTC)),
        ("2027-01-01T12:30:00Z", datetime(2027, 1, 1, 12, 30, tzinfo=UTC)),
        ("2027-01-01T12:30:00+02:00", datetime(2027, 1, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_expires_is_a_date_or_a_moment(read: Read, written: str, moment: datetime) -> None:
    """A date is its first moment, and a time without a zone is UTC."""
    [token] = read(f"{PRINCIPAL}expires = {written}").tokens
    assert token.principal.expires == moment


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4566",
        "http://127.9.9.9",
        "http://localhost:1",
        "http://[::1]:1",
        "https://localhost",
    ],
)
def test_an_emulator_may_be_on_this_machine(read: Read, url: str) -> None:
    """Loopback addresses are taken in every form, over http too."""
    assert read(f'[aws]\nendpoint_url = "{url}"').aws.endpoint_url == url
    assert read(f'[aws]\nendpoints = {{ sts = "{url}" }}').aws.endpoints == {"sts": url}


def test_an_organization_is_taken_with_little(read: Read) -> None:
    """Name, role and external id are enough; what is said of a grant's targets is not known yet."""
    grants = [GRANT.replace("production", g) for g in ("prod-*", "shop-222222222222")]
    [found] = read(ORGANIZATION + PRINCIPAL + "".join(grants)).organizations
    assert found.targets == "{name}-{account}"
    assert (found.units, found.exclude, found.regions, found.types) == ((), (), ("*",), ("*",))
    assert found.external_id_in("222222222222") == f"{SECRET}.222222222222"


def test_an_external_id_of_an_organization_may_be_a_credential(read: Read) -> None:
    """It is a secret as that of a target is."""
    text = ORGANIZATION.replace(f'"{SECRET}"', '{ credential = "corp" }')
    [found] = read(text, corp=b"from-a-file\n").organizations
    assert found.external_id == "from-a-file"


@pytest.mark.parametrize("end", [".shop", ".22222222222", ".2222222222222", "222222222222"])
def test_an_external_id_may_look_like_an_organizations(read: Read, end: str) -> None:
    """What none of its accounts can have is a target's own."""
    found = read(TARGET.replace(SECRET, SECRET + end) + ORGANIZATION)
    assert found.targets[0].external_id == SECRET + end


@pytest.mark.parametrize("name", ["a" * 64, f"{'t' * 510}/{'a' * 64}", "team/sub/+=,.@_-"])
def test_a_role_may_be_called_as_iam_allows(read: Read, name: str) -> None:
    """A name of 64 characters, and a path of 512 before it."""
    arn = f"arn:aws:iam::222222222222:role/{name}"
    assert (
        read(TARGET.replace("arn:aws:iam::222222222222:role/proxyd-read", arn)).targets[0].role_arn
        == arn
    )


@pytest.mark.parametrize("seconds", [900, 3600])
def test_a_session_may_last_as_long_as_the_bounds(read: Read, seconds: int) -> None:
    """The bounds of a session's duration are themselves allowed."""
    assert read(f"{TARGET}duration = {seconds}").targets[0].duration == seconds


BAD = [
    ('[server]\nlisten = "127.0.0.1:99999"', ["server: listen: expected HOST:PORT"]),
    ('[server]\nlisten = "unix:"', ["server: listen: expected HOST:PORT"]),
    ("[server]\nhosts = []", ["server: hosts: expected at least one name"]),
    ('[aws]\nproxy = "egress.corp:3128"', ["aws: proxy: expected an address such as http://"]),
    ('[aws]\nendpoint_url = "http://127.0.0.1:99999"', ["aws: endpoint_url", "loopback"]),
    ('[aws]\nca_bundle = "/nope.pem"', ["aws: ca_bundle: there is no such file"]),
    ('[aws]\nendpoints = { sts = "https://" }', ["endpoints.sts: expected an https:// address"]),
    ("[quota.default]\nrat = 1", ["quota.default.rat: unknown key (did you mean rate?)"]),
    ("[aws]\nattempts = 0", ["aws: attempts: expected at least 1"]),
    ("[aws]\nread_timeout = nan", ["aws: read_timeout: expected at least 0.1"]),
    # An unknown key, at each level.
    ("grant = 1", ["grant: unknown key", "did you mean grants?", "expected one of server, aws"]),
    ("[server]\nlisen = 1", ["server.lisen: unknown key", "did you mean listen?", "hosts"]),
    (
        '[server.tls]\ncertificate = "c"\nkey = { credential = "k" }\nkay = 1',
        ["server.tls.kay: unknown key", "expected one of certificate, key"],
    ),
    (
        '[server.tls]\ncertificate = "c"\nkey = { credential = "k", x = 1 }',
        ["server.tls.key.x: unknown key", "expected one of credential"],
    ),
    ("[aws]\nendpoint = 1", ["aws.endpoint: unknown key", "endpoint_url", "read_timeout"]),
    ("[audit]\nsink = 1", ["audit.sink: unknown key", "did you mean sinks?"]),
    ("[sandbox]\nmod = 1", ["sandbox.mod: unknown key", "did you mean mode?"]),
    ("[limits]\nstream = 1", ["limits.stream: unknown key", "did you mean streams?"]),
    (f"{TARGET}role = 1", ["targets", "role: unknown key", "expected one of name, role_arn"]),
    (
        TARGET.replace(f'"{SECRET}"', '{ credential = "x", y = 1 }'),
        ["targets", "external_id.y: unknown key", "expected one of credential"],
    ),
    (f"{PRINCIPAL}group = []", ["principals", "group: unknown key", "did you mean groups?"]),
    (f"{GRANT}target = []", ["grants", "target: unknown key", "did you mean targets?"]),
    # What TOML can not be.
    ("[server]\nlisten = \n", ["not valid TOML", "line 2"]),
    ("a = 1\na = 2\n", ["not valid TOML", "line 2"]),
    # A wrong type, or nothing where something has to be.
    ("server = 1", ["server: expected `object`, got `int`"]),
    ("[server]\nlisten = 8080", ["server.listen: expected `str`, got `int`"]),
    ('[server]\nhosts = "localhost"', ["server.hosts: expected `array`, got `str`"]),
    ("[server]\nhosts = [1]", ["server.hosts", "expected `str`, got `int`"]),
    ('[aws]\nfips = "yes"', ["aws.fips: expected `bool`, got `str`"]),
    ('[limits]\nstreams = "many"', ["limits.streams: expected `int`, got `str`"]),
    ("[limits]\nstreams = 1.5", ["limits.streams: expected `int`, got `float`"]),
    ("[targets]\nname = 1", ["targets: expected `array`, got `object`"]),
    (TARGET.replace(f'"{SECRET}"', "5"), ["targets", "external_id: expected `str", "got `int`"]),
    ('[[targets]]\nname = "a"', ["targets", "missing required field `role_arn`"]),
    (f"{PRINCIPAL}admin = 1", ["principals", "admin: expected `bool`, got `int`"]),
    ('[[grants]]\ngroups = ["x"]', ["grants", "missing required field `targets`"]),
    # Credentials.
    (
        TARGET.replace(f'"{SECRET}"', '{ credential = "absent" }'),
        ["targets[0].external_id: there is no credential 'absent' in ", "credentials"],
    ),
    (
        '[server.tls]\ncertificate = "c"\nkey = { credential = "absent" }',
        ["server.tls.key: there is no credential 'absent'"],
    ),
    # Values.
    (TARGET.replace(f'"{SECRET}"', '"x"'), ["targets[0].external_id: expected 2 to 1224 letters"]),
    (
        TARGET.replace(f'"{SECRET}"', '"with space"'),
        ["targets[0].external_id: expected 2 to 1224 letters, digits and +=,.@:/-"],
    ),
    (
        TARGET.replace('"production"', '"a b"'),
        ["targets", "name: expected letters (a-z, A-Z), digits"],
    ),
    (
        TARGET.replace("role/", "user/"),
        ["targets", "role_arn: expected arn:aws:iam::ACCOUNT:role/NAME"],
    ),
    (
        TARGET.replace("222222222222", "2222"),
        ["targets", "role_arn: expected arn:aws:iam::ACCOUNT:role/NAME"],
    ),
    *(
        (
            TARGET.replace("role/proxyd-read", f"role/{name}"),
            ["role_arn: expected arn:aws:iam::ACCOUNT:role/NAME, the NAME of at most 64"],
        )
        for name in ("a" * 65, "team/", "a//b", "/a", "t" * 511 + "/a")
    ),
    (
        ORGANIZATION.replace("role/proxyd-read", "role/team/"),
        ["role_arn: expected arn:aws:iam::{account}:role/NAME, the NAME of at most 64"],
    ),
    (ORGANIZATION.replace("role/proxyd-read", f"role/{'a' * 65}"), ["at most 64 characters"]),
    (ORGANIZATION + f'via = "arn:aws:iam::111111111111:role/{"a" * 65}"', ["via: expected arn"]),
    (
        f'[aws]\nidentity = "arn:aws:iam::111111111111:user/{"a" * 65}"',
        ["aws: identity: expected arn:aws:iam::ACCOUNT:role/NAME, or :user/NAME, the NAME of at"],
    ),
    (f'{TARGET}via = "hub"', ["targets", "via: expected arn:aws:iam::ACCOUNT:role/NAME"]),
    (f"{TARGET}duration = 899", ["targets", "duration: expected 900 to 3600 seconds"]),
    (f"{TARGET}duration = 3601", ["targets", "duration: expected 900 to 3600 seconds"]),
    (f"{TARGET}regions = []", ["targets", "regions: expected at least one glob"]),
    (f'{TARGET}regions = ["eu-[wc]*"]', ["targets", "regions: 'eu-[wc]*' is not a glob"]),
    (f'{TARGET}types = [""]', ["targets", "types: '' is not a glob"]),
    (GRANT.replace('types = ["*"]', 'types = ["{a,b}"]'), ["grants", "'{a,b}' is not a glob"]),
    (GRANT.replace('"production"', '"a b"'), ["grants", "targets: 'a b' is not a glob"]),
    ('[aws]\nidentity = "arn:aws:iam::111111111111:root"', ["aws: identity: expected arn:aws:iam"]),
    (
        ORGANIZATION.replace("{account}", "222222222222"),
        ["role_arn: expected", "::{account}:role/"],
    ),
    (
        ORGANIZATION.replace('"corp"', '"a b"'),
        ["organizations", "name: expected letters (a-z, A-Z), digits"],
    ),
    (ORGANIZATION.replace(f'"{SECRET}"', '"x"'), ["organizations[0].external_id: expected 2 to"]),
    (ORGANIZATION + 'targets = "{name}"', ["targets: expected {account} in it"]),
    (ORGANIZATION + 'targets = "{account} {name}"', ["targets: expected {account} in it"]),
    (
        ORGANIZATION + f'targets = "{"a" * 52}{{account}}"',
        ["targets: expected names of at most 63"],
    ),
    (
        TARGET.replace(SECRET, f"{SECRET}.222222222222") + ORGANIZATION,
        ["targets[0]: the same external id as organizations[0]"],
    ),
    (
        TARGET.replace(SECRET, f"{SECRET}.333333333333") + ORGANIZATION,
        ["targets[0]: the same external id as organizations[0]"],
    ),
    (TARGET + ORGANIZATION, ["targets[0]: the same external id as organizations[0]"]),
    (ORGANIZATION + 'units = ["Workloads"]', ["units: 'Workloads' is no id: expected ou-"]),
    (ORGANIZATION + 'units = ["222222222222"]', ["units: expected ids of units"]),
    (ORGANIZATION + 'exclude = ["2222"]', ["exclude: '2222' is no id"]),
    (ORGANIZATION + 'list_role_arn = "list"', ["list_role_arn: expected arn:aws:iam::ACCOUNT"]),
    (ORGANIZATION + 'via = "hub"', ["via: expected arn:aws:iam::ACCOUNT:role/NAME"]),
    (ORGANIZATION + "duration = 43200", ["duration: expected 900 to 3600 seconds"]),
    (ORGANIZATION + "refresh_seconds = 1", ["refresh_seconds: expected at least 10"]),
    (ORGANIZATION + "regions = []", ["regions: expected at least one glob"]),
    (ORGANIZATION + "unit = 1", ["organizations", "unit: unknown key (did you mean units?)"]),
    (ORGANIZATION + ORGANIZATION, ["organizations[1]: the same name 'corp'"]),
    (
        ORGANIZATION + ORGANIZATION.replace('"corp"', '"other"'),
        ["organizations[1]: the same external id as organizations[0]"],
    ),
    (
        ORGANIZATION + PRINCIPAL + GRANT.replace('"production"', '"shop"'),
        ["grants[0].targets: no target is called 'shop'"],
    ),
    (GRANT.replace('["dashboard"]', "[]"), ["grants", "a grant to nobody allows nothing"]),
    (
        PRINCIPAL.replace(SHA256, SHA256[:-1]),
        ["principals", "token_sha256: expected 64 lower-case hex digits", "proxyd token new"],
    ),
    (
        PRINCIPAL.replace(SHA256, SHA256.upper()),
        ["principals", "token_sha256: expected 64 lower-case hex digits"],
    ),
    (
        PRINCIPAL.replace('"dashboard"', '""'),
        ["principals", "name: expected letters (a-z, A-Z), digits"],
    ),
    (f'{PRINCIPAL}expires = "2027-01-01"', ["principals", "expires: expected a date such as"]),
    (f"{PRINCIPAL}expires = 12:00:00", ["principals", "expires: expected a date such as"]),
    (f"{PRINCIPAL}expires = 1798761600", ["principals", "expires: expected a date such as"]),
    (f"{PRINCIPAL}expires = true", ["principals", "expires: expected a date such as"]),
    ('[audit]\nsinks = ["tcp://h"]', ["audit: sinks: expected some of stdout"]),
    ('[audit]\nsinks = ["udp://h:514"]', ["audit: sinks: expected some of stdout"]),
    ('[audit]\nsinks = ["/var/log/audit"]', ["audit: sinks: expected some of stdout"]),
    ('[audit]\nsinks = ["unix:relative"]', ["audit: sinks: expected some of stdout"]),
    ('[audit]\nsinks = ["stdout", "stdout"]', ["audit: sinks: one of them is there twice"]),
    ('[audit]\npublic_key = "AAAA"', ["audit: public_key: expected what `proxyd audit key`"]),
    ("[audit]\nheartbeat_seconds = 0", ["audit: heartbeat_seconds: expected at least 1"]),
    ('[audit]\nca_bundle = "/nonexistent"', ["audit: ca_bundle: there is no such file"]),
    ('[audit]\nkey = { credential = "k" }', ["audit: certificate: needs key"]),
    ("[audit]\nsinks = []", ["audit: sinks: expected some of stdout"]),
    ('[sandbox]\nmode = "maybe"', ["sandbox: mode: expected one of required, best-effort, off"]),
    ("[limits]\nbacklog_bytes = 0", ["limits: backlog_bytes: expected a number above 0"]),
    ("[limits]\nscan_seconds = -1", ["limits: scan_seconds: expected a number above 0"]),
    ("[limits]\nshard_seconds = nan", ["limits: shard_seconds: expected a number above 0"]),
    ("[limits]\nshard_seconds = inf", ["limits: shard_seconds: expected a number above 0"]),
    ("[quota]\nservice = {}", ["quota.service: unknown key", "did you mean services?"]),
    ("[quota]\ndefault = 5", ["quota.default: expected `object`, got `int`"]),
    *(
        (
            f"[quota.services]\nec2 = {{ rate = {rate}, burst = {burst} }}",
            ["quota.services", "expected a rate above 0 and a burst of at least 1"],
        )
        for rate, burst in [(0, 1), (-1, 1), (1, 0.5), ("nan", 1), ("inf", 1), (1, "nan")]
    ),
    # One table against another.
    (
        TARGET + TARGET.replace(SECRET, "another"),
        ["targets[1]: the same name 'production' as targets[0]"],
    ),
    (PRINCIPAL + PRINCIPAL, ["principals[1]: the same token_sha256", "as principals[0]"]),
    (
        TARGET + PRINCIPAL + GRANT.replace('"production"', '"prodution"'),
        ["grants[0].targets: no target is called 'prodution' (did you mean production?)"],
    ),
    (
        TARGET + PRINCIPAL + GRANT + GRANT.replace('"production"', '"production", "dev-*"'),
        ["grants[1].targets: no target is called 'dev-*'"],
    ),
    (
        TARGET + PRINCIPAL + GRANT.replace('"dashboard"', '"dashbord"'),
        ["grants[0].principals: no principal is called 'dashbord' (did you mean dashboard?)"],
    ),
]


@pytest.mark.parametrize(("text", "told"), BAD)
def test_a_bad_file_is_refused_with_what_was_expected(
    read: Read, text: str, told: list[str]
) -> None:
    """The refusal names the file, the place in it and what was expected there."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    message = str(caught.value)
    assert "proxyd.toml: " in message
    for part in told:
        assert part in message
    assert SECRET not in message


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:4566",
        "https://sts.amazonaws.com",
        "http://localhost.evil.example",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1.evil.example",
        "ftp://127.0.0.1",
        "127.0.0.1:4566",
        "http://",
        "",
    ],
)
def test_an_emulator_anywhere_else_is_refused(read: Read, url: str) -> None:
    """`endpoint_url` takes loopback addresses only, whatever a name pretends to be."""
    with pytest.raises(ConfigError, match=r"aws: .*expected a loopback address"):
        read(f'[aws]\nendpoint_url = "{url}"')


@pytest.mark.parametrize(
    "url", ["http://vpce-1.sts.eu-west-1.vpce.amazonaws.com", "sts.example", ""]
)
def test_an_endpoint_without_tls_is_refused(read: Read, url: str) -> None:
    """VPC endpoints are called over https only."""
    with pytest.raises(ConfigError, match=r"aws: endpoints\.sts: expected an https:// address"):
        read(f'[aws]\nendpoints = {{ sts = "{url}" }}')


def test_an_unreadable_address_is_refused(read: Read) -> None:
    """An address that is none is the operator's mistake, not a crash."""
    with pytest.raises(ConfigError, match="aws: "):
        read('[aws]\nendpoint_url = "http://[::1"')


def test_two_targets_that_share_an_external_id_are_refused(read: Read) -> None:
    """A shared external id would let one target's role be used for the other; it is not told."""
    other = TARGET.replace("production", "staging")
    with pytest.raises(ConfigError) as caught:
        read(TARGET + other)
    assert "targets[1]: the same external id as targets[0]" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_shared_external_id_is_found_across_sources(read: Read) -> None:
    """One that stands in the file and one that is a credential are compared as they are."""
    other = TARGET.replace("production", "staging").replace(
        f'"{SECRET}"', '{ credential = "staging" }'
    )
    with pytest.raises(ConfigError, match=r"targets\[1\]: the same external id") as caught:
        read(TARGET + other, staging=f" {SECRET}\n".encode())
    assert SECRET not in str(caught.value)


def test_a_bad_external_id_from_a_credential_is_not_told(read: Read) -> None:
    """A secret that is not in the right form is still a secret."""
    text = TARGET.replace(f'"{SECRET}"', '{ credential = "id" }')
    with pytest.raises(ConfigError, match="external_id: expected 2 to 1224") as caught:
        read(text, id=b"hush hush")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../proxyd.toml", "a/b", "/etc/passwd", "..", ".", "", "x\\u0000", "n" * 300]
)
def test_a_credential_is_a_file_name_and_no_path(read: Read, name: str) -> None:
    """No name leads out of the credentials directory, and none that is odd crashes."""
    text = TARGET.replace(f'"{SECRET}"', f'{{ credential = "{name}" }}')
    with pytest.raises(ConfigError, match=r"targets\[0\]\.external_id: there is no credential"):
        read(text)


def test_a_credential_that_is_no_text_is_refused(read: Read) -> None:
    """Bytes that are not UTF-8 are told with the place that names the credential."""
    text = TARGET.replace(f'"{SECRET}"', '{ credential = "id" }')
    with pytest.raises(ConfigError, match=r"targets\[0\]\.external_id: .*'id'.*not UTF-8"):
        read(text, id=b"\xff\xfe")


def test_a_credentials_directory_that_is_none_is_told(tmp_path: Path) -> None:
    """A file in the place of the directory has no credentials in it."""
    path = tmp_path / "proxyd.toml"
    path.write_text(TARGET.replace(f'"{SECRET}"', '{ credential = "id" }'))
    with pytest.raises(ConfigError, match=r"targets\[0\]\.external_id: there is no credential"):
        load(path, path)


def test_no_credentials_directory_is_told_with_how_to_give_one(tmp_path: Path) -> None:
    """A file that names credentials needs a directory; the message says how it is given."""
    path = tmp_path / "proxyd.toml"
    path.write_text(TARGET.replace(f'"{SECRET}"', '{ credential = "id" }'))
    with pytest.raises(ConfigError) as caught:
        load(path, None)
    for part in ("targets[0].external_id", "'id'", "--credentials", "$CREDENTIALS_DIRECTORY"):
        assert part in str(caught.value)


def test_no_credentials_directory_is_needed_without_credentials(tmp_path: Path) -> None:
    """A file whose secrets all stand in it is read without a directory."""
    path = tmp_path / "proxyd.toml"
    path.write_text(TARGET)
    assert load(path, None).targets[0].external_id == SECRET


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The path and the reason are in the message."""
    with pytest.raises(ConfigError, match=r"absent\.toml: can not be read: No such file"):
        load(tmp_path / "absent.toml", None)
    with pytest.raises(ConfigError, match=r"can not be read: Is a directory"):
        load(tmp_path, None)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Anything but UTF-8 is refused by name."""
    path = tmp_path / "proxyd.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"proxyd\.toml: is not UTF-8 text"):
        load(path, None)
