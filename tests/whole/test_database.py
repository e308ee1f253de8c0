"""One file under several processes, and under a process that is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .launch import PATIENCE, ROOT

OPEN = """
import asyncio, pathlib, sys
from dashboard.database import Database

async def main():
    path = pathlib.Path(sys.argv[1])
    database = Database(path, driver=sys.argv[2], busy_timeout=30)
    print("here", flush=True)
    sys.stdin.readline()
    await database.open()
    await database.close()

asyncio.run(main())
"""


@pytest.mark.timeout(180)
def test_processes_that_start_together_make_the_file_together(tmp_path: Path):
    """Whoever is first makes the tables; nobody is turned away as locked."""

    for turn in range(10):
        path = tmp_path / str(turn) / "db.sqlite"
        drivers = ("aiosqlite", "aiosqlite", "sqlite3", "sqlite3")
        openers = [
            subprocess.Popen(
                [sys.executable, "-c", OPEN, str(path), driver],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for driver in drivers
        ]

        for opener in openers:
            assert opener.stdout is not None
            opener.stdout.readline()

        for opener in openers:
            assert opener.stdin is not None
            opener.stdin.write("\n")
            opener.stdin.flush()

        ends = [(opener.communicate(timeout=PATIENCE)[1]) for opener in openers]
        assert ends == [""] * 4
