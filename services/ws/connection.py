"""One client: its messages, its keep-alive, the end of its session, its goodbye."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from dashboard.accounts import Session
from dashboard.resources import Resources
from dashboard.trpc import Context, ProcedureError

from . import limits, messages
from .calls import Lane
from .errors import RefusedError
from .frames import build_text_frame
from .hub import GOING_AWAY, POLICY_VIOLATION, Hub
from .messages import Request
from .requests import Requests
from .stream import ClientStream

MESSAGE_TOO_BIG = 1009
_NORMAL = 1000
_KEEP_ALIVE = (messages.PING, messages.PONG)

FindSession = Callable[[str], Awaitable[Session | None]]


class _SilentError(Exception):
    """The client did not answer in time; its socket is cut off already."""


class Connection:
    """A client that has been let in: a member of the hub."""

    __slots__ = (
        "_address",
        "_closing",
        "_find_session",
        "_hub",
        "_now",
        "_pinged",
        "_requests",
        "_resources",
        "_scope",
        "_socket",
        "_stream",
        "_tasks",
        "_with_parameters",
        "session",
    )

    def __init__(
        self,
        *,
        session: Session,
        stream: ClientStream,
        hub: Hub,
        lane: Lane,
        resources: Resources,
        address: str,
        find_session: FindSession,
        tasks: trio.Nursery,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.session = session
        self._stream = stream
        self._hub = hub
        self._resources = resources
        self._address = address
        self._find_session = find_session
        self._tasks = tasks
        self._now = now
        #: Of what is waited for now; cancelled by `request_close`.
        self._scope: trio.CancelScope | None = None
        self._closing: tuple[int, str] | None = None
        self._pinged = -math.inf
        self._requests = Requests(client=self, hub=hub, lane=lane, tasks=tasks)

    # What the hub asks for

    def send_frame(self, frame: bytes) -> None:
        """Write a frame, or queue it; a full queue is the end of the connection."""
        if not self._stream.offer(frame):
            self.close_slow()

    def request_close(self, code: int, reason: str, *, delay: float = 0.0) -> None:
        """Have `serve` say goodbye and return, within so many seconds.

        The first reason counts, and the first to be due.
        """
        self._closing = self._closing or (code, reason)
        if self._scope is not None:
            due = trio.current_time() + delay
            self._scope.deadline = min(due, self._scope.deadline)

    # What the watch asks for

    def refresh(self, session: Session, *, recheck: bool) -> None:
        """Take the session as it is now; end what it no longer allows."""
        changed = session.permissions != self.session.permissions
        # Also where they are equal: the sockets of one session then share it.
        self.session = session
        if changed or recheck:
            self._requests.recheck()

    # What its requests ask for

    def build_context(self) -> Context:
        """Who calls, as of now."""
        return Context(
            resources=self._resources, session=self.session, address=self._address
        )

    def send(self, text: bytes) -> None:
        """Write a text, or queue it."""
        self._hub.count("sent_bytes", len(text))
        self.send_frame(build_text_frame(text))

    def refuse(self, request: Request, error: ProcedureError) -> None:
        """Answer a request with an error."""
        self._hub.count("errors")
        self.send(messages.build_error(error, head=request.head, path=request.path))

    async def wait_flushed(self) -> None:
        """Wait until nothing is queued."""
        await self._stream.wait_flushed()

    def close_slow(self) -> None:
        """Close in its turn, since the client does not keep up."""
        if self._closing is None:
            self._hub.drop(self)

    # The life of the connection

    def open(
        self, socket: WebSocketConnection, *, begins_with_parameters: bool
    ) -> None:
        """Let messages pass: the handshake is done."""
        self._socket = socket
        self._with_parameters = begins_with_parameters
        self._stream.on_close = self._leave
        self._stream.open(self._tasks)

    def _leave(self) -> None:
        self.request_close(_NORMAL, "")

    async def serve(self) -> None:
        """Answer the client until it leaves or has to; then close its socket."""
        try:
            if self._with_parameters and self._closing is None:
                await self._receive_parameters()

            while self._closing is None:
                await self._receive()
        except (ConnectionClosed, _SilentError):
            pass  # the client has left
        finally:
            self._requests.close()

        await self._say_goodbye()

    async def _receive_parameters(self) -> None:
        # Ours have no use for them: who asks is known from the cookie.
        with trio.move_on_after(limits.HANDSHAKE_TIMEOUT) as self._scope:
            while (message := await self._get_message()) in _KEEP_ALIVE:
                await self._handle(message)

            try:
                messages.parse_connection_parameters(message)
            except ProcedureError as error:
                self.send(messages.build_error(error))
            else:
                return

        self.request_close(POLICY_VIOLATION, "connection params expected")

    async def _receive(self) -> None:
        message: bytes | None = None
        with trio.move_on_at(self._next_check()) as self._scope:
            message = await self._get_message()

        if self._closing is not None:
            return

        if message is None:
            await self._check()
            return

        with trio.CancelScope() as self._scope:
            await self._handle(message)

    async def _get_message(self) -> bytes:
        message = await self._socket.get_message()
        return message.encode() if isinstance(message, str) else message

    async def _handle(self, message: bytes) -> None:
        # trio-websocket counts characters.
        if len(message) > limits.MAX_MESSAGE_BYTES:
            self.request_close(MESSAGE_TOO_BIG, "the message is too big")
        elif message == messages.PING:
            self.send(messages.PONG)
        elif message != messages.PONG:
            self._hub.count("messages")
            await self._handle_requests(message)

    async def _handle_requests(self, message: bytes) -> None:
        try:
            requests = messages.parse_requests(message)
        except ProcedureError as error:
            self._hub.count("errors")
            self.send(messages.build_error(error))
            return

        for number, request in enumerate(requests):
            if number:
                # Others have their turn: an array may hold a thousand.
                await trio.lowlevel.checkpoint()

            await self._requests.handle(request)

        # What it said meanwhile may wait unread: that is no silence of the client's.
        self._stream.last_received = trio.current_time()

    # Is the client still there, and still allowed to be?

    def _next_check(self) -> float:
        expiry = trio.current_time() + self.session.expires - self._now()
        if self._is_pong_awaited():
            return min(expiry, self._pinged + limits.PONG_TIMEOUT)

        return min(expiry, self._ping_due())

    def _ping_due(self) -> float:
        # All who are due in the same time are woken together: a crowd of quiet
        # clients that are woken one by one costs several times as much.
        due = self._stream.last_received + limits.PING_INTERVAL
        return math.ceil(due / limits.PING_GRID) * limits.PING_GRID

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
        elif time >= self._ping_due():
            self._pinged = time
            self.send(messages.PING)

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

    async def _say_goodbye(self) -> None:
        code, reason = self._closing or (_NORMAL, "")
        with trio.move_on_after(_LAST_CALLS.get(code, 0)):
            await self._requests.wait_answered()

        with trio.move_on_after(limits.CLOSE_TIMEOUT):
            if code in _LAST_CALLS:
                with trio.move_on_after(limits.FLUSH_TIMEOUT):
                    await self._stream.wait_flushed()

            await self._socket.aclose(code, reason)


#: By the code of a goodbye to somebody who did nothing wrong: the time for calls that
#: are in flight to be answered, such as the one that ended the session.
_LAST_CALLS = {
    GOING_AWAY: limits.DRAIN_CALLS_TIMEOUT,
    POLICY_VIOLATION: limits.LAST_CALLS_TIMEOUT,
}
