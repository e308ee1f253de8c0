"""One service's end: in its own time, and with nothing left open."""

from __future__ import annotations

import socket

import anyio
import pytest

from runner.errors import EXIT_LATE
from runner.events import DrainTimedOut

from .helpers import FAKES, PATIENCE, fake, running_roof, talk
from .port import UPGRADE


async def test_a_service_s_own_drain_timeout_does_not_wait_for_the_overall_one(
    anyio_backend_name: str,
):
    """It is cancelled and named alone; the others stop by themselves."""

    services = {
        "good": fake("serve", backend=anyio_backend_name),
        "stuck": fake(
            "ignore_stopping", backend=anyio_backend_name, drain_timeout=0.02
        ),
    }

    with anyio.fail_after(PATIENCE):
        async with running_roof(services, drain_timeout=600) as run:
            await run.wait_ready()

    assert DrainTimedOut(services=("stuck",)) in run.events
    assert {"stopped good", "stopped stuck"} <= set(run.names())
    assert run.exit_code == EXIT_LATE


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
async def test_a_socket_is_closed_when_its_handler_has_returned(backend: str):
    """Also where somebody else still has hold of it."""

    ws = {"connections": f"{FAKES}:keep_socket", "mount": "/websockets"}
    services = {
        "kept": fake("serve_list"),
        "ws": {**ws, "backend": backend, "after": ["kept"]},
    }

    async with running_roof(services) as run:
        await run.wait_ready()
        answer = await talk(run.port, UPGRADE)
        (kept,) = run.roof.residents["kept"].service.value

    assert answer == b""
    assert kept.fileno() == -1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_socket_that_comes_after_the_end_is_closed():
    """Its lane has ended: there is nobody to hand it to."""

    ws = {"connections": f"{FAKES}:take_socket", "mount": "/websockets"}

    async with running_roof(
        {"ws": {**ws, "backend": "trio"}, "one": fake("serve")}
    ) as run:
        await run.wait_ready()

    mount = run.roof.residents["ws"].service.mount
    assert mount is not None
    assert mount.take_socket is not None
    ours, theirs = socket.socketpair()
    mount.take_socket(theirs, UPGRADE)

    with ours:
        ours.settimeout(PATIENCE)
        assert ours.recv(1) == b""
