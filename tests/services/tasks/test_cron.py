"""Cron expressions in local time, also where the clock changes."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from services.tasks.cron import find_next


def _list_ticks(expression: str, begin: str, count: int) -> list[str]:
    tick = datetime.fromisoformat(begin).timestamp()
    ticks: list[str] = []
    for _ in range(count):
        tick = find_next(expression, after=tick)
        ticks.append(datetime.fromtimestamp(tick).astimezone().isoformat())

    return ticks


@pytest.mark.parametrize(
    ("expression", "first", "second"),
    [
        ("* * * * *", "2026-03-02T10:01:00+00:00", "2026-03-02T10:02:00+00:00"),
        ("*/5 * * * * *", "2026-03-02T10:00:05+00:00", "2026-03-02T10:00:10+00:00"),
        ("0 0 * * 1", "2026-03-09T00:00:00+00:00", "2026-03-16T00:00:00+00:00"),
        ("0 0 * * */1", "2026-03-03T00:00:00+00:00", "2026-03-04T00:00:00+00:00"),
        ("30 3 1 jan *", "2027-01-01T03:30:00+00:00", "2028-01-01T03:30:00+00:00"),
    ],
)
def test_the_next_tick_is_the_first_after_now(
    expression: str, first: str, second: str
) -> None:
    """A moment that is a tick itself is not its own next one."""
    assert _list_ticks(expression, "2026-03-02T10:00:00+00:00", 2) == [first, second]


def test_every_minute_ticks_through_the_change_of_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No minute is lost or doubled when an hour is repeated or left out."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    for day in ("2026-10-25", "2026-03-29"):
        tick = begin = datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()
        for _ in range(180):
            tick = find_next("* * * * *", after=tick)

        assert tick - begin == 180 * 60


def test_a_daily_job_ticks_once_on_each_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on the day whose hour is repeated, and on the day that lacks it."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()

    assert _list_ticks("30 2 * * *", "2026-10-24T12:00:00+02:00", 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]
    assert _list_ticks("30 2 * * *", "2026-03-28T12:00:00+01:00", 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]
