"""The job that copies the database: where, how many are kept, and what goes wrong."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.database import Database
from dashboard.database.drivers import Server
from dashboard.errors import BackupError
from dashboard.resources import Resources
from dashboard.settings import Settings
from services.tasks.jobs import backup

from .conftest import BEGIN

DAY = 86400.0


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


async def run(resources: Resources, *, day: float = 0) -> None:
    """Run the job so many days later."""
    await backup.run(resources, clock=lambda: BEGIN + day * DAY)


def list_names(folder: Path) -> list[str]:
    """The files of a folder."""
    return sorted(path.name for path in folder.iterdir())


async def test_a_copy_is_made_beside_the_database(
    resources: Resources, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whole, in a folder for its owner alone, and named by the time."""
    caplog.set_level("INFO")
    async with resources.database.write() as tx:
        await tx.execute("INSERT INTO app (id, name, icon_url) VALUES ('a', 'b', 'c')")

    await run(resources)

    assert list_names(folder) == ["db.sqlite.daily-20260101T000030.000Z.sqlite"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert f"backup written to {folder / list_names(folder)[0]} (" in caplog.text
    with closing(sqlite3.connect(next(folder.iterdir()))) as copy:
        assert copy.execute("SELECT name FROM app").fetchall() == [("b",)]


async def test_the_folder_can_be_another(resources: Resources, tmp_path: Path) -> None:
    """Another disk, for one; it is made if need be."""
    other = tmp_path / "far" / "away"
    settings = Settings(backup_path=str(other))
    await run(dataclasses.replace(resources, settings=settings))

    assert list_names(other) == ["db.sqlite.daily-20260101T000030.000Z.sqlite"]


async def test_seven_are_kept(resources: Resources, folder: Path) -> None:
    """The oldest goes when the next is there; what others made stays.

    Names with whole seconds are those of earlier versions.
    """
    folder.mkdir()
    others = [
        "db.sqlite.backup-20200101T000000Z.sqlite",
        "db.sqlite.daily-20200101T000000Z.sqlite.old",
        "other.sqlite.daily-20200101T000000Z.sqlite",
    ]
    earlier = [f"db.sqlite.daily-2025123{day}T000030Z.sqlite" for day in range(2)]
    for name in others + earlier:
        (folder / name).touch()

    for day in range(6):
        await run(resources, day=day)

    kept = [f"db.sqlite.daily-202601{day:02}T000030.000Z.sqlite" for day in range(1, 9)]

    assert list_names(folder) == sorted([*others, earlier[-1], *kept[:6]])

    for day in range(6, 8):
        await run(resources, day=day)

    assert list_names(folder) == sorted(others + kept[1:])


async def test_two_in_one_second_are_two(resources: Resources, folder: Path) -> None:
    """The later one comes later by its name, too."""
    for moment in (0.9995, 0.001, 0.0):
        await run(resources, day=moment / DAY)

    assert list_names(folder) == [
        f"db.sqlite.daily-20260101T000030.{part}Z.sqlite"
        for part in ("000", "001", "999")
    ]


async def test_none_is_deleted_where_none_is_made(
    resources: Resources, folder: Path
) -> None:
    """The job fails with the path and the cause, and the old ones stay."""
    for day in range(7):
        await run(resources, day=day)

    before = list_names(folder)
    with pytest.raises(BackupError, match="it exists"):
        await run(resources, day=6)

    assert list_names(folder) == before


async def test_a_folder_that_cannot_be_made_is_told(
    resources: Resources, tmp_path: Path
) -> None:
    """By its path, and by the setting that names it."""
    (tmp_path / "file").touch()
    settings = Settings(backup_path=str(tmp_path / "file" / "folder"))
    with pytest.raises(BackupError, match="BACKUP_PATH"):
        await run(dataclasses.replace(resources, settings=settings))


async def test_a_servers_database_is_left_to_the_server(
    resources: Resources, tmp_path: Path
) -> None:
    """There is no file here to copy."""
    server = Server(url="http://127.0.0.1:9", auth_token="")
    database = Database(server, driver="libsql")
    await run(dataclasses.replace(resources, database=database))

    assert not (tmp_path / "backups").exists()
