"""The door: a handshake is finished in time and for good reasons, or refused."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol

import trio
from trio_websocket import ConnectionClosed, WebSocketRequest
from wsproto.utilities import ProtocolError

from dashboard import accounts
from dashboard.accounts import Session
from dashboard.peer import find_peer
from dashboard.resources import Resources

from . import handshake, limits
from .connection import Connection
from .errors import RefusedError
from .hub import Hub
from .stream import ClientStream
from .websocket import accept, read_request

logger = logging.getLogger("services.ws")

#: A client that breaks the protocol or the line is its own affair.
_CLIENT_FAULTS = (
    ConnectionClosed,
    ProtocolError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
)


class Lane(Protocol):
    """What is used of an event loop of the runner's."""

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Run a plain function in that loop soon; from any thread."""

    async def call(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Run an async function in that loop and return its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Lets clients in to the hub, or tells them why not."""

    hub: Hub
    resources: Resources
    lane: Lane
    mount: str
    #: Whoever opened the connection; empty where the system knows none.
    address: str = ""

    async def receive(self, stream: ClientStream) -> None:
        """Shake hands with a client and serve it until its end."""
        refusal: RefusedError | None = None
        try:
            async with trio.open_nursery() as tasks:
                await self._welcome(stream, tasks)
                tasks.cancel_scope.cancel()
        except* RefusedError as group:
            (refusal,) = group.exceptions  # type: ignore[assignment]
        except* UnicodeError:
            if stream.is_open:
                raise

            # wsproto decodes some headers without looking.
            refusal = RefusedError(400, "a header is not in ASCII")
        except* _CLIENT_FAULTS:
            pass

        if refusal is not None:
            self.hub.count("refused")
            with trio.move_on_after(limits.CLOSE_TIMEOUT):
                await stream.send_all(build_refusal(refusal))

    async def _welcome(self, stream: ClientStream, tasks: trio.Nursery) -> None:
        # The request and the scope of its patience end with this call, not with
        # the connection: thousands of them are idle for hours.
        connection = await self._shake_hands(stream, tasks)
        if connection is None:
            return

        try:
            await connection.serve()
        finally:
            self.hub.leave(connection)

    async def _shake_hands(
        self, stream: ClientStream, tasks: trio.Nursery
    ) -> Connection | None:
        """Let a client in; None when it took too long or left."""
        with trio.move_on_after(limits.HEAD_TIMEOUT) as patience:
            stream.on_close = patience.cancel
            await stream.read_head()
            patience.deadline = trio.current_time() + limits.HANDSHAKE_TIMEOUT
            request = await read_request(tasks, stream)
            connection = Connection(
                session=await self._check(request),
                stream=stream,
                hub=self.hub,
                lane=self.lane,
                resources=self.resources,
                address=self._find_address(request),
                find_session=self._find_session,
                tasks=tasks,
            )
            self.hub.join(connection)
            try:
                connection.open(
                    await accept(request),
                    begins_with_parameters=handshake.wants_connection_parameters(
                        request.path
                    ),
                )
            except BaseException:
                self.hub.leave(connection)
                raise

            self.hub.count("accepted")
            return connection

        return None

    def _find_address(self, request: WebSocketRequest) -> str:
        """Find the client's, behind the proxies that are trusted."""
        forwarded = [
            value.decode("latin-1")
            for name, value in request.headers
            if name == b"x-forwarded-for"
        ]
        return find_peer(
            address=self.address,
            scheme="ws",
            forwarded_for=forwarded,
            forwarded_proto=(),
            trusted=self.resources.settings.trusted_proxies,
        ).address

    async def _check(self, request: WebSocketRequest) -> Session:
        settings = self.resources.settings
        handshake.check_path(request.path, mount=self.mount)
        handshake.check_origin(
            request.headers,
            # The Host header is the one that trio-websocket does not pass on.
            host=request._event.host,
            allowed=settings.allowed_origins,
        )
        if self.hub.draining or self.hub.sockets > limits.MAX_SOCKETS:
            raise RefusedError(503, "no further connection is taken now")

        tokens = handshake.list_tokens(
            request.headers, names=settings.accepted_cookie_names
        )
        session = await self._find_first_session(tokens)
        if session is None:
            raise RefusedError(401, "log in first")

        if self.hub.draining:
            raise RefusedError(503, "no further connection is taken now")

        if self.hub.is_full_for(session.user_id):
            raise RefusedError(429, "too many connections of this user")

        return session

    async def _find_first_session(self, tokens: list[str]) -> Session | None:
        # A logout that happens while we look is seen by nobody else: look again.
        logouts = -1
        session: Session | None = None
        while logouts != self.hub.logouts:
            logouts = self.hub.logouts
            session = None
            for token in tokens:
                session = session or await self._find_session(token)

        return session

    async def _find_session(self, token: str) -> Session | None:
        find = partial(
            accounts.find_session, timeout=self.resources.settings.session_timeout
        )
        try:
            with trio.fail_after(limits.SESSION_TIMEOUT):
                found: Session | None = await self.lane.call(
                    find, self.resources.database, token
                )
        except Exception as error:
            logger.exception("a session could not be looked up")
            raise RefusedError(503, "the session cannot be checked now") from error

        return found


def build_refusal(refusal: RefusedError) -> bytes:
    """Write a plain answer that ends the connection."""
    body = f"{refusal.reason}\n".encode()
    head = (
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
        "content-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\n"
        "cache-control: no-store\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + body
