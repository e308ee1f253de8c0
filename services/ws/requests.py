"""The requests of one client: which of them live, and what each is answered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import trio

from dashboard.procedures import Context, ProcedureError, find_subscription

from . import limits, messages
from .hub import Hub, Member
from .messages import Request, RequestId

logger = logging.getLogger("services.ws")

FindTopics = Callable[[Context, Any], Awaitable[list[str]]]


class Lane(Protocol):
    """What is used of the event loop that the database lives in."""

    async def call(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Run an async function in that loop and return its result."""


@dataclass(eq=False, slots=True, kw_only=True)
class _Subscription:
    """One that lives; `topics` is None until the viewer is allowed to hear them."""

    request: Request
    find_topics: FindTopics
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    topics: list[str] | None = None

    @property
    def head(self) -> bytes:
        """How its frames begin."""
        return self.request.head


class Requests:
    """Answers the requests of one client through the hub."""

    def __init__(
        self,
        *,
        member: Member,
        send: Callable[[bytes], None],
        hub: Hub,
        lane: Lane,
        context: Callable[[], Context],
        tasks: trio.Nursery,
    ) -> None:
        self._member = member
        self._send = send
        self._hub = hub
        self._lane = lane
        self._context = context
        self._tasks = tasks
        self._live: dict[RequestId, _Subscription] = {}
        self._rechecking = False
        self._recheck_again = False

    def handle(self, request: Request) -> None:
        """Start or stop a subscription; answers arrive through `send`."""
        if request.method == "subscription.stop":
            self._stop(request)
            return

        try:
            self._start(request)
        except ProcedureError as error:
            self._refuse(request, error)

    def recheck(self) -> None:
        """Soon end the subscriptions that the viewer may not hear any more."""
        self._recheck_again = True
        if not self._rechecking:
            self._rechecking = True
            self._tasks.start_soon(self._recheck_all)

    def close(self) -> None:
        """Stop all of them, without a word to a client that is gone."""
        while self._live:
            _, subscription = self._live.popitem()
            self._end(subscription)

    def _start(self, request: Request) -> None:
        found = find_subscription(request.path)
        if found is None or request.method != "subscription":
            raise ProcedureError(
                "NOT_FOUND",
                f'No "{request.method}"-procedure on path "{request.path}"',
            )

        if request.id in self._live:
            raise ProcedureError("BAD_REQUEST", f"Duplicate id {request.id}")

        if len(self._live) >= limits.MAX_SUBSCRIPTIONS:
            raise ProcedureError(
                "TOO_MANY_REQUESTS",
                f"More than {limits.MAX_SUBSCRIPTIONS} subscriptions on one socket",
            )

        subscription = _Subscription(request=request, find_topics=found.topics)
        self._live[request.id] = subscription
        self._tasks.start_soon(self._open, subscription)

    async def _open(self, subscription: _Subscription) -> None:
        request = subscription.request
        error = ProcedureError("TIMEOUT", "The server took too long to answer")
        topics: list[str] | None = None
        subscription.scope.deadline = trio.current_time() + limits.SUBSCRIBE_TIMEOUT
        try:
            with subscription.scope:
                topics = await self._find_topics(subscription)
        except ProcedureError as refusal:
            error = refusal
        except Exception:
            logger.exception("subscription %r failed", request.path)
            error = ProcedureError("INTERNAL_SERVER_ERROR")

        if self._live.get(request.id) is not subscription:
            return  # stopped meanwhile

        if topics is None:
            del self._live[request.id]
            self._refuse(request, error)
            return

        subscription.topics = topics
        self._send(messages.build_started(request.head))
        self._hub.subscribe(self._member, request.head, topics)

    async def _find_topics(self, subscription: _Subscription) -> list[str]:
        while True:
            context = self._context()
            topics: list[str] = await self._lane.call(
                subscription.find_topics, context, subscription.request.input
            )
            # The viewer may have lost a permission meanwhile.
            if context.session is self._context().session:
                return topics

    async def _recheck_all(self) -> None:
        try:
            while self._recheck_again:
                self._recheck_again = False
                for subscription in list(self._live.values()):
                    await self._recheck_one(subscription)

        finally:
            self._rechecking = False

    async def _recheck_one(self, subscription: _Subscription) -> None:
        if subscription.topics is None:
            return  # it is being checked for the first time

        request = subscription.request
        try:
            with trio.fail_after(limits.SUBSCRIBE_TIMEOUT):
                await self._find_topics(subscription)
        except ProcedureError as error:
            if self._live.get(request.id) is subscription:
                del self._live[request.id]
                self._end(subscription)
                self._refuse(request, error)
                self._send(messages.build_stopped(request.head))

        except Exception:
            logger.exception("subscription %r could not be checked", request.path)
            await trio.sleep(limits.RECHECK_INTERVAL)
            self._recheck_again = True

    def _stop(self, request: Request) -> None:
        subscription = self._live.pop(request.id, None)
        if subscription is None:
            return  # tRPC's client also stops what has ended

        self._end(subscription)
        self._send(messages.build_stopped(subscription.head))

    def _end(self, subscription: _Subscription) -> None:
        subscription.scope.cancel()
        if subscription.topics is not None:
            self._hub.unsubscribe(self._member, subscription.head, subscription.topics)

    def _refuse(self, request: Request, error: ProcedureError) -> None:
        self._hub.count("errors")
        self._send(messages.build_error(error, head=request.head, path=request.path))
