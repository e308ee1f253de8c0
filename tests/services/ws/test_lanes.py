"""The service between two event loops: a real database in one, sockets in the other."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from trio_websocket import ConnectionClosed

from dashboard import accounts, pings
from dashboard.accounts.users import create_user
from dashboard.apps import list_apps_at
from dashboard.boards import add_app_item
from dashboard.boards.manage import create_board
from dashboard.cache import Cache
from dashboard.database import Database
from dashboard.identity import Session
from dashboard.trpc import Context, call, find_procedure
from services.ws import Hub, limits
from services.ws.watch import SessionWatch

#: Seconds that only a fault exceeds, however slow the machine is.
PATIENCE = 30.0


@pytest.fixture
def anyio_backend() -> str:
    """Run on trio with its own clock: another thread's work takes real time."""
    return "trio"


class AsyncioLane:
    """The database's event loop, in its own thread."""

    def __init__(self, portal: BlockingPortal) -> None:
        self.portal = portal

    async def call(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        return await trio.to_thread.run_sync(partial(self.portal.call, function, *args))


class TrioLane:
    """The service's event loop."""

    def __init__(self) -> None:
        self.token = trio.lowlevel.current_trio_token()

    def post(self, function: Callable[..., object], *args: Any) -> None:
        self.token.run_sync_soon(function, *args)


@pytest.fixture(name="home")
async def _home(
    house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    """A dashboard with an administrator who is logged in; every app answers."""

    async def ping(url: str, **_: Any) -> dict[str, Any]:
        return {"url": url, "statusCode": 204}

    monkeypatch.setattr(pings, "ping", ping)
    with start_blocking_portal("asyncio") as portal:
        lane = AsyncioLane(portal)
        database = Database(str(tmp_path / "db.sqlite"), driver="aiosqlite")
        await lane.call(database.open)
        user = await lane.call(
            partial(
                accounts.create_first_admin,
                database,
                name="ada",
                password="Correct-horse-1",
            )
        )
        session = await lane.call(accounts.open_session, database, user)
        cache = Cache(house.bus)
        house.resources = SimpleNamespace(
            settings=house.resources.settings,
            database=database,
            bus=house.bus,
            cache=cache,
        )
        house.hub = Hub(bus=house.bus, lane=TrioLane())
        house.lane = lane
        yield SimpleNamespace(
            house=house, database=database, session=session, user=user, lane=lane
        )
        for client in house.clients:
            client.socket.close()

        with trio.fail_after(PATIENCE):
            while house.hub.sockets:
                await trio.testing.wait_all_tasks_blocked(0.01)

        await lane.call(cache.close)
        await lane.call(database.close)


def _subscribe(path: str, given: Any) -> str:
    params = {"input": {"json": given}, "path": path}
    return json.dumps({"id": 1, "method": "subscription", "params": params})


async def _answer(client: Any) -> Any:
    with trio.fail_after(PATIENCE):
        return json.loads(await client.get_message())


async def test_events_of_another_thread_reach_a_client_in_order(home: Any) -> None:
    """Cookie, session, permission, topics and 200 messages, across both loops."""
    client = await home.house.connect(token=home.session.token)
    await client.send_message(_subscribe("widget.memory.updatedSample", None))

    assert (await _answer(client))["result"] == {"type": "started"}

    def publish() -> None:
        for number in range(200):
            home.house.bus.publish("memory", number)

    thread = threading.Thread(target=publish)
    thread.start()
    received = [(await _answer(client))["result"]["data"]["json"] for _ in range(200)]
    thread.join()

    assert received == list(range(200))


async def test_an_administrator_hears_of_the_jobs(home: Any) -> None:
    """Permissions are read from the database."""
    client = await home.house.connect(token=home.session.token)
    await client.send_message(_subscribe("cronJobs.subscribeToStatusUpdates", None))

    assert (await _answer(client))["result"] == {"type": "started"}

    home.house.bus.publish("cron-job-status:ping", {"name": "ping"})

    assert (await _answer(client))["result"]["data"]["json"] == {"name": "ping"}


async def _add_printer(home: Any) -> tuple[str, str]:
    board_id = await create_board(home.database, "Office", session=home.session)
    await add_app_item(
        home.database,
        board_id,
        name="Printer",
        href="http://printer.example",
        session=home.session,
    )
    (app,) = await list_apps_at(home.database, "http://printer.example")
    return board_id, app.id


async def test_pings_are_told_of_apps_that_the_viewer_sees(home: Any) -> None:
    """Of any other app the answer is that there is none; the first is made at once."""
    _, app_id = await home.lane.call(_add_printer, home)
    client = await home.house.connect(token=home.session.token)
    await client.send_message(_subscribe("widget.app.updatedPing", {"id": "unknown"}))
    error = (await _answer(client))["error"]["json"]

    assert error["data"]["code"] == "NOT_FOUND"

    await client.send_message(_subscribe("widget.app.updatedPing", {"id": app_id}))

    assert (await _answer(client))["result"] == {"type": "started"}
    assert (await _answer(client))["result"]["data"]["json"] == {
        "url": "http://printer.example",
        "statusCode": 204,
    }

    home.house.bus.publish(f"ping:{app_id}", {"statusCode": 200})

    assert (await _answer(client))["result"]["data"]["json"] == {"statusCode": 200}


async def test_a_logout_closes_the_socket(home: Any) -> None:
    """The row is gone, the socket is closed, and no new one is let in."""
    stop = home.house.hub.watch_sessions()
    client = await home.house.connect(token=home.session.token)
    await home.lane.call(accounts.close_session, home.database, home.session.token)
    home.house.bus.publish(
        "session-closed", {"userId": home.user.id, "tokens": [home.session.token]}
    )
    with trio.fail_after(PATIENCE), pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    assert closed.value.reason.code == 1008

    stream = home.house.knock()
    await stream.send_all(
        b"GET /websockets HTTP/1.1\r\nHost: dash.test:3000\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Origin: http://dash.test:3000\r\n"
        b"Cookie: homarr.session-token=" + home.session.token.encode() + b"\r\n\r\n"
    )
    with trio.fail_after(PATIENCE):
        assert bytes(await stream.receive_some()).startswith(b"HTTP/1.1 401 ")

    stop()


def _start_watch(home: Any, tasks: trio.Nursery) -> SessionWatch:
    watch = SessionWatch(hub=home.house.hub, database=home.database, lane=home.lane)
    tasks.start_soon(watch.run)
    return watch


def _write_elsewhere(database: Database, sql: str, *parameters: Any) -> None:
    """Write as another process does: on a connection that the house knows nothing of.

    The same library in the same process, so no lock is lost by closing it.
    """
    connection = sqlite3.connect(database.path, timeout=PATIENCE)
    with connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(sql, parameters)

    connection.close()


@pytest.mark.parametrize(
    ("sql", "column"),
    [
        ('DELETE FROM "session" WHERE session_token = ?', "token"),
        ('UPDATE "session" SET expires = 1 WHERE session_token = ?', "token"),
        ('DELETE FROM "user" WHERE id = ?', "user_id"),
    ],
    ids=["logged out", "expired", "user deleted"],
)
async def test_what_another_connection_ends_is_closed_within_a_second(
    home: Any, sql: str, column: str
) -> None:
    """Nobody says it on the bus; the file alone tells."""
    async with trio.open_nursery() as tasks:
        _start_watch(home, tasks)
        client = await home.house.connect(token=home.session.token)
        write = partial(
            _write_elsewhere, home.database, sql, getattr(home.session, column)
        )
        await trio.to_thread.run_sync(write)
        with trio.fail_after(PATIENCE), pytest.raises(ConnectionClosed) as closed:
            await client.get_message()

        assert closed.value.reason.code == 1008
        tasks.cancel_scope.cancel()


async def test_a_board_that_is_closed_to_somebody_goes_silent_at_once(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The procedure that closes it tells: nobody waits for the next thorough look."""
    monkeypatch.setattr(limits, "RECHECK_INTERVAL", 3600.0)
    board_id, app_id = await home.lane.call(_add_printer, home)

    async def show(visibility: str) -> None:
        procedure = find_procedure("board.changeBoardVisibility")
        assert procedure is not None
        context = Context(resources=home.house.resources, session=home.session)
        await call(procedure, context, {"id": board_id, "visibility": visibility})

    async def add_viewer() -> Session:
        await show("public")
        user = await create_user(home.database, name="bob", password="Other-horse-2?")
        return await accounts.open_session(home.database, user)

    viewer = await home.lane.call(add_viewer)
    stop = home.house.hub.watch_sessions()
    async with trio.open_nursery() as tasks:
        watch = _start_watch(home, tasks)
        client = await home.house.connect(token=viewer.token)
        await client.send_message(_subscribe("widget.app.updatedPing", {"id": app_id}))
        started, first = await _answer(client), await _answer(client)
        # The first write that it sees has the watch look at everything anyway.
        while math.isinf(watch._checked):
            await trio.testing.wait_all_tasks_blocked(0.01)

        await home.lane.call(show, "private")
        error, stopped = await _answer(client), await _answer(client)

        assert started["result"] == {"type": "started"}
        assert first["result"]["type"] == "data"
        assert error["error"]["json"]["data"]["code"] == "NOT_FOUND"
        assert stopped["result"] == {"type": "stopped"}
        tasks.cancel_scope.cancel()

    stop()


async def test_what_another_connection_forbids_is_no_longer_heard(home: Any) -> None:
    """The group loses its permission: the subscription ends, the socket stays."""
    async with trio.open_nursery() as tasks:
        _start_watch(home, tasks)
        client = await home.house.connect(token=home.session.token)
        await client.send_message(_subscribe("cronJobs.subscribeToStatusUpdates", None))
        started = await _answer(client)
        write = partial(
            _write_elsewhere, home.database, 'DELETE FROM "groupPermission"'
        )
        await trio.to_thread.run_sync(write)
        error, stopped = await _answer(client), await _answer(client)
        await client.send_message("PING")

        assert started["result"] == {"type": "started"}
        assert error["error"]["json"]["data"]["code"] == "FORBIDDEN"
        assert stopped["result"] == {"type": "stopped"}
        with trio.fail_after(PATIENCE):
            assert await client.get_message() == "PONG"

        tasks.cancel_scope.cancel()
