"""Listening, and what becomes of connections."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from errno import EMFILE, ENOTCONN
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from runner.errors import EXIT_CRASHED, ListenError
from runner.events import AcceptPaused, ConnectionFailed, Crashed, Event
from runner.front_door import FrontDoor, bind_sockets
from runner.mounts import Mount, Mounts

from .helpers import FAKES, PATIENCE, fake, running_roof, talk

WS = {"connections": f"{FAKES}:take_socket", "mount": "/websockets"}
WEB = {"asgi": f"{FAKES}:create_echo", "mount": "/"}
UPGRADE = (
    b"GET /websockets HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


LAST = b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False

    return True


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="the system has no IPv6")


@asynccontextmanager
async def open_door(
    sockets: Sequence[socket.socket],
    mounts: Mounts,
    events: list[Event],
    *,
    whole: bool = True,
) -> AsyncIterator[FrontDoor]:
    """Let clients in beside the body, without a roof."""

    door = FrontDoor(sockets, mounts, whole=whole, emit=events.append)
    door.listen()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(door.serve)

        try:
            yield door
        finally:
            door.stop()


async def leave_connection_behind() -> int:
    """Return the port of a run that has ended with a connection not yet forgotten."""

    async with running_roof({"web": WEB}) as run:
        await run.wait_ready()
        await talk(run.port, LAST)

    return run.port


async def read_to_end(sock: socket.socket) -> bytes:
    """Read what comes back to a client, and close it."""

    received = b""
    sock.setblocking(False)

    with sock, anyio.fail_after(PATIENCE):
        while True:
            await anyio.wait_readable(sock)
            data = sock.recv(65536)
            if not data:
                return received

            received += data


def reset(sock: socket.socket) -> None:
    """Close a client's socket so that the other side gets a reset."""

    linger_zero = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
    sock.close()


@pytest.fixture(name="anyio_backend")
def _anyio_backend() -> str:
    return "asyncio"


def test_a_port_in_use_is_named_with_its_owner():
    """One line: the port, who has it, and what to do."""

    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]

        with pytest.raises(ListenError) as caught:
            bind_sockets("127.0.0.1", port)

    assert f"port {port} is in use by " in str(caught.value)
    assert "choose another with --port or PORT" in str(caught.value)


def test_of_two_runs_at_once_only_one_gets_the_port():
    """The second is told so at once, though the first does not listen yet."""

    (first,) = bind_sockets("127.0.0.1", 0)

    with first, pytest.raises(ListenError, match="is in use"):
        bind_sockets("127.0.0.1", first.getsockname()[1])


async def test_connections_left_over_do_not_keep_the_next_run_from_the_port():
    """What the system remembers of a run that has just ended is in nobody's way."""

    port = await leave_connection_behind()

    with socket.socket() as plain, pytest.raises(OSError, match="in use"):
        plain.bind(("127.0.0.1", port))

    async with running_roof(
        {"web": WEB}, sockets=bind_sockets("127.0.0.1", port)
    ) as run:
        await run.wait_ready()
        answer = await talk(port, LAST)

    assert answer.endswith(b"GET /x 0\n")


async def test_a_port_that_another_run_listened_on_first_ends_the_run():
    """Beside connections left over two runs can bind it; the slower one is told."""

    port = await leave_connection_behind()
    (theirs,), ours = (bind_sockets("127.0.0.1", port) for _ in range(2))

    with theirs:
        theirs.listen()
        async with running_roof({"web": WEB}, sockets=ours) as run:
            await run.wait_ended()

    crashed = next(event for event in run.events if isinstance(event, Crashed))
    assert (crashed.service, crashed.phase) == ("(front door)", "listen")
    assert crashed.error.startswith(f"cannot listen on port {port}: ")
    assert run.exit_code == EXIT_CRASHED


@needs_ipv6
def test_an_ipv6_socket_leaves_the_same_port_of_ipv4_alone():
    """Each family has a socket of its own, whatever the system's default is."""

    (six,) = bind_sockets("::", 0)

    with six:
        (four,) = bind_sockets("0.0.0.0", six.getsockname()[1])
        four.close()


@needs_ipv6
@pytest.mark.parametrize("reverse", [False, True])
def test_all_addresses_of_a_host_get_one_port(
    reverse: bool, monkeypatch: pytest.MonkeyPatch
):
    """A free port is chosen once; both families listen on it."""

    kind = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
    both = [
        (socket.AF_INET, *kind, ("0.0.0.0", 0)),
        (socket.AF_INET6, *kind, ("::", 0, 0, 0)),
    ]
    addresses = both[::-1] if reverse else both
    with monkeypatch.context() as patch:
        patch.setattr("socket.getaddrinfo", lambda *words, **keys: addresses)
        sockets = bind_sockets("anywhere", 0)

    events: list[Event] = []
    door = FrontDoor(sockets, Mounts(), whole=True, emit=events.append)
    door.listen()

    for host in ("127.0.0.1", "::1"):
        socket.create_connection((host, door.port)).close()

    door.stop()


