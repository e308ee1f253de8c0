"""When a cron expression ticks: five fields, or six with leading seconds.

Where the hour and the minute are given, a tick is a time of day: one that the clock
leaves out comes right after, and one that it shows twice comes the first time. Where
one of them begins with `*`, it ticks at each moment whose time on the wall fits: not
in an hour left out, and twice in one shown twice. Both are Debian's rules, and
docs/tasks.md's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from cronsim import CronSim, CronSimError

MAX_LENGTH = 100
_MINUTE = timedelta(minutes=1)


class _LocalTime(tzinfo):
    """The system's time zone, with its changes of the clock, as cronsim needs it."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        if moment is None:
            return None

        return moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str:
        return time.tzname[0]

    def fromutc(self, moment: datetime) -> datetime:
        # fromtimestamp marks the second pass of a repeated hour; astimezone does not.
        seconds = moment.replace(tzinfo=UTC).timestamp()
        return datetime.fromtimestamp(seconds).replace(tzinfo=self)  # noqa: DTZ006


LOCAL_TIME = _LocalTime()


def find_next(expression: str, *, after: float, zone: tzinfo = LOCAL_TIME) -> float:
    """Find the first tick after a moment, both in Unix seconds.

    Raises ValueError, with the reason, when the expression is none or never comes.
    """
    begin = datetime.fromtimestamp(after, tz=zone)
    if not names_time(expression):
        return next(_iterate(expression, begin)).timestamp()

    for tick in _iterate(expression, begin.replace(tzinfo=None)):
        moment = _resolve(tick, zone)
        if moment > after:
            return moment

    raise AssertionError("unreachable: an iterator without an end")


def find_last(
    expression: str, *, before: float, zone: tzinfo = LOCAL_TIME
) -> float | None:
    """Find the last tick that was not after a moment, both in Unix seconds."""
    # The second in which the moment lies counts: cronsim looks at those before one.
    begin = datetime.fromtimestamp(int(before) + 1, tz=zone)
    try:
        if not names_time(expression):
            return next(_iterate(expression, begin, reverse=True)).timestamp()

        start = begin.replace(tzinfo=None)
        # In the second pass of an hour, all ticks of the hour have been.
        start += timedelta(seconds=int(before) + 1 - _resolve(start, zone))
        for tick in _iterate(expression, start, reverse=True):
            moment = _resolve(tick, zone)
            if moment <= before:
                return moment

    except ValueError:
        return None

    raise AssertionError("unreachable: an iterator without an end")


def names_time(expression: str) -> bool:
    """Whether ticks are times of day, rather than intervals."""
    fields = expression.split()
    return len(fields) >= 5 and not any(one.startswith("*") for one in fields[-5:-3])


def _iterate(
    expression: str, begin: datetime, *, reverse: bool = False
) -> Iterator[datetime]:
    if len(expression) > MAX_LENGTH:
        raise ValueError(f"more than {MAX_LENGTH} characters")

    try:
        ticks = CronSim(expression, begin, reverse=reverse)
    except CronSimError as error:
        raise ValueError(_explain(expression, error)) from error

    while True:
        try:
            yield next(ticks)
        except (StopIteration, OverflowError):
            raise ValueError("it never comes") from None


def _explain(expression: str, error: CronSimError) -> str:
    # cronsim says the same of a day that is none and of one that a month lacks.
    if str(error) != "Bad day-of-month":
        return str(error)

    fields = expression.split()
    fields[-2] = "*"
    try:
        CronSim(" ".join(fields), datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError:
        return str(error)

    return "it never comes: no such day in that month"


def _resolve(local: datetime, zone: tzinfo) -> float:
    """The moment of a time of day; where the clock leaves it out, when it has."""
    moment = local.replace(tzinfo=zone, fold=0)
    while moment != moment.astimezone(UTC).astimezone(zone):
        moment = (moment + _MINUTE).replace(second=0, fold=0)

    return moment.timestamp()
