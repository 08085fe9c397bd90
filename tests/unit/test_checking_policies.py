"""What a role's policies allow, deny and grant beyond need."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.aws.role import ACTIONS, Policy, Role
from proxyd.checking.beyond import beyond, others
from proxyd.checking.broad import CHANGING, EXPOSING, MANAGED
from proxyd.checking.evaluating import RoleRules, Rules, changing, covers, overlap
from proxyd.errors import Cause
from proxyd.proofs.declared import iam_reference
from proxyd.proofs.never import ACTIONS as NEVER

BOUND = "arn:aws:iam::1:policy/b"
PROXYD = "arn:aws:iam::111111111111:role/proxyd"
NAMES = st.from_regex(r"[a-z0-9]{1,6}:[A-Za-z]{1,12}", fullmatch=True)
PATTERNS = st.from_regex(r"[a-z*]{1,4}:[A-Za-z*?]{1,8}", fullmatch=True)


def statement(*actions: str, effect: str = "Allow", **other: Any) -> dict[str, Any]:
    """Make a statement about some actions, on everything."""
    return {"Effect": effect, "Action": list(actions), "Resource": "*", **other}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """Make a policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def role(
    *statements: dict[str, Any], bound: dict[str, Any] | None = None, trust: Any = None
) -> Role:
    """Make a role of one inline policy."""
    return Role(
        policies=(Policy(name="own", document=document(*statements)),),
        boundary=bound if bound is None else Policy(name="b", arn=BOUND, document=bound),
        trust=trust or {},
    )


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [
        ("*", "s3:GetObject", True),
        ("s3:*", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Get*", "s3:PutObject", False),
        ("s3:[Gg]etObject", "s3:GetObject", False),
        ("s3:Get*", "s3:GetObject*", True),
        ("s3:Get?", "s3:Get*", False),
        ("s3:GetObject", "s3:GetObject*", False),
        ("s3:*:x", "s3:GetObject", False),
    ],
)
def test_a_pattern_matches_as_in_iam(pattern: str, action: str, matches: bool) -> None:  # noqa: FBT001 - of the table
    """`*` and `?` stand for characters, case does not count, and brackets are nothing special."""
    assert covers(pattern, action) is matches


@given(PATTERNS, PATTERNS, NAMES)
def test_what_covers_a_pattern_covers_all_that_it_matches(
    wide: str, narrow: str, name: str
) -> None:
    """A pattern that covers another matches every action that the other does."""
    if covers(wide, narrow) and fnmatchcase(name.lower(), narrow.lower()):
        assert covers(wide, name)


@given(st.lists(NAMES, max_size=5), st.lists(NAMES, max_size=5))
def test_an_explicit_deny_wins(allowed: list[str], denied: list[str]) -> None:
    """An action is allowed where a statement allows it and none denies it altogether."""
    rules = Rules([document(statement(*allowed), statement(*denied, effect="Deny"))])
    lower = {action.lower() for action in denied}
    for action in [*allowed, *denied]:
        expected = action.lower() in {a.lower() for a in allowed} - lower
        assert rules.allows(action) is expected


def test_not_action_is_everything_else() -> None:
    """`NotAction` allows what it does not name."""
    rules = Rules([document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})])
    assert rules.allows("s3:GetObject")
    assert not rules.allows("iam:ListRoles")


def test_a_deny_of_all_but_something_leaves_that() -> None:
    """What a deny excepts is allowed, and a pattern that holds some of it is not taken back."""
    but = {"Effect": "Deny", "NotAction": ["s3:*", "ec2:DescribeVpcs"], "Resource": "*"}
    told = beyond(role(statement("*"), but), {"ec2:DescribeVpcs"}, None)
    assert told.changes == ["*"]
    assert told.exposes == ["s3:GetObject", "s3:GetObjectVersion"]
    rules = Rules([document(statement("*", "iam:*", "s3:Put*"), but)])
    assert rules.allows("s3:PutObject")
    assert not rules.allows("iam:ListRoles")
    assert list(rules.patterns()) == ["*", "s3:Put*"]


@given(PATTERNS, PATTERNS, NAMES)
def test_patterns_that_match_the_same_action_overlap(one: str, other: str, name: str) -> None:
    """Whether two patterns have something in common is never told as no where they have."""
    if covers(one, name) and covers(other, name):
        assert overlap(one, other)
        assert overlap(one, name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("s3:Get*", "s3:Put*"), ("s3:*", "ec2:*"), ("s3:GetObject", "s3:PutObject"), ("a:*B", "a:*C")],
)
def test_patterns_that_have_nothing_in_common_do_not_overlap(one: str, other: str) -> None:
    """Where what is fixed at the start or the end differs, no action can be both."""
    assert not overlap(one, other)


