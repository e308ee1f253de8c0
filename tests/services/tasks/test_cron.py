"""Cron expressions in local time, also where the clock changes."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.tasks.cron import find_last, find_next, names_time

BERLIN = ZoneInfo("Europe/Berlin")
#: A clock that changes by half an hour, at 2 o'clock.
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


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


def _list_in_zone(
    expression: str, begin: str, count: int, zone: ZoneInfo = BERLIN
) -> list[str]:
    tick = datetime.fromisoformat(begin).timestamp()
    ticks: list[str] = []
    for _ in range(count):
        tick = find_next(expression, after=tick, zone=zone)
        ticks.append(datetime.fromtimestamp(tick, zone).strftime("%d %H:%M:%S%z"))

    return ticks


@pytest.mark.parametrize("expression", ["30 2 * * *", "0 30 2 * * *"])
def test_a_time_of_day_that_is_left_out_comes_right_after(expression: str) -> None:
    """With six fields as with five."""
    assert _list_in_zone(expression, "2026-03-28T12:00:00+01:00", 2) == [
        "29 03:00:00+0200",
        "30 02:30:00+0200",
    ]


@pytest.mark.parametrize("expression", ["30 2 * * *", "0 30 2 * * *"])
def test_a_time_of_day_that_comes_twice_counts_once(expression: str) -> None:
    """The first time; also for one who asks between the two, or in the second."""
    for begin in ("2026-10-24T12:00:00+02:00", "2026-10-25T02:29:59+02:00"):
        assert _list_in_zone(expression, begin, 2) == [
            "25 02:30:00+0200",
            "26 02:30:00+0100",
        ]

    for begin in ("2026-10-25T02:31:00+02:00", "2026-10-25T02:29:00+01:00"):
        assert _list_in_zone(expression, begin, 1) == ["26 02:30:00+0100"]


def test_all_times_of_the_hour_left_out_come_as_one() -> None:
    """At the first moment after it."""
    assert _list_in_zone("0,20,40 1,2 * * *", "2026-03-29T01:30:00+01:00", 3) == [
        "29 01:40:00+0100",
        "29 03:00:00+0200",
        "30 01:00:00+0200",
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/30 * * * *", ["29 01:30:00+0100", "29 03:00:00+0200"]),
        ("10 * * * *", ["29 01:10:00+0100", "29 03:10:00+0200"]),
        ("0 */20 * * * *", ["29 01:20:00+0100", "29 01:40:00+0100"]),
        ("0 */2 * * *", ["29 04:00:00+0200", "29 06:00:00+0200"]),
        ("* 2 * * *", ["30 02:00:00+0200", "30 02:01:00+0200"]),
    ],
)
def test_intervals_pass_over_an_hour_left_out(
    expression: str, expected: list[str]
) -> None:
    """Those of every hour go by the time that passes, others wait for theirs."""
    assert _list_in_zone(expression, "2026-03-29T01:05:00+01:00", 2) == expected


def test_intervals_go_on_through_an_hour_that_comes_twice() -> None:
    """Twice as often in that hour, by the clock on the wall."""
    assert _list_in_zone("30 * * * *", "2026-10-25T01:00:00+02:00", 4) == [
        "25 01:30:00+0200",
        "25 02:30:00+0200",
        "25 02:30:00+0100",
        "25 03:30:00+0100",
    ]
    assert _list_in_zone("0 */2 * * *", "2026-10-25T01:00:00+02:00", 3) == [
        "25 02:00:00+0200",
        "25 02:00:00+0100",
        "25 04:00:00+0100",
    ]


def test_a_change_by_half_an_hour_is_one_too() -> None:
    """2:15 is left out there, and 1:45 comes twice."""
    assert _list_in_zone(
        "15 2 * * *", "2026-10-03T12:00:00+10:30", 1, zone=LORD_HOWE
    ) == ["04 02:30:00+1100"]
    assert _list_in_zone(
        "45 1 * * *", "2026-04-04T12:00:00+11:00", 2, zone=LORD_HOWE
    ) == ["05 01:45:00+1100", "06 01:45:00+1030"]


def test_the_zone_is_the_one_that_is_given() -> None:
    """The same expression, hours apart."""
    begin = datetime.fromisoformat("2026-06-01T00:00:00+00:00").timestamp()
    noon = [
        find_next("0 12 * * *", after=begin, zone=ZoneInfo(name))
        for name in ("Asia/Tokyo", "Europe/Berlin", "America/New_York")
    ]

    assert [(tick - begin) / 3600 for tick in noon] == [3, 10, 16]


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "*/7 * * * * *",
        "10 * * * *",
        "30 2 * * *",
        "0 30 2 * * *",
        "0,20,40 1,2 * * *",
        "5 1-3 * * sun",
        "0 */2 1,28,29 * *",
    ],
)
@pytest.mark.parametrize(
    "day",
    ["2026-03-28T22:30:00+00:00", "2026-10-24T22:30:00+00:00", "2026-06-01T00:00Z"],
)
def test_the_last_tick_is_the_one_whose_next_is_to_come(
    expression: str, day: str
) -> None:
    """Looking back and looking ahead agree, through both changes of the clock."""
    begin = datetime.fromisoformat(day).timestamp()
    for step in range(60):
        moment = begin + step * 437
        last = find_last(expression, before=moment, zone=BERLIN)

        assert last is not None
        assert last <= moment < find_next(expression, after=last, zone=BERLIN)
        assert find_last(expression, before=last, zone=BERLIN) == last


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "Wrong number of fields"),
        ("* * * *", "Wrong number of fields"),
        ("* * * * * * *", "Wrong number of fields"),
        ("60 * * * *", "Bad minute"),
        ("* 24 * * *", "Bad hour"),
        ("* * 32 * *", "Bad day-of-month"),
        ("* * * 13 *", "Bad month"),
        ("* * * * 8", "Bad day-of-week"),
        ("*/0 * * * *", "Bad minute"),
        ("0 0 31 2 *", "it never comes: no such day in that month"),
        ("0 0 0 30 2 *", "it never comes: no such day in that month"),
        ("0 0 31 4,6,9,11 *", "it never comes: no such day in that month"),
        ("0 0 */31 2 1#5", "it never comes"),
        ("0," * 60 + "0 * * * *", "more than 100 characters"),
    ],
)
def test_what_cannot_tick_is_refused_with_its_reason(
    expression: str, reason: str
) -> None:
    """Before it is stored."""
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        find_next(expression, after=0)

    assert find_last(expression, before=1.8e9) is None


def test_what_ticks_only_in_leap_years_is_taken() -> None:
    """However far away."""
    tick = find_next("0 0 29 2 *", after=1767225600)

    assert datetime.fromtimestamp(tick, tz=UTC).date() == date(2028, 2, 29)


def test_a_time_of_day_is_one_whose_hour_and_minute_are_given() -> None:
    """Debian's rule."""
    given = ["30 2 * * *", "0 30 2 * * *", "* 30 2 * * *", "1,2 1-3 * * mon"]
    not_given = ["* 2 * * *", "*/5 2 * * *", "0 * * * *", "0 0 */2 * * *", ""]

    assert [names_time(one) for one in given + not_given] == [True] * 4 + [False] * 5
