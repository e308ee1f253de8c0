from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import anyio
import pytest

from dashboard.accounts import LoginThrottle, throttle
from dashboard.accounts.throttle import ADDRESS, LONGEST_WAIT, NAME
from dashboard.database import Database, Transaction
from dashboard.errors import DatabaseBusyError, DatabaseFullError
from tests.dashboard.accounts.clock import Clock

HOME = "192.0.2.1"
AWAY = "198.51.100.7"


@pytest.fixture(name="kind", params=["aiosqlite", "sqlite3"])
def _kind(request: pytest.FixtureRequest) -> tuple[str, None]:
    """The table is ours, and the same in every file."""
    return (str(request.param), None)


@pytest.fixture(name="login")
def _login(database: Database, clock: Clock) -> LoginThrottle:
    return LoginThrottle(database, clock=clock)


class Writes:
    """A database that counts its write transactions, and can refuse them."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        self.error: Exception | None = None
        self._write = database.write
        self.all = database.all

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        self.count += 1
        if self.error is not None:
            raise self.error

        async with self._write() as tx:
            yield tx


async def fail(
    login: LoginThrottle, times: int = 1, *, name: str = "ada", address: str = HOME
) -> None:
    for _ in range(times):
        await login.record_failure(name=name, address=address)


async def rows_of(database: Database) -> list[tuple[str, float, float]]:
    rows = await database.all("SELECT key, level, at FROM oneroof_login_failure")
    return [tuple(row) for row in rows]


async def test_a_few_failures_are_free_and_then_waits_double(
    login: LoginThrottle, clock: Clock
):
    """Up to a quarter of an hour, however many there are."""
    waits = []
    for _ in range(NAME.free + 12):
        await fail(login)
        waits.append(await login.check(name="ada", address=HOME))

    assert waits[: NAME.free] == [0.0] * NAME.free
    assert waits[NAME.free :][:4] == [2.0, 4.0, 8.0, 16.0]
    assert waits[-1] == LONGEST_WAIT == 900.0
    assert max(waits) == LONGEST_WAIT


async def test_a_wait_passes(login: LoginThrottle, clock: Clock):
    """To the moment; one more failure afterwards makes a longer one."""
    await fail(login, NAME.free + 3)

    assert await login.check(name="ada", address=HOME) == 8.0

    clock.now += 7.5

    assert await login.check(name="ada", address=HOME) == 0.5

    clock.now += 0.5

    assert await login.check(name="ada", address=HOME) == 0.0

    await fail(login)

    assert 15.0 < await login.check(name="ada", address=HOME) <= 16.0


async def test_nobody_is_locked_out_from_elsewhere(login: LoginThrottle):
    """A hundred failures under a name leave it free at every other address."""
    await fail(login, 100, address=AWAY)

    assert await login.check(name="ada", address=AWAY) > 0
    assert await login.check(name="ada", address=HOME) == 0.0
    assert await login.check(name="bob", address=HOME) == 0.0


async def test_another_name_at_the_same_address_has_its_own_count(
    login: LoginThrottle,
):
    """One who forgot their password does not stop the family."""
    await fail(login, NAME.free + 1)

    assert await login.check(name="ada", address=HOME) > 0
    assert await login.check(name="bob", address=HOME) == 0.0


async def test_many_names_from_one_address_make_it_wait(login: LoginThrottle):
    """For any name, known or not, and for no other address."""
    for number in range(ADDRESS.free + 1):
        await fail(login, name=f"name{number}")

    assert await login.check(name="ada", address=HOME) == 2.0
    assert await login.check(name="nobody", address=HOME) == 2.0
    assert await login.check(name="ada", address=AWAY) == 0.0


async def test_a_success_forgets_the_failures_of_the_name(
    login: LoginThrottle, database: Database
):
    """Those of the address stay: an account of one's own buys no attempts."""
    await fail(login, ADDRESS.free, name="mine")
    await login.record_success(name="mine", address=HOME)

    assert await login.check(name="mine", address=HOME) == 0.0

    await fail(login, name="ada")

    assert await login.check(name="mine", address=HOME) > 0
    assert len(await rows_of(database)) == 2


async def test_names_count_as_they_are_looked_up(login: LoginThrottle):
    """Case and space around a name make no new one."""
    for name in ("ada", " Ada", "ADA ", "aDa", "ada", "adA"):
        await fail(login, name=name)

    assert await login.check(name="ada", address=HOME) == 2.0


