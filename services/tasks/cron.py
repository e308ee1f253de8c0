"""Cron expressions of five fields, or six with leading seconds, in local time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo

from cronsim import CronSim, CronSimError

MAX_LENGTH = 100


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


_LOCAL_TIME = _LocalTime()


def find_next(expression: str, *, after: float) -> float:
    """Find the first tick after a moment, both in Unix seconds.

    Raises ValueError when the expression is none, or never comes.
    """
    if len(expression) > MAX_LENGTH:
        raise ValueError(f"more than {MAX_LENGTH} characters")

    begin = datetime.fromtimestamp(after, tz=_LOCAL_TIME)
    try:
        tick: datetime = next(CronSim(expression, begin))
    except CronSimError as error:
        raise ValueError(str(error)) from error
    except StopIteration:
        raise ValueError("it never comes") from None

    return tick.timestamp()