@pytest.mark.parametrize(
    "odd", [{}, {"Statement": "x"}, {"Statement": [1]}, {"Statement": {"Effect": "Allow"}}]
)
def test_what_is_no_policy_allows_nothing(odd: dict[str, Any]) -> None:
    """A document that can not be read is as if it were not there."""
    assert not Rules([odd]).allows("s3:GetObject")


ALL = statement("*")
SQS = "sqs:ListQueues"
REFUSING: list[tuple[Role, list[Cause]]] = [
    (role(ALL), []),
    (role(statement("s3:*")), ["policy"]),
    (role(ALL, statement(SQS, effect="Deny")), ["explicit_deny"]),
    (role(ALL, statement(SQS, effect="Deny", Condition={"Bool": {"x": "y"}})), []),
    (role(ALL, statement(SQS, effect="Deny", Resource="arn:aws:sqs:::a")), []),
    (role(ALL, bound=document(statement("s3:*"))), ["boundary"]),
    (role(ALL, bound=document(ALL, statement("sqs:*", effect="Deny"))), ["boundary"]),
    (role(ALL, bound=document(ALL)), []),
    (role(statement("s3:*"), bound=document(statement("s3:*"))), ["policy", "boundary"]),
]


@pytest.mark.parametrize(("refusing", "found"), REFUSING)
def test_the_policies_of_a_role_say_why_it_is_refused(refusing: Role, found: list[Cause]) -> None:
    """A deny that depends on something is not told as the cause, since it may not be."""
    assert RoleRules(refusing).causes(SQS) == found


def test_a_policy_that_can_not_be_read_may_allow_anything() -> None:
    """Nothing is said to be missing from policies of which one is not known."""
    unread = Role(policies=(Policy(name="x", arn="arn:x"),), boundary=None, trust={})
    assert RoleRules(unread).causes(SQS) == []


@pytest.mark.parametrize("pattern", ["*", "s3:*", "s3:Put*", "s3:P*", "ec2:D*", "iam:PassRole"])
def test_what_changes_something_is_known_by_its_name(pattern: str) -> None:
    """A name that begins with a verb of change, and a pattern that could match one."""
    assert changing(pattern)


@pytest.mark.parametrize("pattern", ["s3:Get*", "ec2:Describe*", "a:ListThings", "s3:HeadBucket"])
def test_what_only_reads_changes_nothing(pattern: str) -> None:
    """No verb of change begins like these."""
    assert not changing(pattern)


def test_nearly_all_that_aws_calls_a_change_is_known_as_one() -> None:
    """By the names alone: of 11,600 actions that write, tag or grant, 4 in a hundred are not."""
    services = iam_reference().values()
    levels = [
        (f"{service['prefix']}:{name}", told["access_level"])
        for service in services
        if isinstance(service, dict) and "privileges" in service
        for name, told in service["privileges"].items()
    ]
    changes = [name for name, level in levels if level not in {"Read", "List"}]
    reads = [name for name, level in levels if level in {"Read", "List"}]
    assert len(changes) > 10_000
    assert sum(map(changing, changes)) > 0.96 * len(changes)
    assert sum(map(changing, reads)) < 0.05 * len(reads)


@pytest.mark.parametrize("action", ACTIONS)
def test_what_reads_a_role_changes_nothing(action: str) -> None:
    """What a person is told to add to let a role read itself is harmless by the same rule."""
    assert not changing(action)


def test_the_lists_are_reviewed_ones() -> None:
    """They are sorted, have nothing twice, and what exposes is nothing that a scanner may ask."""
    assert list(EXPOSING) == sorted(set(EXPOSING))
    assert list(CHANGING) == sorted(set(CHANGING))
    for actions in MANAGED.values():
        assert set(actions) <= {*EXPOSING, "*"}
    known = [a for a in EXPOSING if any(fnmatchcase(a, pattern) for pattern in NEVER)]
    assert len(known) > len(EXPOSING) / 2


def test_a_role_of_exactly_what_is_needed_grants_nothing_beyond() -> None:
    """Case does not make an action another one."""
    told = beyond(role(statement("SQS:listqueues")), {SQS}, None)
    assert (told.patterns, told.exposes, told.changes, told.managed) == (0, [], [], [])


def test_what_is_granted_beyond_need_is_named() -> None:
    """Reading of data and changing are told; what a deny takes back, or a boundary, is not."""
    wide = role(
        statement(SQS, "s3:*", "kms:Decrypt", "ec2:Describe*", "iam:Put*"),
        statement("iam:*", effect="Deny"),
        bound=document(statement("sqs:*", "s3:*", "ec2:*")),
    )
    told = beyond(wide, {SQS}, None)
    assert told.exposes == ["s3:GetObject", "s3:GetObjectVersion"]
    assert told.changes == ["s3:*"]
    assert told.patterns == 3
    assert told.boundary == BOUND