@pytest.mark.parametrize("name", ["", "\0", "\ud800", "x" * 10_240, "ä"])
async def test_any_name_can_be_counted(login: LoginThrottle, name: str):
    """What can be sent is never an error."""
    await fail(login, NAME.free + 1, name=name)

    assert await login.check(name=name, address=HOME) > 0

    await login.record_success(name=name, address=HOME)

    assert await login.check(name=name, address=HOME) == 0.0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "", True),
        ("unix:", "192.0.2.1", False),
    ],
)
async def test_an_address_is_what_one_customer_has(
    login: LoginThrottle, one: str, other: str, same: bool
):
    """Of IPv6 that is a network of 64 bits."""
    await fail(login, NAME.free + 1, address=one)

    assert (await login.check(name="ada", address=other) > 0) is same


async def test_failures_are_forgiven_with_time(
    login: LoginThrottle, clock: Clock, database: Database
):
    """One for each quarter of an hour; the row goes when none is left."""
    await fail(login, 100)
    clock.now += NAME.forgive * 10
    await fail(login)

    assert await login.check(name="ada", address=HOME) == 2.0

    clock.now += throttle.FORGOTTEN + 1
    await fail(login, name="bob")

    assert len(await rows_of(database)) == 2
    assert await login.check(name="ada", address=HOME) == 0.0


async def test_it_survives_a_restart(
    login: LoginThrottle, clock: Clock, database: Database
):
    """Another process on the same file knows as well."""
    await fail(login, NAME.free + 3)
    other = Database(database.path, driver=database.driver)
    waits = LoginThrottle(other, clock=clock)

    assert await waits.check(name="ada", address=HOME) == 8.0

    await fail(waits)

    assert await login.check(name="ada", address=HOME) == 16.0

    await other.close()


async def test_a_clock_that_was_set_back_keeps_nobody_out(
    login: LoginThrottle, clock: Clock
):
    """A failure in what is the future now does not count until the next one."""
    await fail(login, NAME.free + 5)
    clock.now -= 365 * 86400

    assert await login.check(name="ada", address=HOME) == 0.0

    await fail(login)

    assert 0 < await login.check(name="ada", address=HOME) <= 64.0


async def test_neither_names_nor_addresses_are_kept(
    login: LoginThrottle, database: Database
):
    """People type passwords into the field of the name."""
    await fail(login, name="hunter2hunter2", address="203.0.113.99")
    text = str(await rows_of(database))

    assert len(await rows_of(database)) == 2
    assert "hunter2" not in text
    assert "203.0" not in text


async def test_the_table_is_bounded(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    """A flood of other addresses does not wash away who failed most."""
    monkeypatch.setattr(throttle, "MAX_ROWS", 10)
    login = LoginThrottle(database, clock=clock)
    await fail(login, NAME.free + 3)
    for number in range(40):
        clock.now += 0.01
        await fail(login, name=f"name{number}", address=f"10.0.0.{number}")

    assert len(await rows_of(database)) == 10
    assert await login.check(name="ada", address=HOME) > 7.0


async def test_a_login_that_succeeds_writes_nothing(database: Database, clock: Clock):
    """Unless there was a failure to forget."""
    writes = Writes(database)
    login = LoginThrottle(writes, clock=clock)  # type: ignore[arg-type]
    await login.check(name="ada", address=HOME)
    await login.record_success(name="ada", address=HOME)

    assert writes.count == 0

    await login.check(name="ada", address=HOME)
    await login.record_failure(name="ada", address=HOME)

    assert writes.count == 1

    await login.check(name="ada", address=HOME)
    await login.record_success(name="ada", address=HOME)
    await login.check(name="ada", address=HOME)
    await login.record_success(name="ada", address=HOME)

    assert writes.count == 2


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("disk I/O error"),
        DatabaseBusyError(5.0),
        DatabaseFullError("db.sqlite"),
    ],
)
async def test_a_file_that_cannot_be_written_stops_no_login_and_forgets_none(
    database: Database,
    clock: Clock,
    error: Exception,
    caplog: pytest.LogCaptureFixture,
):
    """Failures are counted in memory until it can, and then in the file."""
    writes = Writes(database)
    login = LoginThrottle(writes, clock=clock)  # type: ignore[arg-type]
    await fail(login, NAME.free)
    writes.error = error
    await fail(login)
    await login.record_success(name="bob", address=HOME)
    await login.record_success(name="ada", address=AWAY)

    assert await login.check(name="bob", address=HOME) == 0.0
    assert "in memory only" in caplog.text

    await fail(login, 2)
    waits = await login.check(name="ada", address=HOME)
    writes.error = None
    await fail(login)
    other = LoginThrottle(database, clock=clock)

    assert waits > 0
    assert await other.check(name="ada", address=HOME) > waits


