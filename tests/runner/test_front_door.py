"""Listening, and what becomes of connections."""

from __future__ import annotations

import socket
import threading

import anyio
import pytest

from runner.errors import ListenError
from runner.events import ConnectionFailed
from runner.front_door import bind_sockets

from .helpers import FAKES, running_roof, talk

WS = {"connections": f"{FAKES}:take_socket", "mount": "/websockets"}
WEB = {"asgi": f"{FAKES}:create_echo", "mount": "/"}
UPGRADE = (
    b"GET /websockets HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


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
            linger_zero = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
            sock.sendall(UPGRADE[:size])
            sock.close()

        answer = await talk(run.port, UPGRADE)

    assert answer.startswith(b"TAKEN")
    assert run.exit_code == 0


async def test_more_clients_than_slots_wait_and_are_served(
    monkeypatch: pytest.MonkeyPatch,
):
    """Over the limit, clients wait in the backlog instead of in our memory."""

    monkeypatch.setattr("runner.front_door.MAX_CONNECTIONS", 2)
    request = b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answers: list[bytes] = []

    async def ask() -> None:
        answers.append(await talk(run.port, request))

    async with running_roof({"web": WEB}) as run:
        await run.wait_ready()

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(ask)

    assert len(answers) == 20
    assert all(answer.endswith(b"GET /x 0\n") for answer in answers)


async def test_a_thread_of_another_lane_is_gone_after_the_stop():
    """Lanes leave no thread behind."""

    before = threading.active_count()

    async with running_roof({"web": WEB, "ws": {**WS, "backend": "trio"}}) as run:
        await run.wait_ready()
        during = [thread.name for thread in threading.enumerate()]

    assert "trio" in during
    assert not [one for one in threading.enumerate() if one.name == "trio"]
    assert threading.active_count() <= before + 1  # the watchdog may be leaving
