"""One client: its messages, its keep-alive, the end of its session, its goodbye."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from dashboard.accounts import Session
from dashboard.database import Database
from dashboard.procedures import Context, ProcedureError

from . import limits, messages
from .errors import RefusedError
from .frames import build_text_frame
from .hub import GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER, Hub
from .requests import Lane, Requests
from .stream import ClientStream

MESSAGE_TOO_BIG = 1009
_NORMAL = 1000

FindSession = Callable[[str], Awaitable[Session | None]]


class _SilentError(Exception):
    """The client did not answer in time; its socket is cut off already."""


class Connection:
    """A client that has been let in: a member of the hub."""

    def __init__(
        self,
        *,
        session: Session,
        stream: ClientStream,
        hub: Hub,
        lane: Lane,
        database: Database,
        find_session: FindSession,
        tasks: trio.Nursery,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.session = session
        self._stream = stream
        self._hub = hub
        self._database = database
        self._find_session = find_session
        self._now = now
        self._scope = trio.CancelScope()
        self._closing: tuple[int, str] = (_NORMAL, "")
        self._pinged = -math.inf
        self._requests = Requests(
            member=self,
            send=self._send,
            hub=hub,
            lane=lane,
            context=self._build_context,
            tasks=tasks,
        )

    # What the hub asks for

    def send_frame(self, frame: bytes) -> None:
        """Write a frame, or queue it; a full queue is the end of the connection."""
        if not self._stream.offer(frame):
            self._hub.count("dropped")
            self.request_close(TRY_AGAIN_LATER, "the client does not keep up")

    def request_close(self, code: int, reason: str) -> None:
        """Have `serve` say goodbye and return; the first reason counts."""
        if not self._scope.cancel_called:
            self._closing = (code, reason)
            self._scope.cancel()

    # What the watch asks for

    def refresh(self, session: Session, *, recheck: bool) -> None:
        """Take the session as it is now; end what it no longer allows."""
        changed = session.permissions != self.session.permissions
        if session != self.session:
            self.session = session

        if changed or recheck:
            self._requests.recheck()

    # The life of the connection

    async def serve(
        self, socket: WebSocketConnection, *, begins_with_parameters: bool
    ) -> None:
        """Answer the client until it leaves or has to; then close its socket."""
        try:
            with self._scope:
                if begins_with_parameters:
                    await self._receive_parameters(socket)

                while True:
                    await self._receive(socket)
        except (ConnectionClosed, _SilentError):
            pass  # the client has left
        finally:
            self._requests.close()

        await self._say_goodbye(socket)

    async def _receive_parameters(self, socket: WebSocketConnection) -> None:
        # Ours have no use for them: who asks is known from the cookie.
        with trio.move_on_after(limits.HANDSHAKE_TIMEOUT):
            try:
                messages.parse_connection_parameters(await socket.get_message())
            except ProcedureError as error:
                self._send(messages.build_error(error))
            else:
                return

        self.request_close(POLICY_VIOLATION, "connection params expected")
        await trio.lowlevel.checkpoint()

    async def _receive(self, socket: WebSocketConnection) -> None:
        message: str | bytes | None = None
        with trio.move_on_at(self._next_check()):
            message = await socket.get_message()

        if message is None:
            await self._check()
        else:
            self._handle(message.encode() if isinstance(message, str) else message)

    def _handle(self, message: bytes) -> None:
        # trio-websocket counts characters.
        if len(message) > limits.MAX_MESSAGE_BYTES:
            self.request_close(MESSAGE_TOO_BIG, "the message is too big")
        elif message == messages.PING:
            self._send(messages.PONG)
        elif message != messages.PONG:
            self._hub.count("messages")
            self._handle_requests(message)

    def _handle_requests(self, message: bytes) -> None:
        try:
            requests = messages.parse_requests(message)
        except ProcedureError as error:
            self._hub.count("errors")
            self._send(messages.build_error(error))
            return

        for request in requests:
            self._requests.handle(request)

    def _send(self, text: bytes) -> None:
        self.send_frame(build_text_frame(text))

    def _build_context(self) -> Context:
        return Context(database=self._database, session=self.session)

    # Is the client still there, and still allowed to be?

    def _next_check(self) -> float:
        expiry = trio.current_time() + self.session.expires - self._now()
        if self._is_pong_awaited():
            return min(expiry, self._pinged + limits.PONG_TIMEOUT)

        return min(expiry, self._stream.last_received + limits.PING_INTERVAL)

    def _is_pong_awaited(self) -> bool:
        return self._stream.last_received < self._pinged

    async def _check(self) -> None:
        if self._now() >= self.session.expires:
            await self._renew_session()

        time = trio.current_time()
        if self._is_pong_awaited():
            if time >= self._pinged + limits.PONG_TIMEOUT:
                self._stream.abort()
                raise _SilentError
        elif time >= self._stream.last_received + limits.PING_INTERVAL:
            self._pinged = time
            self._send(messages.PING)

    async def _renew_session(self) -> None:
        # Work in another tab may have prolonged it.
        try:
            session = await self._find_session(self.session.token)
        except RefusedError:
            session = None

        if session is None:
            self.request_close(POLICY_VIOLATION, "the session has expired")
        else:
            self.session = session

    async def _say_goodbye(self, socket: WebSocketConnection) -> None:
        code, reason = self._closing
        with trio.move_on_after(limits.CLOSE_TIMEOUT):
            if code == GOING_AWAY:
                with trio.move_on_after(limits.FLUSH_TIMEOUT):
                    await self._stream.wait_flushed()

            await socket.aclose(code, reason)
