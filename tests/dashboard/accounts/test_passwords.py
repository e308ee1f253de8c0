from __future__ import annotations

import threading
from collections.abc import Iterator

import anyio
import bcrypt
import pytest

from dashboard.accounts import (
    InvalidAccountError,
    TooBusyError,
    create_first_admin,
    hashing,
    verify_password,
)
from dashboard.database import Database
from dashboard.identity import User

PASSWORD = "correct horse"


class Work:
    """What bcrypt was asked to do, and how many of it at once."""

    def __init__(self) -> None:
        self.hashes: list[bytes] = []
        self.most = 0
        #: Where this is cleared, nothing is done before it is set again.
        self.go = threading.Event()
        self.go.set()
        self._running = 0
        self._lock = threading.Lock()

    def watch(self, password: bytes, hashed: bytes) -> bool:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
            self.hashes.append(hashed)

        try:
            self.go.wait(30)
            return self._check(password, hashed)
        finally:
            with self._lock:
                self._running -= 1

    _check = staticmethod(hashing._check)


@pytest.fixture(name="work")
def _work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    work = Work()
    monkeypatch.setattr(hashing, "_check", work.watch)
    return work


@pytest.fixture(name="kind")
def _kind() -> tuple[str, None]:
    """Hashing is real here, and costs what it costs: on one kind of file only."""
    return ("aiosqlite", None)


async def set_hash(database: Database, user: User, hashed: object) -> None:
    async with database.write() as tx:
        await tx.execute(
            'UPDATE "user" SET password = ? WHERE id = ?', (hashed, user.id)
        )


async def test_the_right_password_finds_the_user(database: Database, admin: User):
    """The name counts without case and without space around it."""
    for name in ("admin", " Admin ", "ADMIN"):
        assert await verify_password(database, name=name, password=PASSWORD) == admin


@pytest.mark.parametrize(
    "password",
    [
        "",
        "Correct horse",
        PASSWORD + " ",
        PASSWORD + "\0",
        "\0",
        "😀" * 30,
        "x" * 73,
        "x" * 10_240,
        "\ud800",
    ],
)
async def test_any_other_password_is_answered_cleanly(
    database: Database, admin: User, password: str
):
    """Nothing that can be typed or sent is an error."""
    assert await verify_password(database, name="admin", password=password) is None


@pytest.mark.parametrize("name", ["", "nobody", "\0", "\ud800", "x" * 10_240, "%"])
async def test_an_unknown_name_takes_the_same_work(
    database: Database, admin: User, work: Work, name: str
):
    """One bcrypt of the same cost, so that its time does not tell who exists."""
    assert await verify_password(database, name=name, password=PASSWORD) is None
    assert await verify_password(database, name="admin", password="wrong") is None

    unknown, known = work.hashes

    assert unknown[:7] == known[:7] == b"$2b$10$"
    assert len(unknown) == len(known) == 60


@pytest.mark.parametrize(
    "hashed", [None, "", "plain", "$2b$10$short", "$9z$" + "x" * 56]
)
async def test_a_row_without_a_hash_lets_nobody_in(
    database: Database, admin: User, hashed: str | None
):
    """Users of other providers have none; a damaged one is no error."""
    await set_hash(database, admin, hashed)
    for password in ("", PASSWORD, str(hashed)):
        found = await verify_password(database, name="admin", password=password)

        assert found is None


