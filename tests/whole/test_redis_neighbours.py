"""Several processes on one database: with Redis between them, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.bus.redis_server import Server, open_server

from .launch import launched
from .visitor import Visitor, receive_data, subscribe


@pytest.fixture(name="server")
def _server() -> Iterator[Server]:
    with open_server() as server:
        yield server


@pytest.mark.parametrize(("first", "second"), [([], []), (["web"], ["ws"])])
def test_a_second_process_without_redis_is_refused_and_told_what_to_set(
    tmp_path: Path, first: list[str], second: list[str]
):
    """The first goes on, and afterwards the database is free again."""

    env = {"DB_URL": str(tmp_path / "db.sqlite"), "REDIS_URL": ""}
    with launched(*first, "--port", "0", **env) as one:
        one.wait_ready()
        with launched(*second, "--port", "0", **env) as two:
            crashed = two.wait_event("crashed", service="resources")

            assert two.wait() == 1

        told = f"another runner (process {one.process.pid})"
        assert crashed["error"].startswith(told)  # neither its class nor a line of ours
        assert "at" not in crashed
        assert "set REDIS_URL" in crashed["error"]
        assert one.stop() == 0

    with launched(*second, "--port", "0", **env) as three:
        three.wait_ready()
        assert three.stop() == 0


@pytest.mark.redis
def test_a_process_without_redis_is_refused_beside_those_that_have_it(
    server: Server, tmp_path: Path
):
    """It would not hear them, nor they it."""

    env = {"DB_URL": str(tmp_path / "db.sqlite")}
    with launched("tasks", "--port", "0", REDIS_URL=server.url, **env) as one:
        one.wait_ready()
        with launched("web", "--port", "0", REDIS_URL="", **env) as two:
            crashed = two.wait_event("crashed", service="resources")

            assert two.wait() == 1

        assert "the same Redis" in crashed["error"]
        assert one.stop() == 0


@pytest.mark.redis
def test_two_runners_on_one_redis_see_each_others_events_and_logs(
    server: Server, tmp_path: Path
):
    """A browser at the one reads the log of the other, as on the other's terminal."""

    env = {
        "DB_URL": str(tmp_path / "db.sqlite"),
        "REDIS_URL": server.url,
        "CI": "",
        "DISABLE_REDIS_LOGS": "",
        "AUTH_SECRET": "the-same-in-both",
        "LOG_LEVEL": "debug",
    }
    with (
        launched("--port", "0", **env) as one,
        launched("--port", "0", **env) as two,
    ):
        visitor = Visitor(one.wait_ready()["web"])
        visitor.make_first_account()
        url = two.wait_ready()["ws"]
        with visitor.connect(url) as ws:
            subscribe(ws, 1, "log.subscribe", levels=["debug", "info"])
            visitor.get("/api/trpc/app.all")
            heard = receive_data(ws)
            while "app.all" not in heard["message"]:
                heard = receive_data(ws)

        assert [one.stop(), two.stop()] == [0, 0]

    shown = [
        f"{line['severity']} {line['logger']}: {line['message']}"
        for line in one.events
        if line["event"] == "log"
    ]

    assert heard["level"] == "debug"
    assert heard["message"] in shown
    assert not any("app.all" in line for line in two.lines)
