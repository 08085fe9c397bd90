"""What a new configuration leaves of the streams that are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from proxyd.auth.proofs import JwtProof, TokenProof
from proxyd.errors import Problem
from proxyd.events import ClosingReason
from proxyd.model import Account, Grant, Principal, Target
from proxyd.plan import Plan, Query
from proxyd.rules import Rules
from proxyd.settings import Issuer, Settings, Token

from .fakes import grant, principal, scanner, target
from .test_grants import glob
from .test_members import organization

TYPES = ("AWS::EC2::Instance", "AWS::EC2::VPC", "AWS::S3::Bucket")
REGISTRY = {type_: scanner(type_) for type_ in TYPES}
REGIONS = ("eu-west-1", "eu-west-2")
SHA = b"s" * 32
PROOF = TokenProof(SHA)
ME = principal("g1", name="me")
NOON = datetime(2126, 1, 1, 12, tzinfo=UTC)


def rules(
    *grants: Grant, targets: Sequence[Target] = (target(),), who: Principal = ME, **more: Any
) -> Rules:
    """Make rules by which one token is good."""
    made = Settings(
        targets=tuple(targets),
        grants=grants or (grant("g1"),),
        tokens=(Token(SHA, who),),
        **more,
    )
    return Rules(made, REGISTRY)


def verdict(
    now: Rules, *, was: Principal = ME, before: Rules | None = None, **asked: Any
) -> ClosingReason | None:
    """Open a stream by the old rules and hold it against new ones."""
    query = Query(**({"target": ("production",)} | asked))
    return now.against(PROOF, was, query, (before or rules()).planner.plan(was, query))


def test_the_same_rules_leave_a_stream_alone() -> None:
    """Reading the same configuration again ends nothing."""
    assert verdict(rules()) is None


def test_whoever_is_not_known_any_more_is_revoked() -> None:
    """The token is gone, or it is another's now: of another name, even with the same groups."""
    nobody = Rules(Settings(targets=(target(),), grants=(grant("g1"),)), REGISTRY)
    assert verdict(nobody) == "revoked"
    assert verdict(rules(who=principal("g1", name="you"))) == "revoked"


def test_a_group_that_is_taken_away_revokes() -> None:
    """What counts is whom the proof stands for now, and not what was copied when it began."""
    assert verdict(rules(who=principal("g2", name="me"))) == "revoked"
    assert verdict(rules(who=principal("g1", "g2", name="me"))) is None


def test_a_token_that_has_expired_meanwhile_is_revoked() -> None:
    """An end that the new configuration puts into the past."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    assert verdict(rules(who=principal("g1", name="me", expires=past))) == "revoked"


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (None, NOON, "replaced"),
        (NOON, NOON - timedelta(seconds=1), "replaced"),
        (NOON, NOON, None),
        (NOON, NOON + timedelta(seconds=1), None),
        (NOON, None, None),
    ],
)
def test_a_right_that_ends_sooner_has_to_be_opened_anew(
    was: datetime | None, now: datetime | None, expected: ClosingReason | None
) -> None:
    """The timer of the open stream is the old end: it may be too early, but not too late."""
    before = principal("g1", name="me", expires=was)
    after = rules(who=principal("g1", name="me", expires=now))
    assert verdict(after, was=before) == expected


def test_a_target_that_is_gone_is_revoked() -> None:
    """One of two is enough."""
    both = rules(targets=(target(), target("staging")))
    assert verdict(rules(targets=(target("staging"),))) == "revoked"
    asked = ("production", "staging")
    assert verdict(rules(), before=both, target=asked) == "revoked"
    assert verdict(both, before=both, target=asked) is None


@pytest.mark.parametrize(
    "change",
    [
        {"role_arn": "arn:aws:iam::222222222222:role/another"},
        {"external_id": "another"},
        {"via": "arn:aws:iam::111111111111:role/hub"},
        {"duration": 900},
        {"events": "https://sqs.eu-west-1.amazonaws.com/222222222222/events"},
    ],
)
def test_a_target_that_is_reached_otherwise_is_replaced(change: dict[str, Any]) -> None:
    """The stream has a session of the role as it was: it is opened anew."""
    assert verdict(rules(targets=(target(**change),))) == "replaced"


def test_a_target_that_is_narrowed_revokes_what_lies_outside_of_it() -> None:
    """Its own limits count like a grant's; one that is widened is no reason to end."""
    narrow = rules(targets=(target(regions=REGIONS[:1]),))
    assert verdict(narrow) == "revoked"
    assert verdict(narrow, region=("eu-west-1",)) is None
    assert verdict(rules(), before=narrow) is None
    few = rules(targets=(target(types=("AWS::EC2::*",)),))
    assert verdict(few) == "revoked"
    assert verdict(few, type=("AWS::EC2::VPC",)) is None


