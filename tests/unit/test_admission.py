"""From what a request shows to who it is: which credential decides, and who has to wait."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from proxyd import certificates
from proxyd.admission import Admission, Caller
from proxyd.auth.directory import Directory
from proxyd.auth.presented import Presented
from proxyd.auth.proofs import CertificateProof, FrontProof, JwtProof, Refused, TokenProof
from proxyd.auth.sessions import Session, Sessions
from proxyd.auth.tokens import digest
from proxyd.errors import Problem
from proxyd.metrics import Metrics
from proxyd.oidc.issuer import Issuer
from proxyd.settings import Certificate, Front, Limits, Login, Settings, Token
from proxyd.settings import Issuer as Terms

from .fakes import principal

TOKEN = "pxd_0123abcd_" + "s" * 43
WRONG = "pxd_0123abcd_" + "t" * 43
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIn0.c2ln"
CORP = Terms(name="corp", issuer="https://login.example.com", audience="proxyd")
FRONT = Front(peers=("10.0.0.1",), user_header="X-User", groups_header="X-Groups")
SOON = datetime.now(UTC) + timedelta(days=1)
BOT = certificates.Certified(frozenset({"DNS:bot"}), SOON)
SETTINGS = Settings(
    tokens=(Token(digest(TOKEN), principal("platform", name="dashboard")),),
    issuers=(CORP,),
    front=FRONT,
    certificates=(Certificate("DNS:bot", principal(name="bot")),),
    limits=Limits(failed_logins=5),
)
HEADERS = {"x-user": ("alice",), "x-groups": ("a,b",)}


class FakeIssuer(Issuer):
    """Takes one token, and counts."""

    def __init__(self) -> None:
        self.asked = 0

    async def verify(self, given: str) -> JwtProof:
        """Answer."""
        self.asked += 1
        if given != JWT:
            raise Refused("signature")
        return JwtProof(
            issuer=CORP.issuer,
            audience="proxyd",
            subject="00u1",
            groups=frozenset(),
            expires=SOON,
        )


class Door:
    """An admission with everything behind it."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.metrics = Metrics()
        self.issuer = FakeIssuer()
        self.sessions = Sessions(settings.session, time.monotonic, lambda _: None)
        self.admission = Admission(
            settings,
            Directory(settings),
            sessions=self.sessions,
            issuers={CORP.issuer: self.issuer},
            metrics=self.metrics,
        )

    async def admit(self, peer: str = "10.9.9.9", **shown: Any) -> Caller:
        """Let in who shows that."""
        return await self.admission.admit(Presented(peer=peer, **shown))

    async def refused(self, peer: str = "10.9.9.9", **shown: Any) -> Problem:
        """Return what is answered to who shows that."""
        with pytest.raises(Problem) as caught:
            await self.admit(peer, **shown)
        return caught.value

    def session(self, expires: datetime | None = None) -> tuple[str, Session]:
        """Begin a session of the token's principal."""
        proof = TokenProof(digest(TOKEN))
        begun = self.sessions.begin("dashboard", proof, expires, datetime.now(UTC))
        assert begun is not None
        return begun

    def counted(self) -> dict[str, float]:
        """Return how many were refused, by reason."""
        [family] = [f for f in self.metrics.registry.collect() if "logins_refused" in f.name]
        return {s.labels["reason"]: s.value for s in family.samples if s.name.endswith("_total")}


