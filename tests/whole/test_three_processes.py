"""The same services as three processes with a Redis between them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .launch import launched, wait_until
from .test_one_roof import KEY, trigger
from .visitor import Visitor, receive_data, subscribe


@pytest.fixture(name="redis_url")
def _redis_url(tmp_path: Path) -> Iterator[str]:
    """Run a real Redis on a socket of its own."""

    path = tmp_path / "redis.sock"
    words = [
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    server = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)
    wait_until(path.exists)
    yield f"unix://{path}"
    server.terminate()
    server.wait()


@pytest.mark.redis
def test_three_processes_see_each_other_s_events(redis_url: str, tmp_path: Path):
    """A job in one process is told to a socket in another, for a login in a third."""

    env = {
        "DB_URL": str(tmp_path / "db.sqlite"),
        "REDIS_URL": redis_url,
        "CRON_JOB_API_KEY": KEY,
    }

    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(launched(name, "--port", "0", **env))
            for name in ("web", "ws", "tasks")
        }
        urls = {name: one.wait_ready()[name] for name, one in processes.items()}
        visitor = Visitor(urls["web"])
        visitor.make_first_account()
        ws = stack.enter_context(visitor.connect(urls["ws"]))
        subscribe(ws, 1, "cronJobs.subscribeToStatusUpdates")
        assert trigger(urls["tasks"], "ping") == 200

        states: list[str] = []
        while states[-2:] != ["running", "idle"]:
            event = receive_data(ws)
            states += [event["status"]] if event["name"] == "ping" else []

        subscribe_memory = {"web", "tasks", "ws"}
        subscribe(ws, 2, "widget.memory.updatedSample")
        while subscribe_memory:
            subscribe_memory.discard(receive_data(ws).get("process"))

        ws.close()
        assert [one.stop() for one in processes.values()] == [0, 0, 0]


@pytest.mark.parametrize("name", ["web", "ws", "tasks"])
def test_a_process_alone_without_redis_says_what_is_missing(name: str, tmp_path: Path):
    """A plain line, not silence: whose events do not arrive, and what to do."""

    env = {"DB_URL": str(tmp_path / "db.sqlite"), "REDIS_URL": ""}

    with launched(name, "--port", "0", **env) as process:
        process.wait_ready()
        assert process.stop() == 0

    line = process.wait_event("log", severity="warning", logger="dashboard.resources")
    others = " and ".join(one for one in ("web", "ws", "tasks") if one != name)
    assert f"events of {others} do not reach this process" in line["message"]


@pytest.mark.parametrize(
    ("name", "foreign"),
    [
        ("web", ["trio", "trio_websocket", "cronsim", "redis"]),
        ("ws", ["quart", "hypercorn", "cronsim", "redis"]),
        ("tasks", ["quart", "trio", "trio_websocket", "redis"]),
    ],
)
def test_a_process_alone_imports_only_what_it_needs(
    name: str, foreign: list[str], tmp_path: Path
):
    """The separate arrangement is an honest one: nothing of the others is loaded."""

    env = {
        "DB_URL": str(tmp_path / "db.sqlite"),
        "REDIS_URL": "",
        "PYTHONPROFILEIMPORTTIME": "1",
        # Jobs that ask the internet load a client, which brings trio along.
        "NO_EXTERNAL_CONNECTION": "true",
    }

    with launched(name, "--port", "0", **env) as process:
        process.wait_ready()
        process.stop()

    imported = {
        line.rpartition("|")[2].strip()
        for line in process.lines
        if line.startswith("import time:")
    }
    rooms = {".".join(one.split(".")[:2]) for one in imported if "services" in one}
    assert rooms == {f"services.{name}"}
    assert imported & set(foreign) == set()