def test_a_type_that_no_scanner_is_left_for_is_revoked() -> None:
    """What was asked can not even be said any more."""
    fewer = Rules(
        Settings(targets=(target(),), grants=(grant("g1"),), tokens=(Token(SHA, ME),)),
        {TYPES[1]: REGISTRY[TYPES[1]]},
    )
    query = Query(target=("production",), type=(TYPES[0],))
    plans = rules().planner.plan(ME, query)
    assert fewer.against(PROOF, ME, query, plans) == "revoked"


def test_the_proof_of_an_issuer_is_judged_by_the_new_terms() -> None:
    """Another audience, another prefix of its groups, or an issuer that is gone."""
    terms: dict[str, Any] = {"name": "corp", "issuer": "https://login.example.com"}
    good = Issuer(**terms, audience="proxyd")
    proof = JwtProof(
        issuer=good.issuer,
        audience="proxyd",
        subject="00u1",
        groups=frozenset({"g1"}),
        expires=NOON,
    )
    query = Query(target=("production",))

    def judged(*issuers: Issuer) -> ClosingReason | None:
        was = principal("g1", name="corp:00u1", expires=NOON)
        plans = rules().planner.plan(was, query)
        return rules(issuers=issuers).against(proof, was, query, plans)

    assert judged(good) is None
    assert judged() == "revoked"
    assert judged(Issuer(**terms, audience="other")) == "revoked"
    assert judged(Issuer(**terms, audience="proxyd", groups_prefix="corp:")) == "revoked"
    renamed = {**terms, "name": "concern"}
    assert judged(Issuer(**renamed, audience="proxyd")) == "revoked"


# Against an oracle: whatever two configurations say, nothing goes on that the new one refuses.

SMALL_GRANTS = st.builds(
    Grant,
    groups=st.sampled_from([frozenset({"g1"}), frozenset({"g2"}), frozenset({"g1", "g2"})]),
    targets=st.sampled_from([("*",), ("production",), ("st*",)]),
    types=st.sampled_from([("*",), ("AWS::EC2::*",), ("AWS::S3::Bucket",), TYPES[:1]]),
    regions=st.sampled_from([("*",), ("eu-*",), ("eu-west-1",), ("eu-west-2",)]),
)
SMALL_TARGETS = st.lists(
    st.builds(
        target,
        st.sampled_from(["production", "staging"]),
        regions=st.sampled_from([("*",), REGIONS, REGIONS[:1]]),
        types=st.sampled_from([("*",), ("AWS::EC2::*",)]),
    ),
    unique_by=lambda made: made.name,
    max_size=2,
)
PEOPLE = st.sampled_from([("g1",), ("g2",), ("g1", "g2"), ()]).map(
    lambda groups: principal(*groups, name="me")
)
RULES = st.builds(
    lambda grants, targets, who: rules(*grants, targets=targets, who=who),
    st.lists(SMALL_GRANTS, min_size=1, max_size=3),
    SMALL_TARGETS,
    PEOPLE,
)
QUERIES = st.builds(
    Query,
    target=st.sampled_from([("production",), ("production", "staging")]),
    type=st.sampled_from([(), ("*",), ("AWS::EC2::*",), TYPES[:1]]),
    region=st.sampled_from([(), ("eu-*",), ("eu-west-1",)]),
)


def allowed(by: Rules, who: Principal, name: str, type_: str, region: str) -> bool:
    """Whether a configuration lets a principal see a type in a region of a target at all."""

    def meets(globs: Sequence[str], word: str) -> bool:
        return any(glob(pattern, word) for pattern in globs)

    known = [each for each in by.settings.targets if each.name == name]
    return any(
        meets(each.types, type_)
        and meets(each.regions, region)
        and any(
            who.groups & rule.groups
            and meets(rule.targets, name)
            and meets(rule.types, type_)
            and meets(rule.regions, region)
            for rule in by.settings.grants
        )
        for each in known
    )


