from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dashboard
from dashboard.database import Database


@pytest.fixture(name="driver")
def _driver(any_driver: str) -> str:
    return any_driver


WRITER = """
import asyncio, sys
from dashboard.database import Database

async def main():
    path, driver, mode = sys.argv[1:]
    database = Database(path, driver=driver, journal_mode=mode)
    for number in range(1_000_000):
        async with database.write() as tx:
            await tx.execute(
                "INSERT INTO app (id, name, icon_url) VALUES (?, '', '')",
                (str(number),),
            )

        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()

asyncio.run(main())
"""


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
async def test_every_acknowledged_write_survives_a_kill(
    path: Path, driver: str, journal_mode: str
):
    """Killed at no particular moment: what was acknowledged is there, and whole."""
    home = str(Path(dashboard.__file__).parents[1])
    for acknowledged in (1, 57, 311):
        place = path.with_name(f"{acknowledged}.sqlite")
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(place), driver, journal_mode],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": home},
        )
        assert process.stdout is not None
        for _ in range(acknowledged):
            process.stdout.readline()

        process.kill()
        rest, _ = process.communicate()
        count = acknowledged + rest.count("\n")
        database = Database(place, driver=driver)
        rows = await database.all("SELECT id FROM app")
        whole = await database.all("PRAGMA integrity_check")
        await database.close()

        assert {str(number) for number in range(count)} <= {row["id"] for row in rows}
        assert [tuple(row) for row in whole] == [("ok",)]


FORGETFUL = """
import asyncio, sys
from dashboard.database import Database

async def main():
    await Database(sys.argv[1], driver=sys.argv[2]).check()
    raise SystemExit(7)

asyncio.run(main())
"""


def test_a_program_that_forgets_to_close_ends_all_the_same(path: Path, driver: str):
    """No thread of the driver holds it back."""
    home = str(Path(dashboard.__file__).parents[1])
    ended = subprocess.run(
        [sys.executable, "-c", FORGETFUL, str(path), driver],
        env={**os.environ, "PYTHONPATH": home},
        timeout=30,
        check=False,
    )

    assert ended.returncode == 7
