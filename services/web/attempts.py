"""Tries to log in: every secret of a stranger's is checked in here.

Which name and address have to wait is LoginThrottle's to say, and in the database:
it survives a restart and is the same for every process.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dashboard.accounts import LoginThrottle
from dashboard.database import Database

T = TypeVar("T")


class ThrottledError(Exception):
    """Too many tries have failed; the next one is taken in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many failed logins; try again in {seconds:.0f} s")
        self.seconds = seconds

    @property
    def sentence(self) -> str:
        """What people are told; never a time before that of Retry-After."""

        number, unit = math.ceil(self.seconds), "second"
        if number > 60:
            number, unit = math.ceil(number / 60), "minute"

        many = "" if number == 1 else "s"
        return (
            "Too many failed logins came from here. "
            f"Try again in {number} {unit}{many}."
        )


class Attempts:
    """Runs checks of secrets, unless their name or address has to wait."""

    def __init__(self, database: Database, *, now: Callable[[], float]) -> None:
        self._throttle = LoginThrottle(database, clock=now)

    async def run(
        self, check: Callable[[], Awaitable[T | None]], *, name: str, address: str
    ) -> T | None:
        """Run a check and take note of how it ended; None is a failure.

        Nothing is hashed for those who wait, and whether the name exists makes no
        difference.

        Raises:
            ThrottledError: the check was not run; come back later.
        """

        seconds = await self._throttle.check(name=name, address=address)
        if seconds > 0:
            raise ThrottledError(seconds)

        try:
            found = await check()
        except BaseException:
            # Nobody learned anything, so nothing failed and nothing goes on.
            self._throttle.forget(name=name, address=address)
            raise

        if found is None:
            await self._throttle.record_failure(name=name, address=address)
        else:
            await self._throttle.record_success(name=name, address=address)

        return found
