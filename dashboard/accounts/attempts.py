"""Checks of secrets that strangers give: throttled, and told how each one ended.

Which name and address have to wait is LoginThrottle's to say, and in the database: it
survives a restart and is the same for every process.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from dashboard.accounts.throttle import LoginThrottle
from dashboard.database import Database
from dashboard.errors import ThrottledError

T = TypeVar("T")


class Attempts:
    """Runs checks of secrets, unless their name or address has to wait."""

    def __init__(
        self, database: Database, *, now: Callable[[], float] = time.time
    ) -> None:
        self._throttle = LoginThrottle(database, clock=now)

    async def run(
        self, check: Callable[[], Awaitable[T | None]], *, name: str, address: str
    ) -> T | None:
        """Run a check and take note of how it ended; None is a failure.

        Nothing is hashed for those who wait, and whether the name exists makes no
        difference. Raises ThrottledError where the check was not run: come back later.
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


#: By the identity of its database, which it keeps alive; forgotten with its last user.
_shared: WeakValueDictionary[int, Attempts] = WeakValueDictionary()


def share_attempts(
    database: Database, *, now: Callable[[], float] = time.time
) -> Attempts:
    """The attempts of this process at a database: pages and procedures count as one.

    The clock is that of whoever asks first.
    """
    attempts = _shared.get(id(database))
    if attempts is None:
        attempts = _shared[id(database)] = Attempts(database, now=now)

    return attempts
