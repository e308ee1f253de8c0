"""The front door: the listening sockets, and what becomes of each connection.

Takes bound sockets, so that they may as well be inherited. Serves in the main
lane, and begins to listen when the first service with a mount is ready.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from .errors import ListenError, describe_error, find_cause
from .events import AcceptPaused, ConnectionFailed, Emit
from .mounts import Mounts
from .system import find_listener

BACKLOG = 1024
#: HTTP connections at a time; more wait in the system's backlog.
MAX_CONNECTIONS = 1000
#: Seconds until accepting is tried again where the system had no descriptor left.
ACCEPT_PAUSE = 0.5

ServeConnection = Callable[[socket.socket], Awaitable[None]]


def bind_sockets(host: str, port: int) -> list[socket.socket]:
    """Bind the addresses of a host, not listening yet; port 0 takes a free one.

    Raises:
        ListenError: naming the port and, where the system tells, its owner.
    """

    sockets: list[socket.socket] = []

    try:
        addresses = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )

        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            sock = socket.socket(family, kind, protocol)
            sockets.append(sock)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)

            sock.setblocking(False)
            _bind(sock, (address[0], port, *address[2:]))
            port = port or sock.getsockname()[1]
    except (OSError, UnicodeError) as error:
        for sock in sockets:
            sock.close()

        raise ListenError(host, port, _explain(error, port)) from error

    return sockets


class FrontDoor:
    """Accepts connections and gives each to HTTP, or whole to its one service."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        mounts: Mounts,
        *,
        whole: bool,
        emit: Emit,
    ) -> None:
        self._sockets = sockets
        self._mounts = mounts
        #: One service that takes sockets has the port: it needs no HTTP server.
        self._whole = whole
        self._emit = emit
        self.listening = False
        self._serving = False
        self._slots = anyio.Semaphore(MAX_CONNECTIONS)
        self._stopping = anyio.Event()

    @property
    def port(self) -> int:
        """The port that all sockets are bound to."""

        port: int = self._sockets[0].getsockname()[1]
        return port

    def listen(self) -> None:
        """Let clients connect; until now the system refused them."""

        for sock in self._sockets:
            # Now that nobody else can bind it: connections that are left over in the
            # system must not keep the next run from this port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.listen(BACKLOG)

        self.listening = True

    def stop(self) -> None:
        """Have `serve` refuse new clients, and return once those inside are served."""

        self._stopping.set()

        if not self._serving:
            self._close()

    async def serve(self) -> None:
        """Serve all who connect, until stopped and drained."""

        self._serving = True
        async with anyio.create_task_group() as connections:
            serve_connection, drain = self._choose_server()

            try:
                async with anyio.create_task_group() as listeners:
                    for sock in self._sockets:
                        listeners.start_soon(
                            self._accept, sock, serve_connection, connections
                        )

                    await self._stopping.wait()
                    listeners.cancel_scope.cancel()
            finally:
                # Only now that no event loop waits for them: uvloop aborts the
                # process when it is to watch a descriptor that is gone.
                self._close()

            await drain()

    def _close(self) -> None:
        for sock in self._sockets:
            sock.close()

    def _choose_server(self) -> tuple[ServeConnection, Callable[[], Awaitable[None]]]:
        if self._whole:
            from .handover import hand_over

            return partial(hand_over, mounts=self._mounts), anyio.lowlevel.checkpoint

        # Late, because a plan with nothing but a raw-socket service needs no server.
        from .http import HttpServer

        server = HttpServer(self._mounts)
        return server.serve_connection, server.drain

    async def _accept(
        self, listener: socket.socket, serve: ServeConnection, connections: TaskGroup
    ) -> None:
        while True:
            await self._slots.acquire()

            try:
                sock = await self._accept_one(listener)
            except BaseException:
                self._slots.release()
                raise

            connections.start_soon(self._serve_one, sock, serve)

    async def _accept_one(self, listener: socket.socket) -> socket.socket:
        while True:
            try:
                sock, _ = listener.accept()
            except BlockingIOError:
                await anyio.wait_readable(listener)
            except ConnectionAbortedError:
                continue  # the client left while it waited for us
            except OSError as error:
                self._emit(AcceptPaused(error=describe_error(error)))
                await anyio.sleep(ACCEPT_PAUSE)
            else:
                sock.setblocking(False)
                return sock

    async def _serve_one(self, sock: socket.socket, serve: ServeConnection) -> None:
        try:
            await serve(sock)
        except anyio.get_cancelled_exc_class():
            raise
        except OSError:
            pass  # the client reset the connection: its business alone
        except BaseException as error:  # noqa: BLE001
            # Where several tasks serve a connection, its reset comes in a group.
            if not isinstance(find_cause(error), ConnectionError):
                cause = describe_error(error)
                self._emit(ConnectionFailed(service="http", error=cause))
        finally:
            self._slots.release()


def _bind(sock: socket.socket, address: tuple[Any, ...]) -> None:
    """Bind an address that nobody has, also one with connections of a run before.

    SO_REUSEADDR, which is for the latter, alone would let two runs that start at
    the same moment bind one port, and only one of them listen.
    """

    try:
        sock.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise

        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)


def _explain(error: OSError | UnicodeError, port: int) -> str:
    if isinstance(error, UnicodeError):
        return "the host is no valid name"

    if error.errno == errno.EADDRINUSE:
        owner = find_listener(port)
        whose = f" by {owner[1]!r}, pid {owner[0]}" if owner else ""
        return f"port {port} is in use{whose}; choose another with --port or PORT"

    if error.errno == errno.EACCES:
        return f"port {port} needs more rights; choose one above 1023"

    return error.strerror or str(error)
