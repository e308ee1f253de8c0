"""Waits after failed logins: longer and longer where they come from, nowhere else.

What counts is the address, and the name at that address: never the name alone, so
that nobody keeps a user out from elsewhere.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address

from dashboard.accounts.passwords import normalize_name
from dashboard.database import Database, Readable, Transaction
from dashboard.errors import DashboardError

logger = logging.getLogger(__name__)

LONGEST_WAIT = 900.0
#: Rows kept; of the others, those with the fewest and oldest failures go first.
MAX_ROWS = 10_000
#: Failures kept in memory while the table cannot be written.
MAX_UNSAVED = 1_000
#: Attempts under way that are remembered, and for how long at most (in seconds): who
#: is let through counts until the failure or success is told.
MAX_UNDER_WAY = 1_000
ATTEMPT_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many failures are free, and how soon one is forgiven (in seconds)."""

    free: int
    forgive: float

    def level_at(self, count: Count, now: float) -> float:
        """How many failures still count."""
        return max(0.0, count.level - max(0.0, now - count.at) / self.forgive)

    def wait(self, count: Count, now: float) -> float:
        """Seconds until another attempt is let through."""
        # A clock that was set back must not keep anybody out until it is there again.
        if count.level <= self.free or now < count.at:
            return 0.0

        return max(0.0, count.at + self.length(count.level) - now)

    def length(self, level: float) -> float:
        """Seconds to wait after a failure that makes this many."""
        return float(min(LONGEST_WAIT, 2.0 ** (level - self.free)))

    def add(self, count: Count, now: float) -> Count:
        """The count after one more failure."""
        return Count(min(self.highest, self.level_at(count, now) + 1.0), now)

    @property
    def highest(self) -> float:
        """No more count than make the longest wait, so that all can be forgiven."""
        return self.free + 10.0


@dataclass(frozen=True, slots=True)
class Count:
    """Failures of one key: how many count, and when the last one was (Unix)."""

    level: float
    at: float


NONE = Count(0.0, 0.0)

#: One name at one address: a person who mistypes, or somebody who tries passwords.
NAME = Limit(free=5, forgive=900.0)
#: One address: a household or an office behind one router, or many names tried.
ADDRESS = Limit(free=20, forgive=300.0)
#: From then on a row counts nothing, whichever limit it is of.
FORGOTTEN = max(limit.highest * limit.forgive for limit in (NAME, ADDRESS))


