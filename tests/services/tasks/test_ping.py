"""The job that pings: which URLs it asks, and what it publishes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import msgspec
import pytest

from dashboard.resources import Resources
from services.tasks.jobs import ping
from tests.dashboard.remote import Remote, answer, open_remote, redirect


@pytest.fixture(name="server")
async def _server() -> AsyncIterator[Remote]:
    async with open_remote() as remote:
        remote.answers = {
            "/": answer("ok"),
            "/broken": answer(status=500),
            "/moved": redirect("/broken"),
            "/nonsense": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        }
        yield remote


async def test_results_reach_the_topics_of_their_apps(
    server: Remote, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two apps with one URL share a request; the ping URL comes before the link."""
    for number, (link, target) in enumerate(
        [("/moved", "/"), ("/", None), ("/broken", None), ("/nonsense", None)]
    ):
        await _add_app(
            resources,
            f"app{number}",
            server.url(link),
            server.url(target) if target else None,
        )

    await ping.run(resources)
    said = {
        number: msgspec.json.decode(resources.bus.last(f"ping:app{number}") or b"")
        for number in range(4)
    }

    assert [said[number]["json"].get("statusCode") for number in range(4)] == [
        200,
        200,
        500,
        None,
    ]
    assert "error" in said[3]["json"]
    assert len(server.requests) == 3


async def test_few_requests_are_under_way_at_once(
    server: Remote, resources: Resources
) -> None:
    """A board with many apps does not open as many sockets."""
    server.slow = "/slow"
    for number in range(20):
        await _add_app(resources, f"app{number}", server.url(f"/slow{number}"), None)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ping.run, resources)
        while server.open < ping.MAX_CONCURRENT:
            await anyio.wait_all_tasks_blocked()

        server.let_go.set()

    assert server.most_open == ping.MAX_CONCURRENT
    assert len(server.requests) == 20


async def _add_app(
    resources: Resources, app_id: str, href: str, ping_url: str | None
) -> None:
    options: Any = {"json": {"appId": app_id, "pingEnabled": True}}
    async with resources.database.write() as tx:
        await tx.execute(
            "INSERT INTO app (id, name, icon_url, href, ping_url)"
            " VALUES (?, ?, '', ?, ?)",
            (app_id, app_id, href, ping_url),
        )
        await tx.execute(
            "INSERT OR IGNORE INTO board (id, name) VALUES ('board', 'board')"
        )
        await tx.execute(
            "INSERT INTO item (id, board_id, kind, options)"
            " VALUES (?, 'board', 'app', ?)",
            (f"item-{app_id}", msgspec.json.encode(options).decode()),
        )
