"""When a service is started again."""

from __future__ import annotations

import pytest

from runner.restarts import BUDGET, DELAY, DELAY_MAX, FORGIVE_INTERVAL, JITTER, Restarts

FAILURE = ValueError("no")


class Clock:
    """A clock that stands still until moved."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""

        return self.now


@pytest.mark.parametrize(
    ("policy", "error", "restarts"),
    [
        ("never", FAILURE, False),
        ("never", None, False),
        ("on-failure", FAILURE, True),
        ("on-failure", None, False),
        ("always", None, True),
    ],
)
def test_the_policy_decides(policy: str, error: Exception | None, restarts: bool):
    """Each policy restarts after what it names."""

    assert (Restarts(policy).next_delay(error) is not None) == restarts


def test_replicas_do_not_return_in_step(monkeypatch: pytest.MonkeyPatch):
    """Each delay is longer by a share of its own."""

    shares = []

    def choose(low: float, high: float) -> float:
        shares.append((low, high))
        return high

    monkeypatch.setattr("runner.restarts.random.uniform", choose)

    assert Restarts("always").next_delay(None) == DELAY * (1 + JITTER)
    assert shares == [(0, JITTER)]


def test_delays_double_up_to_the_budget():
    """Failures in a row wait longer each time; then the service stays down."""

    clock = Clock()
    restarts = Restarts("on-failure", clock=clock)
    delays = [restarts.next_delay(FAILURE) for _ in range(BUDGET + 1)]

    for turn, delay in enumerate(delays[:-1]):
        assert delay is not None
        least = min(DELAY_MAX, DELAY * 2**turn)
        assert least <= delay <= least * (1 + JITTER)

    assert delays[-1] is None


def test_old_failures_are_forgiven():
    """A service that fails once an hour is restarted for ever, at once."""

    clock = Clock()
    restarts = Restarts("on-failure", clock=clock)

    for _ in range(50):
        clock.now += FORGIVE_INTERVAL * BUDGET
        delay = restarts.next_delay(FAILURE)
        assert delay is not None
        assert delay <= DELAY * (1 + JITTER)
