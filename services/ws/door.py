"""The door: a handshake is finished in time and for good reasons, or refused."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol

import trio
from trio_websocket import ConnectionClosed, WebSocketRequest, wrap_server_stream
from wsproto.utilities import ProtocolError

from dashboard import accounts
from dashboard.accounts import Session
from dashboard.resources import Resources

from . import handshake, limits
from .connection import Connection
from .errors import RefusedError
from .hub import Hub
from .stream import ClientStream

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

    async def receive(self, stream: ClientStream) -> None:
        """Shake hands with a client and serve it until its end."""
        refusal: RefusedError | None = None
        with trio.move_on_after(limits.HANDSHAKE_TIMEOUT) as patience:
            stream.on_close = patience.cancel
            try:
                await stream.read_head()
                async with trio.open_nursery() as tasks:
                    await self._welcome(stream, tasks, patience)
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
                await stream.send_all(build_refusal(refusal))

    async def _welcome(
        self, stream: ClientStream, tasks: trio.Nursery, patience: trio.CancelScope
    ) -> None:
        request = await wrap_server_stream(
            tasks,
            stream,
            message_queue_size=limits.RECEIVE_QUEUE_LENGTH,
            max_message_size=limits.MAX_MESSAGE_BYTES,
        )
        connection = Connection(
            session=await self._check(request),
            stream=stream,
            hub=self.hub,
            lane=self.lane,
            database=self.resources.database,
            find_session=self._find_session,
            tasks=tasks,
        )
        self.hub.join(connection)
        try:
            socket = await request.accept()
            patience.deadline = math.inf
            stream.open(tasks)
            self.hub.count("accepted")
            with_parameters = handshake.wants_connection_parameters(request.path)
            await connection.serve(socket, begins_with_parameters=with_parameters)
        finally:
            self.hub.leave(connection)

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