def test_an_unknown_host_is_an_error():
    """A name that does not resolve is told with the reason."""

    with pytest.raises(ListenError, match=r"cannot listen on no\.such\.host\.invalid"):
        bind_sockets("no.such.host.invalid", 0)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
async def test_an_upgrade_reaches_the_service_in_its_own_lane(backend: str):
    """The socket crosses to the lane with its request, early bytes included."""

    async with running_roof({"web": WEB, "ws": {**WS, "backend": backend}}) as run:
        await run.wait_ready()
        answer = await talk(run.port, UPGRADE + b"early")
        counts = run.roof.residents["ws"].service.statistics()

    assert answer == b"TAKEN /websockets\n" + UPGRADE + b"early"
    assert counts == {"connections": 1}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
async def test_a_service_that_has_the_port_alone_gets_the_same(backend: str):
    """Split from the house, its function sees the same bytes and the same paths."""

    async with running_roof({"ws": {**WS, "backend": backend}}) as run:
        await run.wait_ready()
        answer = await talk(run.port, UPGRADE + b"early")
        elsewhere = await talk(run.port, UPGRADE.replace(b"/websockets", b"/other"))
        plain = await talk(run.port, b"GET /websockets HTTP/1.1\r\nHost: a\r\n\r\n")
        huge = await talk(
            run.port, b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        bad = await talk(run.port, b"\x16\x03\x01 tls?\r\n\r\n")

    assert answer == b"TAKEN /websockets\n" + UPGRADE + b"early"
    assert elsewhere.startswith(b"HTTP/1.1 404 ")
    assert plain.startswith(b"HTTP/1.1 426 ")
    assert huge.startswith(b"HTTP/1.1 431 ")
    assert bad.startswith(b"HTTP/1.1 400 ")


async def test_a_silent_client_of_a_service_alone_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
):
    """There too a head has its time."""

    monkeypatch.setattr("runner.handover.HEAD_TIMEOUT", 0.02)

    async with running_roof({"ws": WS}) as run:
        await run.wait_ready()
        # Where its first bytes come at the last moment, they are not even read.
        with suppress(anyio.BrokenResourceError):
            assert await talk(run.port, UPGRADE[:30]) == b""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