@pytest.fixture(autouse=True)
def readable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `read` know one certificate."""

    def read(der: bytes) -> certificates.Certified:
        if der == b"bot":
            return BOT
        raise ValueError("no certificate")

    monkeypatch.setattr(certificates, "read", read)


def bearer(token: str) -> tuple[str, ...]:
    """Write the header."""
    return (f"Bearer {token}",)


async def test_every_kind_of_credential_lets_in() -> None:
    """Each by its own proof; what a browser sends by itself is ambient."""
    door = Door()
    cookie, session = door.session()
    token = await door.admit(authorization=bearer(TOKEN))
    assert (token.principal.name, token.proof) == ("dashboard", TokenProof(digest(TOKEN)))
    machine = await door.admit(authorization=bearer(JWT))
    assert machine.principal.name == "corp:00u1"
    assert not token.ambient
    assert not machine.ambient
    person = await door.admit("10.0.0.1", headers=HEADERS)
    assert person.principal.name == "front:alice"
    assert person.proof == FrontProof("10.0.0.1", "alice", frozenset({"a", "b"}))
    browser = await door.admit(cookie=cookie)
    assert (browser.principal.name, browser.session) == ("dashboard", session)
    bot = await door.admit(certificate=b"bot")
    assert bot.proof == CertificateProof(BOT.names, SOON)
    assert person.ambient
    assert browser.ambient
    assert bot.ambient
    assert all(c.session is None for c in (token, machine, person, bot))


async def test_the_first_kind_decides_and_no_other_is_tried() -> None:
    """Authorization, front, cookie, certificate: what is shown and no good is not passed over."""
    door = Door()
    cookie, _ = door.session()
    everything: dict[str, Any] = {"cookie": cookie, "certificate": b"bot", "headers": HEADERS}
    by_token = await door.admit("10.0.0.1", authorization=bearer(TOKEN), **everything)
    assert by_token.principal.name == "dashboard"
    assert not by_token.ambient
    assert (await door.refused("10.0.0.1", authorization=bearer(WRONG), **everything)).status == 401
    assert (
        await door.refused("10.0.0.1", authorization=("Basic eA==",), **everything)
    ).status == 401
    assert (await door.admit("10.0.0.1", **everything)).principal.name == "front:alice"
    elsewhere = await door.admit("10.0.0.2", **everything)
    assert elsewhere.principal.name == "dashboard", "nobody is believed there"
    assert elsewhere.session is not None
    del everything["cookie"]
    assert (await door.admit("10.0.0.2", **everything)).principal.name == "bot"


async def test_a_cookie_that_is_no_session_leaves_the_certificate() -> None:
    """Browsers keep old cookies; that must not lock out who has a certificate as well."""
    door = Door()
    assert (await door.admit(cookie="old", certificate=b"bot")).principal.name == "bot"
    assert (await door.refused(cookie="old")).status == 401


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"authorization": ("Bearer",)},
        {"authorization": ("Bearer ",)},
        {"authorization": ("",)},
        {"authorization": (f"bearer  {TOKEN}x",)},
        {"authorization": (f"Basic {TOKEN}",)},
        {"authorization": (TOKEN,)},
        {"authorization": (*bearer(TOKEN), *bearer(TOKEN))},
        {"authorization": bearer(f"{TOKEN}, {TOKEN}")},
        {"authorization": bearer(f"{JWT[:-1]}x")},
        {"authorization": bearer("eyJhbGciOiJSUzI1NiJ9.e30.x")},
        {"authorization": bearer("ey.ey.ey")},
        {"cookie": ""},
        {"cookie": TOKEN},
        {"certificate": b"broken"},
        {"certificate": b""},
        {"headers": HEADERS},
    ],
)
async def test_the_answer_is_the_same_whatever_is_wrong(shown: dict[str, Any]) -> None:
    """Status, text and headers; the reason is counted, and told to nobody."""
    door = Door()
    problem = await door.refused(**shown)
    other = await Door().refused(authorization=bearer(WRONG))
    for part in ("status", "code", "detail", "headers", "extra"):
        assert getattr(problem, part) == getattr(other, part)
    assert problem.status == 401
    assert sum(door.counted().values()) == 1


async def test_the_scheme_is_bearer_in_any_case() -> None:
    """RFC 9110, section 11.1; more than one space does no harm."""
    for written in (f"bearer {TOKEN}", f"BEARER {TOKEN}", f"Bearer   {TOKEN} "):
        assert (await Door().admit(authorization=(written,))).principal.name == "dashboard"


async def test_who_may_log_in_is_told_where() -> None:
    """Only there where a login is configured; and the same for every cause."""
    login = Login(issuer="corp", url="https://proxyd.example.com", client_id="web")
    door = Door(Settings(issuers=(CORP,), login=login))
    assert (await door.refused()).extra == {"login": "/v1/login"}
    assert not (await Door().refused()).extra


async def test_a_session_ends_with_the_sooner_of_both() -> None:
    """What the caller has is the end of the session, or that of what it stands for."""
    door = Door()
    cookie, session = door.session(SOON)
    caller = await door.admit(cookie=cookie)
    assert caller.principal.expires == session.expires
    assert session.expires <= SOON
    end = datetime.now(UTC) + timedelta(seconds=30)
    short = Token(digest(TOKEN), principal(name="dashboard", expires=end))
    changed = Settings(tokens=(short,))
    door.admission.adopt(changed, Directory(changed))
    assert (await door.admit(cookie=cookie)).principal.expires == end


async def test_a_new_configuration_counts_from_the_next_request_on() -> None:
    """Tokens, sessions by them, and whom a front proxy may name."""
    door = Door()
    cookie, _ = door.session()
    empty = Settings()
    door.admission.adopt(empty, Directory(empty))
    for shown in ({"authorization": bearer(TOKEN)}, {"cookie": cookie}, {"headers": HEADERS}):
        assert (await door.refused("10.0.0.1", **cast("dict[str, Any]", shown))).status == 401


async def test_who_guesses_has_to_wait() -> None:
    """After five in a minute by address: also with another token's id, and with none."""
    door = Door()
    for number in range(5):
        guess = f"pxd_0000000{number}_" + "x" * 43
        assert (await door.refused(authorization=bearer(guess))).status == 401
    problem = await door.refused(authorization=bearer("pxd_11111111_" + "x" * 43))
    assert (problem.status, problem.code) == (429, "too_many_failures")
    assert 1 <= int((problem.headers or {})["Retry-After"]) <= 15
    assert (await door.refused(authorization=("Basic x",))).status == 401, "that is no guess"
    assert door.counted()["slowed"] == 1
    elsewhere = await door.admit("10.8.8.8", authorization=bearer(TOKEN))
    assert elsewhere.principal.name == "dashboard", "another address is not slowed"


