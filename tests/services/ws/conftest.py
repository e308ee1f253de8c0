"""A hub with a real bus, real sockets on loopback, and lanes that are one loop."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import WebSocketConnection, wrap_client_stream

from dashboard import procedures
from dashboard.accounts import Session
from dashboard.accounts.recheck import Standing, recheck_sessions
from dashboard.bus import MemoryBus
from dashboard.procedures import Context, ProcedureError, Subscription
from dashboard.resources import Resources
from dashboard.settings import Settings
from services.ws import Hub, handle_connection

HOST = "dash.test:3000"
ORIGIN = "http://dash.test:3000"
TOKEN = "a" * 96


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run on trio, where time passes only when everybody waits."""
    return "trio", {"clock": MockClock(autojump_threshold=0)}


class FakeLane:
    """The trio lane and the asyncio lane in one: the loop of the test."""

    def __init__(self) -> None:
        self.token = trio.lowlevel.current_trio_token()
        self.sessions: dict[str, Session] = {}
        #: What every write to the database moves, and the groups of each session.
        self.version = 1
        self.groups: dict[str, frozenset[str]] = {}
        #: How often the sessions of all sockets were read.
        self.rechecks = 0
        #: Awaited before each lookup of a session.
        self.before_lookup: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint

    def post(self, function: Callable[..., object], *args: Any) -> None:
        self.token.run_sync_soon(function, *args)

    async def call(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        if function is recheck_sessions:
            return self._recheck(*args)

        if not isinstance(function, partial):
            return await function(*args)

        await self.before_lookup()
        session = self.sessions.get(args[1])
        return session if session and session.expires > time.time() else None

    def _recheck(
        self, _: object, tokens: list[str], since: int | None
    ) -> tuple[int, dict[str, Standing] | None]:
        if since == self.version:
            return self.version, None

        self.rechecks += 1
        return self.version, {
            token: Standing(
                session=self.sessions[token],
                group_ids=self.groups.get(token, frozenset()),
            )
            for token in tokens
            if token in self.sessions
        }


class House:
    """The service, and clients that knock at it."""

    def __init__(self, tasks: trio.Nursery, lane: FakeLane, settings: Settings) -> None:
        self.tasks = tasks
        self.lane = lane
        self.bus = MemoryBus()
        self.resources = Resources(
            settings=settings, database=cast(Any, None), bus=self.bus, monitor=None
        )
        self.hub = Hub(bus=self.bus, lane=lane)
        self.failures: list[Exception] = []
        self.clients: list[trio.SocketStream] = []

    def add_session(self, token: str = TOKEN, **changes: Any) -> Session:
        """Log somebody in."""
        values = {
            "token": token,
            "user_id": "user1",
            "user_name": "ada",
            "permissions": frozenset({"admin"}),
            "expires": time.time() + 86400,
        }
        self.lane.sessions[token] = Session(**(values | changes))
        return self.lane.sessions[token]

    def knock(self, received: bytes = b"") -> trio.SocketStream:
        """Connect a client, whose first bytes somebody else has read already."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            near = socket.create_connection(listener.getsockname())
            far, _ = listener.accept()

        far.setblocking(False)
        self.tasks.start_soon(self._handle, far, received)
        self.clients.append(trio.SocketStream(trio.socket.from_stdlib_socket(near)))
        return self.clients[-1]

    async def _handle(self, sock: socket.socket, received: bytes) -> None:
        try:
            await handle_connection(
                sock,
                received,
                ws=self.hub,
                resources=self.resources,
                lanes={"asyncio": self.lane},
                mount="/websockets",
            )
        except Exception as error:  # noqa: BLE001  # the runner would log it
            self.failures.append(error)

    async def connect(
        self,
        *,
        path: str = "/websockets",
        token: str = TOKEN,
        origin: str = ORIGIN,
    ) -> WebSocketConnection:
        """Open a WebSocket as a browser does."""
        connection = await wrap_client_stream(
            self.tasks,
            self.knock(),
            HOST,
            path,
            extra_headers=[
                (b"Origin", origin.encode()),
                (b"Cookie", f"homarr.session-token={token}".encode()),
            ],
        )
        await connection._open_handshake.wait()
        return connection

    async def subscribe(
        self, client: WebSocketConnection, number: int = 1, topic: str = "news"
    ) -> None:
        """Listen to a topic, and wait until it is so."""
        await client.send_message(
            f'{{"id":{number},"method":"subscription","params":'
            f'{{"input":{{"json":{{"topic":"{topic}"}}}},"path":"test.topic"}}}}'
        )
        started = f'{{"id":{number},"result":{{"type":"started"}}}}'
        assert await client.get_message() == started


async def _one_topic(context: Context, given: Any) -> list[str]:
    return [given["topic"]]


async def _two_topics(context: Context, given: Any) -> list[str]:
    return ["first", "second"]


async def _admin(context: Context, given: Any) -> list[str]:
    if context.session is None or not context.session.may("nothing"):
        raise ProcedureError("UNAUTHORIZED")

    return []


async def _broken(context: Context, given: Any) -> list[str]:
    raise RuntimeError("a fault of ours")


async def _slow(context: Context, given: Any) -> list[str]:
    await trio.sleep(given["seconds"])
    return ["news"]


@pytest.fixture(autouse=True)
def _procedures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, topics in {
        "topic": _one_topic,
        "topics": _two_topics,
        "admin": _admin,
        "broken": _broken,
        "slow": _slow,
    }.items():
        path = f"test.{name}"
        subscription = Subscription(path=path, topics=topics)
        monkeypatch.setitem(procedures.SUBSCRIPTIONS, path, subscription)


@pytest.fixture(name="house")
async def _house() -> AsyncIterator[House]:
    async with trio.open_nursery() as tasks:
        settings = Settings(allowed_origins=("https://other.example",))
        house = House(tasks, FakeLane(), settings)
        house.add_session()
        yield house
        for client in house.clients:
            client.socket.close()

        tasks.cancel_scope.cancel()

    assert house.failures == []
    assert house.hub.sockets == 0


@pytest.fixture(name="facts")
def _facts() -> SimpleNamespace:
    """The constants of the fixtures."""
    return SimpleNamespace(HOST=HOST, ORIGIN=ORIGIN, TOKEN=TOKEN)