async def test_a_lock_of_another_process_stops_no_login(
    path: Path, driver: str, clock: Clock
):
    """Nor does it make failures free."""
    database = Database(path, driver=driver, busy_timeout=0.01)
    login = LoginThrottle(database, clock=clock)
    await fail(login)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await fail(login, NAME.free)
        await login.record_success(name="ada", address=AWAY)

        assert await login.check(name="ada", address=HOME) == 2.0
        assert await login.check(name="bob", address=HOME) == 0.0

    await fail(login)
    await database.close()
    again = Database(path, driver=driver)

    assert (
        await LoginThrottle(again, clock=clock).check(name="ada", address=HOME) == 4.0
    )

    await again.close()


async def test_a_file_that_cannot_be_read_stops_no_login(tmp_path: Path, clock: Clock):
    """The login itself will say what is wrong."""
    database = Database(tmp_path)
    login = LoginThrottle(database, clock=clock)

    assert await login.check(name="ada", address=HOME) == 0.0

    await fail(login, NAME.free + 1)

    assert await login.check(name="ada", address=HOME) > 0

    await login.record_success(name="ada", address=HOME)

    assert await login.check(name="ada", address=HOME) == 0.0


async def test_what_is_kept_in_memory_is_bounded(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    """By number, whoever fails or begins."""
    monkeypatch.setattr(throttle, "MAX_UNSAVED", 7)
    monkeypatch.setattr(throttle, "MAX_UNDER_WAY", 7)
    login = LoginThrottle(Database(tmp_path), clock=clock)
    for number in range(20):
        await login.check(name="ada", address=f"10.0.0.{number}")
        await fail(login, address=f"10.0.1.{number}")

    assert len(login._unsaved) == 7
    assert len(login._under_way) == 7


async def check_at_once(login: LoginThrottle, times: int) -> list[float]:
    waits: list[float] = []

    async def log_in() -> None:
        waits.append(await login.check(name="ada", address=HOME))

    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(log_in)

    return waits


async def test_many_at_once_get_no_further_than_one_after_the_other(
    login: LoginThrottle,
):
    """Who is let through counts until it is known how it ended."""
    await fail(login)
    waits = await check_at_once(login, 50)

    # One after the other, the sixth failure is the first that makes anybody wait.
    assert waits.count(0.0) == NAME.free
    assert set(waits) == {0.0, 1.0}

    await fail(login, NAME.free)

    assert await login.check(name="ada", address=HOME) == 2.0


async def test_where_nothing_has_failed_many_may_come_at_once(login: LoginThrottle):
    """A program with a good key asks as often as it likes."""
    assert await check_at_once(login, 50) == [0.0] * 50


async def test_an_attempt_that_is_not_heard_of_again_ends_by_itself(
    login: LoginThrottle, clock: Clock
):
    """A request may break off between the two."""
    await fail(login)
    for _ in range(NAME.free):
        assert await login.check(name="ada", address=HOME) == 0.0

    assert await login.check(name="ada", address=HOME) == 1.0

    clock.now += throttle.ATTEMPT_TIMEOUT

    assert await login.check(name="ada", address=HOME) == 0.0


async def test_the_first_of_many_is_always_let_through(
    login: LoginThrottle, clock: Clock
):
    """However high the count is, when the wait is over one may try."""
    await fail(login, 100)
    clock.now += LONGEST_WAIT

    assert await login.check(name="ada", address=HOME) == 0.0
    assert await login.check(name="ada", address=HOME) == 1.0


async def test_an_attempt_that_came_to_nothing_makes_room(
    login: LoginThrottle, database: Database
):
    """It counts neither as under way nor as a failure."""
    await fail(login)
    before = await rows_of(database)
    for _ in range(NAME.free * 2):
        assert await login.check(name="ada", address=HOME) == 0.0

        login.forget(name="ada", address=HOME)

    assert await rows_of(database) == before


@pytest.mark.parametrize("end", ["record_failure", "record_success"])
async def test_an_end_that_could_not_be_told_is_an_end(
    database: Database, clock: Clock, end: str
):
    """Whatever breaks off the note of it, cancellation too."""
    writes = Writes(database)
    login = LoginThrottle(writes, clock=clock)  # type: ignore[arg-type]
    await fail(login)
    writes.error = RuntimeError("broken off")
    for _ in range(NAME.free * 2):
        assert await login.check(name="ada", address=HOME) == 0.0

        with pytest.raises(RuntimeError):
            await getattr(login, end)(name="ada", address=HOME)
