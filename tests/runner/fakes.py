"""Services for the tests of the runner, named from plans as `tests.runner.fakes:…`."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import anyio.lowlevel
from anyio.abc import TaskStatus

Message = Mapping[str, Any]


class Counted:
    """A started value that counts."""

    def statistics(self) -> dict[str, int]:
        """Return one counter."""

        return {"counted": 1}


async def serve(
    *, task_status: TaskStatus[Any], stopping: anyio.Event, value: Any = None
) -> None:
    """Be ready at once and stop when asked."""

    task_status.started(value)
    await stopping.wait()


async def serve_counted(
    *, task_status: TaskStatus[Counted], stopping: anyio.Event
) -> None:
    """Be ready with a value that counts."""

    task_status.started(Counted())
    await stopping.wait()


async def pass_on(
    *, first: Any, task_status: TaskStatus[Any], stopping: anyio.Event
) -> None:
    """Be ready with the value of the service named `first`."""

    task_status.started(f"after {first}")
    await stopping.wait()


async def never_ready(*, task_status: TaskStatus[Any]) -> None:
    """Wait for ever without being ready."""

    await anyio.sleep_forever()


async def crash(*, task_status: TaskStatus[Any], stopping: anyio.Event) -> None:
    """Be ready, then fail."""

    task_status.started()
    await anyio.lowlevel.checkpoint()
    raise ValueError("it broke")


async def crash_when_told(
    *, orders: list[anyio.Event], task_status: TaskStatus[Any], stopping: anyio.Event
) -> None:
    """Be ready and fail as often as there are orders, each when it is given."""

    task_status.started()
    if orders:
        await orders[0].wait()
        del orders[0]
        raise ValueError("once more")

    await stopping.wait()


async def exit_interpreter(*, task_status: TaskStatus[Any]) -> None:
    """Be ready, then do what would end an unguarded interpreter."""

    task_status.started()
    await anyio.lowlevel.checkpoint()
    raise SystemExit(9)


async def fail_to_start(*, task_status: TaskStatus[Any]) -> None:
    """Fail before being ready."""

    raise ValueError("no such thing")


async def return_early() -> None:
    """Do one thing and be done."""

    await anyio.lowlevel.checkpoint()


async def ignore_stopping(*, task_status: TaskStatus[Any]) -> None:
    """Be ready and never stop by itself."""

    task_status.started()
    await anyio.sleep_forever()


async def crash_while_draining(
    *, task_status: TaskStatus[Any], stopping: anyio.Event
) -> None:
    """Fail when asked to stop."""

    task_status.started()
    await stopping.wait()
    raise ValueError("it broke late")


async def needs_the_moon(*, moon: Any) -> None:
    """Ask for what nobody offers."""


def create_echo() -> Callable[..., Awaitable[None]]:
    """Make an application that answers with method, path and body length."""

    return echo


async def echo(scope: Message, receive: Any, send: Any) -> None:
    """Answer with what was asked; knows no lifespan."""

    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])

    size = 0
    more = True

    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return

        size += len(message.get("body", b""))
        more = message.get("more_body", False)

    body = f"{scope['method']} {scope['path']} {size}\n".encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def create_slow(*, gate: anyio.Event) -> Callable[..., Awaitable[None]]:
    """Make an application whose answers wait for the service named `gate`."""

    async def slow(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await gate.wait()

        await echo(scope, receive, send)

    return slow


async def serve_gate(*, task_status: TaskStatus[Any], stopping: anyio.Event) -> None:
    """Be ready with a closed gate, an event that a test may set."""

    task_status.started(anyio.Event())
    await stopping.wait()


async def take_socket(sock: socket.socket, received: bytes, *, mount: str) -> None:
    """Answer with what was received before the socket was handed over, and close."""

    with sock:
        if received.endswith(b"CRASH"):
            raise ValueError("this connection only")

        if received.endswith(b"EXIT"):
            raise SystemExit(7)

        await anyio.wait_writable(sock)
        sock.send(b"TAKEN " + mount.encode() + b"\n" + received)
        sock.shutdown(socket.SHUT_WR)

        more = b"?"
        while more:  # closing with unread bytes would reset the connection
            await anyio.wait_readable(sock)
            more = sock.recv(1000)


async def keep_socket(sock: socket.socket, received: bytes, *, kept: Any) -> None:
    """Return without closing the socket, which the service `kept` still knows."""

    kept.append(sock)


async def serve_list(*, task_status: TaskStatus[Any], stopping: anyio.Event) -> None:
    """Be ready with an empty list."""

    task_status.started([])
    await stopping.wait()


def create_refusing() -> Callable[..., Awaitable[None]]:
    """Make an application whose startup fails, which it says and then raises."""

    async def refuse(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        raise ValueError("after the answer")

    return refuse


def create_crashing() -> Callable[..., Awaitable[None]]:
    """Make an application whose lifespan fails once it has started."""

    return _with_lifespan(ValueError("it broke"))


def create_exiting() -> Callable[..., Awaitable[None]]:
    """Make an application whose lifespan would end an unguarded interpreter."""

    return _with_lifespan(SystemExit(7))


def _with_lifespan(error: BaseException) -> Callable[..., Awaitable[None]]:
    async def fail(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await echo(scope, receive, send)
            return

        await receive()
        await send({"type": "lifespan.startup.complete"})
        await anyio.lowlevel.checkpoint()
        raise error

    return fail