@pytest.mark.parametrize("path", MANAGED)
def test_broad_policies_of_aws_are_known_by_their_arn(path: str) -> None:
    """In any partition, and even where they can not be read."""
    policy = Policy(name="x", arn=f"arn:aws-cn:iam::aws:policy/{path}")
    told = beyond(Role(policies=(policy,), boundary=None, trust={}), set(), None)
    assert told.managed == [path.rpartition("/")[2]]
    assert ("s3:GetObject" in told.exposes) is (
        path not in {"SecurityAudit", "job-function/ViewOnlyAccess"}
    )


def test_a_policy_that_may_not_be_read_is_named() -> None:
    """What it grants is not known, so nothing is said of it but that."""
    own = Policy(name="own", document=document(statement(SQS)))
    unread = Role(policies=(own, Policy(name="x", arn="arn:x")), boundary=None, trust={})
    told = beyond(unread, {SQS}, None)
    assert (told.unread, told.patterns) == (["x"], 0)


@pytest.mark.parametrize(
    ("known", "lets"),
    [
        (role(ALL), True),
        (role(statement(SQS, Resource="arn:aws:sqs:*:*:mine")), False),
        (role(statement(SQS, Condition={"Bool": {"aws:ViaAWSService": "true"}})), False),
        (role(ALL, bound=document(ALL)), True),
        (role(ALL, bound=document(statement("s3:*"))), False),
        (role(statement("s3:*")), False),
        (Role(policies=(Policy(name="x", arn="arn:x"),), boundary=None, trust={}), False),
        (
            Role(
                policies=(Policy(name="own", document=document(ALL)),),
                boundary=Policy(name="b", arn=BOUND),
                trust={},
            ),
            False,
        ),
    ],
)
def test_a_role_lets_what_all_its_known_policies_do(known: Role, *, lets: bool) -> None:
    """Of a policy that can not be read nothing is said: not that it allows something either."""
    assert RoleRules(known).lets(SQS) is lets


def test_a_policy_of_the_account_is_not_aws_s() -> None:
    """Somebody's own policy that is called ReadOnlyAccess is read, and not known."""
    policy = Policy(name="ReadOnlyAccess", arn="arn:aws:iam::1:policy/ReadOnlyAccess")
    told = beyond(Role(policies=(policy,), boundary=None, trust={}), set(), None)
    assert told.managed == told.exposes == []


def trusting(
    principal: Any, action: Any = "sts:AssumeRole", effect: str = "Allow"
) -> dict[str, Any]:
    """Make a trust policy of one statement."""
    return document({"Effect": effect, "Principal": principal, "Action": action})


@pytest.mark.parametrize(
    ("trust", "found"),
    [
        (trusting({"AWS": PROXYD}), []),
        (trusting({"AWS": "arn:aws:iam::111111111111:role/with/path/proxyd"}), []),
        (
            trusting({"AWS": "arn:aws:iam::222222222222:role/proxyd"}),
            ["arn:aws:iam::222222222222:role/proxyd"],
        ),
        (trusting("*"), ["*"]),
        (trusting({"AWS": "*"}), ["*"]),
        (trusting({"AWS": [PROXYD, "111111111111"]}), ["111111111111"]),
        (
            trusting({"AWS": PROXYD, "Service": "ec2.amazonaws.com"}),
            ["ec2.amazonaws.com"],
        ),
        (trusting({"Federated": "x"}, "sts:AssumeRoleWithWebIdentity"), ["x"]),
        (trusting({"AWS": "other"}, ["sts:SetSourceIdentity", "sts:TagSession"]), []),
        (trusting({"AWS": "other"}, "sts:*"), ["other"]),
        (trusting({"AWS": "other"}, effect="Deny"), []),
        ({"Statement": trusting("*")["Statement"][0]}, ["*"]),
        ({}, []),
    ],
)
def test_who_else_may_assume_a_role_is_told(trust: dict[str, Any], found: list[str]) -> None:
    """Every principal that may become the role, but for the one that does so for proxyd."""
    assert others(trust, PROXYD) == found


def test_thousands_of_patterns_are_held_against_hundreds_of_actions_in_no_time() -> None:
    """ReadOnlyAccess has some 2,700 patterns, and is asked about each action that is lacking."""
    patterns = [f"service{n % 300}:{verb}*" for n in range(900) for verb in ("Get", "List", "Desc")]
    held = RoleRules(role(statement(*patterns)))
    since = time.process_time()
    for n in range(500):
        assert held.causes(f"service{n % 300}:GetThing") == []
        assert held.causes(f"other{n}:GetThing") == ["policy"]
    assert time.process_time() - since < 1