class LoginThrottle:
    """Says how long a login has to wait, and is told how each one ended.

    One for each process. The counts are in the file, so that other processes and the
    next start know them. A file that cannot be written stops no login: what it should
    hold is kept in memory for as long.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._clock = clock
        self._unsaved: OrderedDict[str, Count] = OrderedDict()
        self._under_way: OrderedDict[str, list[float]] = OrderedDict()

    async def check(self, *, name: str, address: str) -> float:
        """Seconds until this name may be tried from this address; 0 is now.

        Asked before the password is looked at, in the same words for every name. A
        0 counts as one attempt under way: once something has failed, many at once get
        no further than one after the other.
        """
        limits = _limits(name, address)
        counts = await self._look_up(limits)
        now = self._clock()
        wait = 0.0
        for key, limit in limits.items():
            count = counts.get(key, NONE)
            level = limit.level_at(count, now)
            under_way = self._attempts(key, now)
            # Where nothing has failed, a program may use its good key many times at
            # once; of a first burst of bad ones, the queue for hashing takes 18.
            if level and under_way and level + under_way > limit.free:
                wait = max(wait, 1.0)

            wait = max(wait, limit.wait(count, now))

        if wait == 0.0:
            for key in limits:
                self._begin(key, now)

        return wait

    async def record_failure(self, *, name: str, address: str) -> None:
        """Count a wrong name or password; one short write."""
        limits = _limits(name, address)
        try:
            async with self._database.write() as tx:
                await self._add(tx, limits)
        except (sqlite3.OperationalError, DashboardError) as error:
            logger.warning("a failed attempt is counted in memory only: %s", error)
            await self._keep(limits)
        else:
            for key in limits:
                self._unsaved.pop(key, None)

        finally:
            self._end(limits)

    async def record_success(self, *, name: str, address: str) -> None:
        """Forget the failures of this name here; writes only where there were some.

        Those of the address stay: an account of one's own buys no further attempts.
        """
        limits = _limits(name, address)
        key = next(iter(limits))
        self._unsaved.pop(key, None)
        try:
            if await self._read(self._database, {key: NAME}):
                async with self._database.write() as tx:
                    await tx.execute(
                        "DELETE FROM oneroof_login_failure WHERE key = ?", (key,)
                    )

        except (sqlite3.OperationalError, DashboardError) as error:
            logger.warning("failed attempts could not be forgotten: %s", error)
        finally:
            self._end(limits)

    def forget(self, *, name: str, address: str) -> None:
        """End an attempt that came to nothing: neither a failure nor a success.

        For checks that were cancelled, or never ran because too many were waiting.
        """
        self._end(_limits(name, address))

    async def _look_up(self, limits: Mapping[str, Limit]) -> dict[str, Count]:
        try:
            return await self._read(self._database, limits)
        except (sqlite3.OperationalError, DashboardError) as error:
            logger.warning("failed attempts could not be looked up: %s", error)
            return dict(self._unsaved)

    async def _read(
        self, source: Readable, limits: Mapping[str, Limit]
    ) -> dict[str, Count]:
        keys = list(limits)
        rows = await source.all(
            "SELECT key, level, at FROM oneroof_login_failure WHERE key IN (?, ?)",
            (keys[0], keys[-1]),
        )
        counts = {row["key"]: Count(row["level"], row["at"]) for row in rows}
        for key in limits:
            unsaved = self._unsaved.get(key)
            if unsaved is not None and unsaved.level > counts.get(key, NONE).level:
                counts[key] = unsaved

        return counts

    async def _add(self, tx: Transaction, limits: Mapping[str, Limit]) -> None:
        now = self._clock()
        counts = await self._read(tx, limits)
        for key, limit in limits.items():
            count = limit.add(counts.get(key, NONE), now)
            await tx.execute(
                "INSERT INTO oneroof_login_failure (key, level, at) VALUES (?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET"
                " level = excluded.level, at = excluded.at",
                (key, count.level, count.at),
            )

        await tx.execute(
            "DELETE FROM oneroof_login_failure WHERE at < ? OR at > ?",
            (now - FORGOTTEN, now + FORGOTTEN),
        )
        (row,) = await tx.all("SELECT count(*) AS rows FROM oneroof_login_failure")
        if row["rows"] > MAX_ROWS:
            await tx.execute(
                "DELETE FROM oneroof_login_failure WHERE key IN"
                " (SELECT key FROM oneroof_login_failure"
                " ORDER BY level DESC, at DESC LIMIT -1 OFFSET ?)",
                (MAX_ROWS,),
            )

    async def _keep(self, limits: Mapping[str, Limit]) -> None:
        counts = await self._look_up(limits)
        now = self._clock()
        for key, limit in limits.items():
            self._unsaved[key] = limit.add(counts.get(key, NONE), now)
            self._unsaved.move_to_end(key)

        while len(self._unsaved) > MAX_UNSAVED:
            self._unsaved.popitem(last=False)

    def _attempts(self, key: str, now: float) -> int:
        began = self._under_way.get(key, [])
        began[:] = [at for at in began if abs(now - at) < ATTEMPT_TIMEOUT]
        return len(began)

    def _begin(self, key: str, now: float) -> None:
        self._under_way.setdefault(key, []).append(now)
        self._under_way.move_to_end(key)
        while len(self._under_way) > MAX_UNDER_WAY:
            self._under_way.popitem(last=False)

    def _end(self, limits: Mapping[str, Limit]) -> None:
        for key in limits:
            began = self._under_way.get(key)
            if began:
                began.pop(0)

            if not began:
                self._under_way.pop(key, None)


def _limits(name: str, address: str) -> dict[str, Limit]:
    """The keys that an attempt counts under; the first is that of the name."""
    network = _network(address)
    # As a digest: whoever reads the file learns neither names nor passwords that
    # somebody typed into the wrong field.
    return {
        _digest(f"{network}\0{normalize_name(name)}"): NAME,
        _digest(network): ADDRESS,
    }


def _digest(text: str) -> str:
    encoded = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def _network(address: str) -> str:
    """The address, or the /64 that one customer has to themselves."""
    try:
        parsed = ip_address(address)
    except ValueError:
        # A Unix socket has none.
        return address

    if isinstance(parsed, IPv4Address):
        return str(parsed)

    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)

    return str(IPv6Network((int(parsed), 64), strict=False))
