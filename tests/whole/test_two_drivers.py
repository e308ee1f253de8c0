"""One file under two SQLite libraries at once, each in a process of its own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from .launch import ROOT

#: Transactions of each writer: libSQL's take longer, and all end at about one time.
TRANSACTIONS = {"libsql": 4000, "sqlite3": 6000}
PATIENCE = 150.0

WRITER = """
import asyncio, sys
from dashboard.database import Database

async def main(path, driver, count):
    database = Database(path, driver=driver, busy_timeout=60)
    await database.open()
    print("here", flush=True)
    sys.stdin.readline()
    for number in range(count):
        async with database.write() as tx:
            await tx.execute(
                "INSERT INTO app (id, name, icon_url) VALUES (:id, '', '')",
                {"id": f"{driver}-{number}"},
            )

        sys.stdout.write(f"{number}\\n")

    await database.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""
#: Reads on until it is told a line; says how often, and how much it saw at most.
READER = """
import asyncio, sys
from dashboard.database import Database

async def main(path, driver):
    database = Database(path, driver=driver, busy_timeout=60)
    await database.open()
    print("here", flush=True)
    end = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    reads = most = 0
    while not end.done():
        row = await database.one("SELECT count(*) AS n FROM app")
        assert row["n"] >= most, f"{row['n']} after {most}"
        most = row["n"]
        reads += 1
        await asyncio.sleep(0.002)

    print(reads, most)
    await database.close()

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


def launch(program: str, *words: str) -> subprocess.Popen[str]:
    """Start a program, and wait until it has the file open."""

    process = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    return process


@pytest.mark.timeout(180)
def test_two_libraries_in_two_processes_lose_nothing(tmp_path: Path):
    """10 000 transactions of two writers, with a reader beside: all are there."""

    if find_spec("aiolibsql") is None:
        message = (
            "aiolibsql is missing; install it with: "
            ".venv/bin/pip install 'aiolibsql>=0.3,<0.4'"
        )
        if os.environ.get("CI"):
            pytest.fail(message)

        pytest.skip(message)

    path = str(tmp_path / "db.sqlite")
    writers = {
        driver: launch(WRITER, path, driver, str(count))
        for driver, count in TRANSACTIONS.items()
    }
    reader = launch(READER, path, "sqlite3")
    for writer in writers.values():
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()

    acknowledged = set()
    for driver, writer in writers.items():
        told, _ = writer.communicate(timeout=PATIENCE)
        acknowledged |= {f"{driver}-{number}" for number in told.split()}

        assert writer.returncode == 0

    reads, most = map(int, reader.communicate("\n", timeout=PATIENCE)[0].split())
    connection = sqlite3.connect(path)
    found = {name for (name,) in connection.execute("SELECT id FROM app")}
    whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()

    assert reader.returncode == 0
    assert len(acknowledged) == sum(TRANSACTIONS.values()) == 10_000
    assert found == acknowledged
    assert whole == "ok"
    assert reads > 1
    assert 0 < most <= 10_000
