"""A real runner whose Redis is slow, broken, away and back: people do not notice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.bus.fault_proxy import FaultProxy, open_proxy
from tests.dashboard.bus.redis_server import Server, open_server

from .launch import Launched, launched, wait_until
from .test_one_roof import KEY, trigger
from .visitor import Visitor, receive_data, subscribe

pytestmark = pytest.mark.redis


@pytest.fixture(name="server")
def _server() -> Iterator[Server]:
    with open_server() as server:
        yield server


@pytest.fixture(name="proxy")
def _proxy(server: Server) -> Iterator[FaultProxy]:
    with open_proxy(server.socket) as proxy:
        yield proxy


@pytest.fixture(name="roof")
def _roof(proxy: FaultProxy, tmp_path: Path) -> Iterator[Launched]:
    env = {
        "DB_URL": str(tmp_path / "db.sqlite"),
        "REDIS_URL": proxy.url,
        "CRON_JOB_API_KEY": KEY,
        "CI": "",
    }
    with launched("--port", "0", **env) as roof:
        yield roof


def count_lines(roof: Launched, words: str) -> int:
    """The lines of the log that begin so."""

    return sum(
        event.get("message", "").startswith(words)
        for event in roof.events
        if event["event"] == "log"
    )


def live_a_day(url: str, tasks: str, visitor: Visitor) -> None:
    """Log in, load the board, run a job, and hear of it on a socket."""

    newcomer = Visitor(url)
    newcomer.log_in()
    for person in (newcomer, visitor):
        assert person.get("/").status == 200
        assert "<main" in person.body

    with newcomer.connect(url.replace("http", "ws") + "/websockets") as ws:
        subscribe(ws, 1, "cronJobs.subscribeToStatusUpdates")
        assert trigger(tasks, "sessionCleanup") == 200
        statuses: list[str] = []
        while statuses[-2:] != ["running", "idle"]:
            event = receive_data(ws)
            if event["name"] == "sessionCleanup":
                statuses.append(event["status"])


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        ("latency", 0.5),
        ("slicer", 1),
        ("limit_data", 0),
        ("reset", 0),
        ("garbage", 0),
        ("timeout", 0),
    ],
)
def test_boards_logins_and_pushes_go_on_while_redis_is_spoiled(
    roof: Launched, proxy: FaultProxy, fault: str, number: float
):
    """During it and after it; one line tells its beginning, and one its end."""

    urls = roof.wait_ready()
    visitor = Visitor(urls["web"])
    visitor.make_first_account()
    proxy.spoil(fault, number)
    live_a_day(urls["web"], urls["tasks"], visitor)

    if fault in {"latency", "slicer"}:
        assert roof.stop() == 0
        assert count_lines(roof, "no redis") == 0
        assert count_lines(roof, "redis connected") == 1
        return

    wait_until(lambda: count_lines(roof, "no redis") == 1)
    live_a_day(urls["web"], urls["tasks"], visitor)
    proxy.heal()
    wait_until(lambda: count_lines(roof, "redis connected") == 2)
    live_a_day(urls["web"], urls["tasks"], visitor)

    assert roof.stop() == 0
    assert count_lines(roof, "no redis") == 1
    assert count_lines(roof, "redis connected") == 2


def test_a_redis_that_dies_and_comes_back_is_found_again(
    roof: Launched, server: Server
):
    """Killed, absent and empty when it returns; readiness tells, and nobody else."""

    urls = roof.wait_ready()
    visitor = Visitor(urls["web"])
    visitor.make_first_account()
    server.kill()
    wait_until(lambda: count_lines(roof, "no redis") == 1)
    live_a_day(urls["web"], urls["tasks"], visitor)

    assert visitor.get("/api/health/live").status == 500
    assert json.loads(visitor.body)["healthChecks"]["redis"]["status"] == "unhealthy"

    server.start()
    wait_until(lambda: count_lines(roof, "redis connected") == 2)
    live_a_day(urls["web"], urls["tasks"], visitor)

    assert visitor.get("/api/health/live").status == 200
    assert roof.stop() == 0


def test_a_runner_starts_without_its_redis_and_finds_it_later(
    server: Server, tmp_path: Path
):
    """It says what is missing, and works meanwhile."""

    server.kill()
    env = {
        "DB_URL": str(tmp_path / "db.sqlite"),
        "REDIS_URL": server.url,
        "CRON_JOB_API_KEY": KEY,
    }
    with launched("--port", "0", **env) as roof:
        urls = roof.wait_ready()
        visitor = Visitor(urls["web"])
        visitor.make_first_account()
        live_a_day(urls["web"], urls["tasks"], visitor)
        server.start()
        wait_until(lambda: count_lines(roof, "redis connected") == 1)

        assert count_lines(roof, "no redis") == 1
        assert roof.stop() == 0
