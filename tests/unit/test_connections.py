"""How many connections there may be, and how fast one address opens them."""

from __future__ import annotations

from proxyd.errors import Problem
from proxyd.settings import Front, Limits, Settings
from proxyd.web.connections import MAX_KEPT, Connections

from .test_sessions import Clock

SETTINGS = Settings(
    limits=Limits(connections=100, connections_per_second=2), front=Front(peers=("10.0.0.5",))
)


def status(problem: Problem | None) -> int:
    """Return the status of what came of it."""
    return 200 if problem is None else problem.status


def test_an_address_has_ten_seconds_worth_at_once() -> None:
    """Then two a second; others, and proxies that are believed, have their own."""
    clock = Clock()
    connections = Connections(lambda: SETTINGS, 1000, clock)
    assert [status(connections.opened("a")) for _ in range(22)] == [200] * 20 + [429] * 2
    assert status(connections.opened("b")) == 200
    assert {status(connections.opened("10.0.0.5")) for _ in range(50)} == {200}
    clock.now += 0.5
    assert [status(connections.opened("a")) for _ in range(2)] == [200, 429]
    clock.now += 3600
    assert [status(connections.opened("a")) for _ in range(21)] == [200] * 20 + [429]


def test_all_in_all_there_are_no_more_than_there_may_be() -> None:
    """Neither than is configured, nor than the process can have; those that go make room."""
    for most, possible in ((1000, 100), (7, 7)):
        connections = Connections(lambda: SETTINGS, most)
        for i in range(possible):
            assert connections.opened(f"address {i}") is None
        problem = connections.opened("more")
        assert problem is not None
        assert (problem.status, problem.code) == (503, "too_many_connections")
        assert 5 <= int(problem.headers["Retry-After"]) < 10
        connections.closed()
        assert connections.opened("more") is None
        assert connections.open == possible


def test_who_is_refused_is_not_counted() -> None:
    """A refusal takes no place, and addresses are forgotten in the end."""
    connections = Connections(lambda: SETTINGS, 10**9)
    for i in range(MAX_KEPT + 10):
        if connections.opened(f"address {i}") is None:
            connections.closed()
    assert connections.open == 0
    assert len(vars(connections)["_left"]) == MAX_KEPT
