"""Applications: when they are asked, and how their lifespans begin and end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import pytest

from runner.asgi import serve_lifespan
from runner.errors import EXIT_CRASHED, describe_error
from runner.events import Crashed

from .helpers import FAKES, RoofRun, fake, running_roof, talk
from .port import GET, UPGRADE, Port, read_all

App = Callable[[Any, Any, Any], Awaitable[None]]
asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])
WEB = {"asgi": f"{FAKES}:create_echo", "mount": "/"}
WS = {"connections": f"{FAKES}:take_socket", "mount": "/websockets"}
ASK = b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@asyncio_only
async def test_a_closed_mount_is_not_ready_and_says_when_to_ask_again():
    """A request is answered 503 and its application is not asked."""

    port = Port()
    port.web.open = False

    async with port.connect() as client:
        client.send(GET.replace(b"Host", b"Connection: close\r\nHost"))
        answer = await read_all(client)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1\r\n" in answer
    assert port.web.counts["requests"] == 0


@asyncio_only
async def test_the_bytes_of_bodies_are_counted_as_the_client_gets_them():
    """In however many messages they are sent, and without the heads."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        length = [(b"content-length", b"5")]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        await send({"type": "http.response.body", "body": b"de", "more_body": True})
        await send({"type": "http.response.body"})

    port = Port(answer)

    assert await port.answer(ASK) == [b"200 abcde"]
    assert port.web.counts["response_bytes"] == 5


@asyncio_only
@pytest.mark.parametrize("path", [b"/other", b"/websockets"])
async def test_a_closed_mount_refuses_websockets(path: bytes):
    """Neither an application nor a taker of sockets gets one."""

    port = Port()
    port.web.open = port.ws.open = False

    assert await port.answer(UPGRADE.replace(b"/websockets", path)) == [b"403"]
    assert port.web.counts["requests"] == 0


@asyncio_only
async def test_a_service_that_still_starts_answers_503():
    """Its path is its own as soon as the port is open."""

    web = {**WEB, **fake("never_ready", start_timeout=600)}

    async with running_roof({"ws": WS, "web": web}) as run:
        await run.wait_event("ready ws")
        answer = await talk(run.port, ASK)

    assert answer.startswith(b"HTTP/1.1 503 ")


@asyncio_only
async def test_a_service_between_two_lives_answers_503(monkeypatch: pytest.MonkeyPatch):
    """While it waits for its restart nobody is served by what has crashed."""

    monkeypatch.setattr("runner.restarts.DELAY", 600.0)
    monkeypatch.setattr("runner.restarts.DELAY_MAX", 600.0)
    crash = anyio.Event()
    web = fake("crash_when_told", options={"orders": [crash]}, restart="always")

    async with running_roof({"web": {**web, **WEB}}) as run:
        await run.wait_ready()
        crash.set()
        await run.wait_event("restarting web")
        answer = await talk(run.port, ASK)

    assert answer.startswith(b"HTTP/1.1 503 ")


async def test_a_lifespan_hands_over_its_state_and_is_told_of_the_stop():
    """Startup first; shutdown once what is in flight has been served."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.append((await receive())["type"])
        scope["state"]["key"] = "value"
        await send({"type": "lifespan.startup.complete"})
        heard.append((await receive())["type"])
        await send({"type": "lifespan.shutdown.complete"})

    heard: list[str] = []
    stopping = anyio.Event()

    async with anyio.create_task_group() as tasks:
        state = await tasks.start(serve_lifespan, app, stopping)
        await anyio.wait_all_tasks_blocked()
        before = list(heard)
        stopping.set()

    assert state == {"key": "value"}
    assert before == ["lifespan.startup"]
    assert heard == ["lifespan.startup", "lifespan.shutdown"]


async def _return(scope: Any, receive: Any, send: Any) -> None:
    """Know no lifespan, and say nothing."""


async def _raise(scope: Any, receive: Any, send: Any) -> None:
    """Know no lifespan, as the specification has it."""

    raise NotImplementedError(scope["type"])


@pytest.mark.parametrize("app", [_return, _raise])
async def test_an_application_without_a_lifespan_is_served(app: App):
    """It is ready at once, with no state."""

    async with anyio.create_task_group() as tasks:
        state = await tasks.start(serve_lifespan, app, anyio.Event())

    assert state == {}


async def _answer(
    scope: Any, receive: Any, send: Any, *, failing: str, error: BaseException | None
) -> None:
    for stage in ("startup", "shutdown"):
        await receive()
        if stage != failing:
            await send({"type": f"lifespan.{stage}.complete"})
            continue

        if not isinstance(error, SystemExit):
            await send({"type": f"lifespan.{stage}.failed", "message": "no database"})

        if error is not None:
            raise error

        return


@pytest.mark.parametrize(
    ("failing", "error", "words"),
    [
        ("startup", None, "RuntimeError: lifespan.startup.failed: no database"),
        ("startup", ValueError(), "RuntimeError: lifespan.startup.failed: no database"),
        ("startup", SystemExit(7), "RuntimeError: it raised SystemExit(7)"),
        ("shutdown", None, "RuntimeError: lifespan.shutdown.failed: no database"),
        ("shutdown", ValueError(), "ValueError"),
        ("shutdown", SystemExit(7), "RuntimeError: it raised SystemExit(7)"),
    ],
)
async def test_a_lifespan_that_fails_is_told(
    failing: str, error: BaseException | None, words: str
):
    """By the application's own words, or by what it raised."""

    app = partial(_answer, failing=failing, error=error)
    stopping = anyio.Event()
    stopping.set()

    with pytest.raises((RuntimeError, ValueError, ExceptionGroup)) as caught:
        async with anyio.create_task_group() as tasks:
            await tasks.start(serve_lifespan, app, stopping)

    assert describe_error(caught.value) == words


@asyncio_only
@pytest.mark.parametrize(
    ("function", "phase", "error"),
    [
        (
            "create_refusing",
            "mount",
            "RuntimeError: lifespan.startup.failed: no database",
        ),
        ("create_crashing", "run", "ValueError: it broke"),
        ("create_exiting", "run", "RuntimeError: it raised SystemExit(7)"),
    ],
)
async def test_a_failing_lifespan_fails_its_service(
    function: str, phase: str, error: str
):
    """Nobody is served by an application that has not started, or has ended."""

    web = {"asgi": f"{FAKES}:{function}", "mount": "/"}

    async with running_roof({"good": fake("serve"), "web": web}) as run:
        await run.wait_ended()

    assert _crash(run) == ("web", phase, error)
    assert run.names()[-1] == "stopped good"
    assert run.exit_code == EXIT_CRASHED


def _crash(run: RoofRun) -> tuple[str, str, str]:
    crashed = next(event for event in run.events if isinstance(event, Crashed))
    return crashed.service, crashed.phase, crashed.error