@pytest.mark.parametrize("version", ["2a", "2b", "2y"])
async def test_hashes_are_verified_as_they_stand(
    database: Database, admin: User, version: str
):
    """Also what older and other implementations of bcrypt wrote, at any cost."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
    await set_hash(database, admin, f"${version}{hashed[3:]}")

    assert await verify_password(database, name="admin", password=PASSWORD) == admin
    assert await verify_password(database, name="admin", password="wrong") is None


@pytest.mark.parametrize("row", [None, "", "plain", "ldap"])
async def test_a_row_without_a_hash_takes_the_same_work(
    database: Database, admin: User, monkeypatch: pytest.MonkeyPatch, row: str | None
):
    """One bcrypt that goes to its end, whatever is or is not stored."""
    ended: list[bytes] = []
    checkpw = bcrypt.checkpw

    def watch(password: bytes, hashed: bytes) -> bool:
        matches = checkpw(password, hashed)
        ended.append(hashed)
        return matches

    await set_hash(database, admin, row)
    if row == "ldap":
        async with database.write() as tx:
            await tx.execute("UPDATE \"user\" SET provider = 'ldap'")

    monkeypatch.setattr(bcrypt, "checkpw", watch)

    assert await verify_password(database, name="admin", password=PASSWORD) is None
    assert ended == [hashing.NOBODY]


async def test_of_two_spellings_the_one_in_lower_case_counts(
    database: Database, admin: User
):
    """An old file may have both; Homarr looks for the lower case."""
    async with database.write() as tx:
        await tx.execute(
            'INSERT INTO "user" (id, name, password)'
            " SELECT '0', 'Admin', 'nothing' FROM \"user\""
        )

    assert await verify_password(database, name="Admin", password=PASSWORD) == admin


async def test_users_of_other_providers_cannot_log_in_here(
    database: Database, admin: User
):
    """Their password is checked elsewhere."""
    async with database.write() as tx:
        await tx.execute("UPDATE \"user\" SET provider = 'ldap'")

    assert await verify_password(database, name="admin", password=PASSWORD) is None


async def test_homarrs_hashes_of_long_passwords_are_known(
    database: Database, admin: User
):
    """Homarr hashes the first 72 bytes of a password, however long it is."""
    long = "ü" * 36 + "the rest is not hashed"
    await set_hash(database, admin, await hashing.hash_password("ü" * 36))

    assert await verify_password(database, name="admin", password=long) == admin
    assert await verify_password(database, name="admin", password="ü" * 35) is None


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("ab", PASSWORD, "name"),
        ("  ab  ", PASSWORD, "name"),
        ("a" * 256, PASSWORD, "name"),
        ("a\nb", PASSWORD, "name"),
        ("a\0bc", PASSWORD, "name"),
        ("admin", "", "password"),
        ("admin", "1234567", "password"),
        ("admin", "x" * 73, "password"),
        ("admin", "😀" * 19, "password"),
        ("admin", "x" * 10_240, "password"),
    ],
)
async def test_new_accounts_follow_the_rules(
    database: Database, name: str, password: str, field: str
):
    """What would be cut or could not be typed again is refused by field."""
    with pytest.raises(InvalidAccountError) as caught:
        await create_first_admin(database, name=name, password=password)

    assert caught.value.field == field
    assert caught.value.reason.startswith("give ")


@pytest.mark.parametrize("password", ["x" * 72, "😀" * 18, "with\0nul byte"])
async def test_new_passwords_at_the_edge_work(database: Database, password: str):
    """All 72 bytes count, and a NUL does not end them."""
    user = await create_first_admin(database, name="admin", password=password)
    shorter = password[:-1]

    assert await verify_password(database, name="admin", password=password) == user
    assert await verify_password(database, name="admin", password=shorter) is None


async def test_few_are_hashed_at_once_and_few_wait(
    database: Database, admin: User, work: Work
):
    """A flood of logins costs two threads; the rest is told to come again."""
    answers: list[User | None] = []
    refused = 0
    taken = hashing.MAX_RUNNING + hashing.MAX_WAITING
    work.go.clear()

    async def log_in() -> None:
        nonlocal refused
        try:
            answers.append(
                await verify_password(database, name="admin", password=PASSWORD)
            )
        except TooBusyError:
            refused += 1
            if refused == 30 - taken:
                work.go.set()

    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(log_in)

    assert work.most <= hashing.MAX_RUNNING
    assert (len(answers), refused) == (taken, 30 - taken)
    assert set(answers) == {admin}
    assert await verify_password(database, name="admin", password=PASSWORD) == admin
