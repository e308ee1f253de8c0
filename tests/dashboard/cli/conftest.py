from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from dashboard.accounts import create_first_admin, open_session
from dashboard.cli import main
from dashboard.database import Database
from dashboard.identity import User
from dashboard.variables import VARIABLES

T = TypeVar("T")

ADMIN = "ada"
PASSWORD = "correct horse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command left behind: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Command = Callable[..., Outcome]


class House:
    """A database in a folder of its own, with an administrator."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.admin: User = self.run(self._make_admin)

    def run(self, work: Callable[[Database], Awaitable[T]]) -> T:
        """Do something with the open database, as the server would."""

        async def run() -> T:
            database = Database(self.path)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, as plain tuples."""

        async def ask(database: Database) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await database.all(sql, parameters)]

        return self.run(ask)

    def change(self, sql: str, *parameters: Any) -> None:
        """Run one statement."""

        async def change(database: Database) -> None:
            async with database.write() as tx:
                await tx.execute(sql, parameters)

        self.run(change)

    def add_user(self, user_id: str, name: str, **columns: str) -> None:
        """Somebody more, of "credentials" unless it is said otherwise."""
        row = {"id": user_id, "name": name, "provider": "credentials", **columns}
        marks = ", ".join("?" * len(row))
        insert = f'INSERT INTO "user" ({", ".join(row)}) VALUES ({marks})'  # noqa: S608
        self.change(insert, *row.values())

    def open_session(self) -> str:
        """Log the administrator in; returns the token."""
        return self.run(lambda database: open_session(database, self.admin)).token

    async def _make_admin(self, database: Database) -> User:
        return await create_first_admin(database, name=ADMIN, password=PASSWORD)


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "db.sqlite"


@pytest.fixture(name="command")
def _command(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run `python -m dashboard` in this process, with nothing else in its settings."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)

    monkeypatch.setenv("DB_URL", str(path))
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str, stdin: bytes | None = None) -> Outcome:
        capsys.readouterr()
        if stdin is not None:
            text = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
            monkeypatch.setattr("sys.stdin", text)

        try:
            code = main(words)
        except SystemExit as end:
            code = int(end.code or 0)

        printed = capsys.readouterr()
        return Outcome(code=code, out=printed.out, err=printed.err)

    return run


@pytest.fixture(name="house")
def _house(path: Path) -> House:
    return House(path)
