from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

import dashboard
from dashboard import resources
from dashboard.database import DatabaseOpenError
from dashboard.resources import Resources
from dashboard.settings import SettingsError
from tests.dashboard.bus.redis_server import open_server
from tests.dashboard.database.hrana import serving


class Sample:
    """What a monitor measures."""

    def as_dict(self) -> Mapping[str, Any]:
        return {"time": 1.5, "rss": 2}


class Monitor:
    """A monitor that samples when it is told to."""

    label = "web+ws"

    def __init__(self) -> None:
        self.callbacks: list[Callable[[Any], None]] = []

    def add_listener(self, callback: Callable[[Any], None]) -> None:
        self.callbacks.append(callback)


@pytest.fixture(name="environ", autouse=True)
def _environ(monkeypatch: pytest.MonkeyPatch, path: Path) -> pytest.MonkeyPatch:
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.delenv("DB_DRIVER", raising=False)
    monkeypatch.setenv("DB_URL", str(path))
    return monkeypatch


async def test_a_server_is_asked_with_the_token(
    environ: pytest.MonkeyPatch, tmp_path: Path
):
    """Its URL is no path, and no folder of that name is made."""
    if find_spec("aiolibsql") is None:
        message = (
            "aiolibsql is missing; install it with: "
            ".venv/bin/pip install 'aiolibsql>=0.3,<0.4'"
        )
        if os.environ.get("CI"):
            pytest.fail(message)

        pytest.skip(message)

    with serving(tmp_path / "remote.sqlite", token="secret") as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        environ.chdir(tmp_path)
        environ.setenv("DB_DRIVER", "libsql")
        environ.setenv("DB_URL", url)
        environ.setenv("LIBSQL_AUTH_TOKEN", "secret")
        stopping = anyio.Event()
        async with anyio.create_task_group() as tasks:

            async def serve(*, task_status: anyio.abc.TaskStatus[Resources]) -> None:
                await resources.serve(
                    monitor=Monitor(), task_status=task_status, stopping=stopping
                )

            value: Resources = await tasks.start(serve)
            row = await value.database.one("SELECT step FROM onboarding")
            stopping.set()

    assert row is not None
    assert row["step"] == "start"
    assert not (tmp_path / "http:").exists()


async def test_an_unknown_home_folder_is_named(environ: pytest.MonkeyPatch):
    """A path of somebody whom this machine does not know."""
    environ.setenv("DB_URL", "~nobody-by-this-name/db.sqlite")
    with pytest.raises(DatabaseOpenError, match="no such home folder"):
        await resources.serve(
            monitor=Monitor(),
            task_status=anyio.TASK_STATUS_IGNORED,
            stopping=anyio.Event(),
        )


async def test_it_serves_until_it_is_stopped(path: Path):
    """Ready with everything open; afterwards the file stands alone."""
    monitor, stopping = Monitor(), anyio.Event()
    async with anyio.create_task_group() as tasks:

        async def serve(*, task_status: anyio.abc.TaskStatus[Resources]) -> None:
            await resources.serve(
                monitor=monitor, task_status=task_status, stopping=stopping
            )

        value: Resources = await tasks.start(serve)

        assert path.is_file()
        assert value.monitor is monitor
        assert await value.database.check() > 0
        assert value.bus.kind == "memory"

        monitor.callbacks[0](Sample())
        last = value.bus.last("memory")

        assert last is not None
        assert msgspec.json.decode(last)["json"] == {
            "process": "web+ws",
            "time": 1.5,
            "rss": 2,
        }

        stopping.set()

    assert [entry.name for entry in path.parent.iterdir()] == ["db.sqlite"]

    monitor.callbacks[0](Sample())


@pytest.mark.redis
@pytest.mark.parametrize("remote", [False, True])
async def test_boards_are_shared_where_there_is_a_redis(
    environ: pytest.MonkeyPatch, remote: bool
):
    """By the processes that have it, and by no others."""
    stopping = anyio.Event()
    with open_server() as server:
        if remote:
            environ.setenv("REDIS_URL", server.url)

        async with anyio.create_task_group() as tasks:

            async def serve(*, task_status: anyio.abc.TaskStatus[Resources]) -> None:
                await resources.serve(
                    monitor=Monitor(), task_status=task_status, stopping=stopping
                )

            value: Resources = await tasks.start(serve)
            stopping.set()

    assert (value.boards.shared is not None) == remote


async def test_a_cancelled_service_closes_its_file_as_well(path: Path):
    """At the drain's deadline too."""
    async with anyio.create_task_group() as tasks:

        async def serve(*, task_status: anyio.abc.TaskStatus[Resources]) -> None:
            await resources.serve(
                monitor=Monitor(), task_status=task_status, stopping=anyio.Event()
            )

        await tasks.start(serve)
        tasks.cancel_scope.cancel()

    assert [entry.name for entry in path.parent.iterdir()] == ["db.sqlite"]


async def test_what_is_wrong_is_told_before_it_is_ready(
    environ: pytest.MonkeyPatch, tmp_path: Path
):
    """A bad setting and a file that cannot be used."""
    environ.setenv("DB_URL", str(tmp_path))
    with pytest.raises(DatabaseOpenError):
        await resources.serve(
            monitor=Monitor(),
            task_status=anyio.TASK_STATUS_IGNORED,
            stopping=anyio.Event(),
        )

    environ.setenv("DB_DRIVER", "oracle")
    with pytest.raises(SettingsError):
        await resources.serve(
            monitor=Monitor(),
            task_status=anyio.TASK_STATUS_IGNORED,
            stopping=anyio.Event(),
        )


def test_nothing_heavy_is_imported_before_it_is_needed():
    """Redis, bcrypt and the driver cost their memory only where they are used."""
    home = str(Path(dashboard.__file__).parents[1])
    program = (
        "import sys, dashboard.resources, dashboard.trpc, dashboard.health;"
        "print(*sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=home, capture_output=True, check=True
    )
    modules = set(answer.stdout.decode().split())

    assert not {"redis", "bcrypt", "aiosqlite", "trio", "quart"} & modules


@pytest.mark.parametrize(
    "module", ["services.web", "services.ws", "services.tasks", "dashboard.cli"]
)
def test_an_import_makes_no_file(tmp_path: Path, module: str):
    """A database is opened when it is asked for, and by nothing before that."""
    home = str(Path(dashboard.__file__).parents[1])
    subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": home,
            "PYTHONDONTWRITEBYTECODE": "1",
            "DB_URL": str(tmp_path / "data" / "db.sqlite"),
        },
        check=True,
    )

    assert list(tmp_path.iterdir()) == []