def scanned(plans: Sequence[Plan]) -> set[tuple[str, str, str]]:
    """Return what plans scan: target, type, region."""
    return {
        (plan.target.name, scanner_.type, region)
        for plan in plans
        for scanner_, region in plan.extent.shards(plan.extent.regions(None))
    }


@hypothesis(max_examples=600)
@given(RULES, RULES, QUERIES)
def test_nothing_goes_on_that_would_not_be_begun(before: Rules, now: Rules, query: Query) -> None:
    """A stream that may go on scans nothing that is refused now; one that ends would be smaller."""
    was = before.settings.tokens[0].principal
    try:
        plans = before.planner.plan(was, query)
    except Problem:
        return
    who = now.settings.tokens[0].principal
    seen = scanned(plans)
    reason = now.against(PROOF, was, query, plans)
    assert reason in {None, "revoked"}
    if reason is None:
        assert all(allowed(now, who, *cell) for cell in seen)
    else:
        try:
            again = scanned(now.planner.plan(who, query))
        except Problem:
            return
        assert not seen <= again


SHOP = Account("444444444444", "shop")


@pytest.mark.parametrize(
    ("before", "now", "mode", "expected"),
    [
        (("a", "b"), ("a", "b"), "watch", None),
        (("a", "b"), ("b", "a"), "watch", None),
        (("a", "b"), ("a",), "watch", "replaced"),
        (("a", "b"), ("a",), "snapshot", "replaced"),
        (("a",), ("a", "b"), "watch", "replaced"),
        (("a",), ("a", "b"), "snapshot", None),
        (("a",), ("b",), "watch", "replaced"),
        (("a", "b"), (), "watch", "replaced"),
    ],
)
def test_who_asked_for_globs_comes_back_to_what_they_match(
    before: tuple[str, ...], now: tuple[str, ...], mode: Any, expected: ClosingReason | None
) -> None:
    """An account that joins or leaves ends nobody's right to the others."""
    was, then = (rules(targets=[target(n) for n in names]) for names in (before, now))
    assert verdict(then, before=was, target=("*",), mode=mode) == expected


def test_accounts_of_an_organization_are_targets() -> None:
    """They can be asked for as soon as they were listed, behind those of the configuration."""
    made = Settings(
        targets=(target(),), organizations=(organization(),), grants=(grant("g1", targets=("*",)),)
    )
    found = Rules(made, REGISTRY).with_accounts(organization(), [SHOP])
    assert [each.name for each in found.targets] == ["production", "shop-444444444444"]
    assert [plan.target.account for plan in found.planner.plan(ME, Query(target=("shop-*",)))] == [
        "444444444444"
    ]


def test_accounts_are_kept_while_they_are_listed_by_the_same_terms() -> None:
    """Another region does not matter; another filter might leave them out."""
    was = Rules(Settings(organizations=(organization(),)), REGISTRY)
    assert was.accounts(organization()) == ()
    was = was.with_accounts(organization(), [SHOP])
    narrower, filtered = organization(regions=("eu-west-1",)), organization(exclude=(SHOP.id,))
    kept = was.with_settings(Settings(organizations=(narrower,)))
    assert kept.accounts(organization()) == kept.accounts(narrower) == [SHOP]
    assert [each.regions for each in kept.targets] == [("eu-west-1",)]
    forgotten = was.with_settings(Settings(organizations=(filtered,)))
    assert (forgotten.targets, forgotten.accounts(filtered)) == ((), ())
    assert forgotten.accounts(organization()) is None
    assert forgotten.with_accounts(organization(), [SHOP]).targets == ()


def test_regions_are_known_before_an_organization_is_listed() -> None:
    """A client that comes back at once is told that there is no target, not that it asks badly."""
    made = Settings(organizations=(organization(),), grants=(grant("g1", targets=("*",)),))
    with pytest.raises(Problem) as caught:
        Rules(made, REGISTRY).planner.plan(ME, Query(target=("*",), region=("eu-west-1",)))
    assert caught.value.code == "no_such_target"
