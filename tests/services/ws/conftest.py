"""A hub with a real bus, real sockets on loopback, and lanes that are one loop."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
import trio
import trio.testing
from trio.testing import MockClock
from trio_websocket import WebSocketConnection, wrap_client_stream

from dashboard import superjson
from dashboard.accounts import Session
from dashboard.accounts.recheck import Standing, recheck_sessions
from dashboard.bus import MemoryBus
from dashboard.resources import Resources
from dashboard.settings import Settings
from dashboard.trpc import Context, ProcedureError, routers
from dashboard.trpc.guards import anyone, permission
from dashboard.trpc.procedure import Router
from services.ws import Hub, handle_connection

HOST = "dash.test:3000"
ORIGIN = "http://dash.test:3000"
TOKEN = "a" * 96


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run on trio, where time passes only when everybody waits."""
    clock = MockClock(autojump_threshold=0)
    return "trio", {"clock": clock, "instruments": [SecondLook(clock)]}


class SecondLook(trio.abc.Instrument):
    """Lets the clock jump only where everybody still waits a moment later.

    What one socket has sent the system may still be carrying to the other.
    """

    def __init__(self, clock: MockClock) -> None:
        self._jump = clock._autojump
        self._looked = False
        clock._autojump = self._look  # type: ignore[method-assign]

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._looked = False

    def _look(self) -> None:
        if self._looked:
            self._jump()
        else:
            self._looked = True
            time.sleep(0.001)


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
        #: Awaited before each reading of all sessions.
        self.before_recheck: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint

    def post(self, function: Callable[..., object], *args: Any) -> None:
        self.token.run_sync_soon(function, *args)

    async def call(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        if function is recheck_sessions:
            return await self._recheck(*args)

        if not isinstance(function, partial):
            return await function(*args)

        await self.before_lookup()
        session = self.sessions.get(args[1])
        return session if session and session.expires > time.time() else None

    async def _recheck(
        self, _: object, tokens: list[str], since: int | None, patience: float
    ) -> tuple[int, dict[str, Standing] | None]:
        end = trio.current_time() + patience
        while since == self.version:
            if trio.current_time() >= end:
                return self.version, None

            await trio.sleep(0.5)

        await self.before_recheck()
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
        headers: Sequence[tuple[bytes, bytes]] = (),
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
                *headers,
            ],
        )
        await connection._open_handshake.wait()
        return connection

    async def wait_empty(self) -> None:
        """Wait until no socket is left: what the system does may take its time."""
        while self.hub.sockets:
            await trio.testing.wait_all_tasks_blocked()

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


class ATopic(msgspec.Struct):
    topic: str


class Seconds(msgspec.Struct):
    seconds: float


router = Router()


@router.subscription("topic", guard=anyone, input=ATopic)
async def _topic(_context: Context, given: ATopic) -> list[str]:
    return [given.topic]


@router.subscription("topics", guard=anyone)
async def _topics(_context: Context) -> list[str]:
    return ["first", "second"]


async def _nobody(_context: Context) -> None:
    raise ProcedureError("UNAUTHORIZED")


@router.subscription("members", guard=_nobody)
async def _members(_context: Context) -> list[str]:
    return []


@router.subscription("broken", guard=anyone)
async def _broken(_context: Context) -> list[str]:
    raise RuntimeError("a fault of ours")


@router.subscription("slow", guard=anyone, input=Seconds)
async def _slow(_context: Context, given: Seconds) -> list[str]:
    await trio.sleep(given.seconds)
    return ["news"]


@router.query("echo", guard=anyone, input=Any)
async def _echo(_context: Context, given: Any) -> Any:
    return given


@router.query("who", guard=anyone)
async def _who(context: Context) -> Any:
    return context.session and context.session.user_name


@router.query("where", guard=anyone)
async def _where(context: Context) -> Any:
    return context.address


@router.query("fault", guard=anyone)
async def _fault(_context: Context) -> Any:
    raise RuntimeError("a fault of ours")


@router.query("unspeakable", guard=anyone)
async def _unspeakable(_context: Context) -> Any:
    return object()


@router.query("big", guard=anyone)
async def _big(_context: Context) -> Any:
    return "x" * 200_000


@router.mutation("void", guard=permission("admin"))
async def _void(_context: Context) -> Any:
    return superjson.UNDEFINED


@router.mutation("work", guard=anyone, input=Seconds)
async def _work(context: Context, given: Seconds) -> Any:
    """Take time, and tell the bus how it went."""
    bus = context.resources.bus
    bus.publish("work", "begun")
    try:
        await trio.sleep(given.seconds)
    except trio.Cancelled:
        bus.publish("work", "cancelled")
        raise

    bus.publish("work", "done")
    return given.seconds


@router.mutation("logout", guard=anyone)
async def _logout(context: Context) -> Any:
    assert context.session
    context.resources.bus.publish("session-closed", {"userId": context.session.user_id})
    await trio.sleep(0.1)
    return superjson.UNDEFINED


@pytest.fixture(name="add_router")
def _add_router(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Router], None]:
    """Have the table of routers name one more."""

    def add(name: str, router: Router) -> None:
        module = ModuleType(name)
        module.router = router  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, f"{routers.__name__}.{name}", module)
        monkeypatch.setitem(routers.ROUTERS, name, name)

    return add


@pytest.fixture(autouse=True)
def _procedures(add_router: Callable[[str, Router], None]) -> None:
    add_router("test", router)


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