async def test_guesses_at_one_token_are_slowed_from_wherever_they_come() -> None:
    """By the id that is in the open part of a token."""
    door = Door()
    for number in range(5):
        await door.refused(f"10.1.0.{number}", authorization=bearer(WRONG))
    assert (await door.refused("10.2.0.1", authorization=bearer(WRONG))).status == 429
    other = "pxd_99999999_" + "x" * 43
    assert (await door.refused("10.2.0.1", authorization=bearer(other))).status == 401


async def test_who_has_got_in_before_is_never_locked_out() -> None:
    """An attacker at the same address, or who knows the id of a token, does not keep it out."""
    door = Door()
    assert (await door.admit(authorization=bearer(TOKEN))).principal.name == "dashboard"
    for _ in range(20):
        await door.refused(authorization=bearer(WRONG))
    assert (await door.admit(authorization=bearer(TOKEN))).principal.name == "dashboard"


async def test_who_has_to_wait_costs_no_signature() -> None:
    """A guess that is slowed is not even looked at."""
    door = Door()
    for _ in range(5):
        await door.refused(authorization=bearer(f"{JWT[:-1]}x"))
    asked = door.issuer.asked
    assert (await door.refused(authorization=bearer(f"{JWT[:-1]}x"))).status == 429
    assert door.issuer.asked == asked == 5


async def test_the_address_of_who_comes_past_a_proxy_is_what_counts() -> None:
    """One client behind a listed proxy does not slow the others there."""
    door = Door()

    def at(address: str) -> dict[str, Any]:
        return {"headers": {"x-forwarded-for": (address,)}}

    for number in range(6):
        guess = f"pxd_0000000{number}_" + "x" * 43
        problem = await door.refused("10.0.0.1", authorization=bearer(guess), **at("192.0.2.1"))
    assert problem.status == 429
    good = await door.admit("10.0.0.1", authorization=bearer(TOKEN), **at("192.0.2.2"))
    assert good.address == "192.0.2.2"
    lie = await door.admit("10.0.0.9", authorization=bearer(TOKEN), **at("192.0.2.3"))
    assert lie.address == "10.0.0.9"


def test_what_was_presented_is_never_shown() -> None:
    """Not in a traceback, and in no log line."""
    assert TOKEN not in repr(Presented(peer="10.0.0.1", authorization=bearer(TOKEN)))