async def test_whoever_is_ready_first_does_not_get_the_whole_port(backend: str):
    """The port opens with the first service, and belongs to all of the plan."""

    services = {"ws": {**WS, "backend": backend}, "web": {**WEB, "after": ["ws"]}}

    async with running_roof(services) as run:
        await run.wait_ready()
        page = await talk(
            run.port, b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        socket_ = await talk(run.port, UPGRADE)

    assert run.names()[:2] == ["ready ws", "ready web"]
    assert page.endswith(b"GET /x 0\n")
    assert socket_.startswith(b"TAKEN /websockets")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
async def test_a_connection_that_fails_harms_nobody(backend: str):
    """Its error is told; the next connection is served."""

    async with running_roof({"web": WEB, "ws": {**WS, "backend": backend}}) as run:
        await run.wait_ready()
        assert await talk(run.port, UPGRADE + b"CRASH") == b""
        assert await talk(run.port, UPGRADE + b"EXIT") == b""
        answer = await talk(run.port, UPGRADE)

    for error in ("ValueError: this connection only", "SystemExit: 7"):
        assert ConnectionFailed(service="ws", error=error) in run.events

    assert answer.startswith(b"TAKEN")


async def test_a_reset_in_the_middle_of_an_upgrade_harms_nobody():
    """Clients that vanish at any byte leave the others served."""

    async with running_roof({"web": WEB, "ws": {**WS, "backend": "trio"}}) as run:
        await run.wait_ready()

        for size in range(1, len(UPGRADE) + 1, 7):
            sock = socket.create_connection(("127.0.0.1", run.port))
            sock.sendall(UPGRADE[:size])
            reset(sock)

        answer = await talk(run.port, UPGRADE)

    assert answer.startswith(b"TAKEN")
    assert run.exit_code == 0


async def test_more_clients_than_slots_wait_and_are_served(
    monkeypatch: pytest.MonkeyPatch,
):
    """Over the limit, clients wait in the backlog instead of in our memory."""

    monkeypatch.setattr("runner.front_door.MAX_CONNECTIONS", 2)
    services = {
        "gate": fake("serve_gate"),
        "web": {"asgi": f"{FAKES}:create_slow", "mount": "/", "after": ["gate"]},
    }

    async with running_roof(services) as run:
        await run.wait_ready()
        gate, web = (run.roof.residents[name].service for name in services)
        # All of them are in the backlog before the loop accepts the first.
        clients = [socket.create_connection(("127.0.0.1", run.port)) for _ in range(20)]
        for client in clients:
            client.sendall(LAST)

        with anyio.fail_after(PATIENCE):
            while web.statistics().get("requests", 0) < 2:
                await anyio.lowlevel.checkpoint()

        for _ in range(100):
            await anyio.lowlevel.checkpoint()

        inside = web.statistics()["requests"]
        gate.value.set()
        answers = [await read_to_end(client) for client in clients]

    assert inside == 2
    assert all(answer.endswith(b"GET /x 0\n") for answer in answers)


async def test_accepting_goes_on_after_it_has_failed(monkeypatch: pytest.MonkeyPatch):
    """A client that left is skipped; a lack of descriptors is told and waited out."""

    errors = [ConnectionAbortedError(), OSError(EMFILE, "too many")]

    class Listener(socket.socket):
        def accept(self) -> Any:
            if errors:
                raise errors.pop(0)

            return super().accept()

    monkeypatch.setattr("runner.front_door.ACCEPT_PAUSE", 0.001)
    events: list[Event] = []
    (bound,) = bind_sockets("127.0.0.1", 0)
    listener = Listener(fileno=bound.detach())

    async with open_door([listener], Mounts(), events) as door:
        answer = await talk(door.port, UPGRADE)

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert events == [AcceptPaused(error="OSError: [Errno 24] too many")]


async def test_an_application_that_fails_for_a_client_that_has_gone_is_enough_told():
    """Its error is in the log; that nobody was there to hear of it is no second one."""

    async def fail(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        await gone.wait()
        raise ValueError("too late")

    entered, gone = anyio.Event(), anyio.Event()
    mount = Mount("/", "web", counts=Counter())
    mount.asgi, mount.open = fail, True
    mounts = Mounts()
    mounts.add(mount)
    events: list[Event] = []

    async with open_door(
        bind_sockets("127.0.0.1", 0), mounts, events, whole=False
    ) as door:
        sock = socket.create_connection(("127.0.0.1", door.port))
        sock.sendall(LAST)
        await entered.wait()
        reset(sock)
        gone.set()

    assert mount.counts["responses_5xx"] == 1
    assert events == []


class PanicError(BaseException):
    """What native extensions raise when they give up."""


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("error", [ValueError, SystemExit, PanicError])
async def test_whatever_a_connection_raises_harms_nobody(
    error: type[BaseException], whole: bool
):
    """It is told, the port stays open, and the next client is served."""

    failures = [error("taken badly")]

    def take(sock: socket.socket, received: bytes) -> None:
        with sock:
            if failures:
                raise failures.pop()

            sock.send(b"TAKEN")

    mount = Mount("/websockets", "ws", counts=Counter())
    mount.take_socket, mount.open = take, True
    mounts = Mounts()
    mounts.add(mount)
    events: list[Event] = []

    async with open_door(
        bind_sockets("127.0.0.1", 0), mounts, events, whole=whole
    ) as door:
        first = await talk(door.port, UPGRADE)
        second = await talk(door.port, UPGRADE)

    words = f"{error.__name__}: taken badly"
    assert (first, second) == (b"", b"TAKEN")
    assert events == [ConnectionFailed(service="http", error=words)]


@pytest.mark.parametrize(
    "error", [ConnectionResetError(), OSError(ENOTCONN, "not connected")]
)
async def test_what_a_lost_client_makes_fail_is_not_told(error: OSError):
    """The system says it in more than one way."""

    def take(sock: socket.socket, received: bytes) -> None:
        sock.close()
        raise error

    mount = Mount("/websockets", "ws", counts=Counter())
    mount.take_socket, mount.open = take, True
    mounts = Mounts()
    mounts.add(mount)
    events: list[Event] = []

    async with open_door(bind_sockets("127.0.0.1", 0), mounts, events) as door:
        answers = [await talk(door.port, UPGRADE) for _ in range(2)]

    assert answers == [b"", b""]
    assert events == []


@pytest.mark.parametrize("whole", [True, False])
async def test_a_client_that_resets_its_connection_is_nobody_s_failure(whole: bool):
    """What a client does to its own connection is not told."""

    events: list[Event] = []

    async with open_door(
        bind_sockets("127.0.0.1", 0), Mounts(), events, whole=whole
    ) as door:
        sock = socket.create_connection(("127.0.0.1", door.port))
        sock.sendall(UPGRADE[:20])
        await anyio.wait_all_tasks_blocked()
        reset(sock)
        answer = await talk(door.port, UPGRADE)

    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 403 "))
    assert events == []


async def test_a_thread_of_another_lane_is_gone_after_the_stop():
    """Lanes leave no thread behind."""

    before = threading.active_count()

    async with running_roof({"web": WEB, "ws": {**WS, "backend": "trio"}}) as run:
        await run.wait_ready()
        during = [thread.name for thread in threading.enumerate()]

    assert "trio" in during
    assert not [one for one in threading.enumerate() if one.name == "trio"]
    assert threading.active_count() <= before + 1  # the watchdog may be leaving
