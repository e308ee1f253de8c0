"""The requests of one client: which of them live, and what each is answered."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any, Protocol

import trio
from msgspec import UNSET

from dashboard.trpc import Context, ProcedureError, find_procedure, find_topics

from . import limits, messages
from .calls import Calls, Client, Lane, not_found
from .hub import Hub, Member
from .messages import Request, RequestId

logger = logging.getLogger("services.ws")


class Subscriber(Client, Member, Protocol):
    """A client of procedures that is a member of the hub."""


@dataclass(eq=False, slots=True, kw_only=True)
class _Subscription:
    """One that lives; `topics` is None until the viewer is allowed to hear them."""

    request: Request
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    topics: list[str] | None = None

    @property
    def head(self) -> bytes:
        """How its frames begin."""
        return self.request.head


class Requests:
    """Answers the requests of one client through the hub."""

    __slots__ = (
        "_calls",
        "_client",
        "_hub",
        "_lane",
        "_live",
        "_recheck_again",
        "_rechecking",
        "_rechecks",
        "_tasks",
    )

    def __init__(
        self, *, client: Subscriber, hub: Hub, lane: Lane, tasks: trio.Nursery
    ) -> None:
        self._client = client
        self._hub = hub
        self._lane = lane
        self._tasks = tasks
        self._calls: Calls | None = None
        self._live: dict[RequestId, _Subscription] = {}
        self._rechecking = False
        self._recheck_again = False
        self._rechecks = 0

    async def handle(self, request: Request) -> None:
        """Begin or stop what is asked for; waits while too many calls are in flight.

        Answers arrive through the client's `send`.
        """
        if request.method == "subscription.stop":
            self._stop(request)
        elif request.method == "subscription":
            self._subscribe(request)
        else:
            if self._calls is None:
                self._calls = Calls(
                    client=self._client, lane=self._lane, tasks=self._tasks
                )

            self._hub.count("calls")
            await self._calls.start(request, request.method)

    async def wait_answered(self) -> None:
        """Wait until no query and no mutation is in flight."""
        if self._calls is not None:
            await self._calls.wait_answered()

    def recheck(self) -> None:
        """Soon end the subscriptions that the viewer may not hear any more."""
        if not self._live:
            return  # most sockets are quiet: a task for each at every write adds up

        self._rechecks += 1
        self._recheck_again = True
        if not self._rechecking:
            self._rechecking = True
            self._tasks.start_soon(self._recheck_all)

    def close(self) -> None:
        """End all subscriptions, without a word to a client that is gone."""
        while self._live:
            _, subscription = self._live.popitem()
            self._end(subscription)

    def _subscribe(self, request: Request) -> None:
        if request.id in self._live:
            name = "undefined" if request.id is UNSET else request.id
            error = ProcedureError("BAD_REQUEST", f"Duplicate id {name}")
        elif self._is_full_for(request):
            error = ProcedureError(
                "TOO_MANY_REQUESTS",
                f"More than {limits.MAX_SUBSCRIPTIONS} subscriptions on one socket,"
                f" or {limits.MAX_SUBSCRIPTION_BYTES} bytes of them",
            )
        else:
            subscription = _Subscription(request=request)
            self._live[request.id] = subscription
            self._tasks.start_soon(self._open, subscription)
            return

        self._client.refuse(request, error)

    def _is_full_for(self, request: Request) -> bool:
        if len(self._live) >= limits.MAX_SUBSCRIPTIONS:
            return True

        size = sum(one.request.size for one in self._live.values())
        return size + request.size > limits.MAX_SUBSCRIPTION_BYTES

    async def _open(self, subscription: _Subscription) -> None:
        request = subscription.request
        error = ProcedureError("TIMEOUT", messages.TOO_SLOW)
        topics: list[str] | None = None
        subscription.scope.deadline = trio.current_time() + limits.SUBSCRIBE_TIMEOUT
        try:
            with subscription.scope:
                topics = await self._find_topics(request)
        except ProcedureError as refusal:
            error = refusal
        except (Exception, SystemExit):
            logger.exception("subscription %r failed", request.path)
            error = ProcedureError("INTERNAL_SERVER_ERROR")

        if self._live.get(request.id) is not subscription:
            return  # stopped meanwhile

        if topics is None:
            del self._live[request.id]
            self._client.refuse(request, error)
            return

        subscription.topics = topics
        self._client.send(messages.build_started(request.head))
        self._hub.subscribe(self._client, request.head, topics)

    async def _find_topics(self, request: Request) -> list[str]:
        while True:
            context, rechecks = self._client.build_context(), self._rechecks
            topics: list[str] = await self._lane.call(
                list_topics, context, request.path, request.input
            )
            # The viewer may have lost a permission meanwhile, or sight of a board.
            if (context.session, rechecks) == (self._client.session, self._rechecks):
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
                await self._find_topics(request)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # told elsewhere
            if isinstance(error, ProcedureError) and error.http_status < 500:
                self._withdraw(subscription, error)
                return

            # A fault while asking is neither a yes nor a no.
            logger.warning("subscription %r cannot be checked: %r", request.path, error)
            await trio.sleep(limits.RECHECK_INTERVAL)
            self._recheck_again = True

    def _withdraw(self, subscription: _Subscription, error: ProcedureError) -> None:
        request = subscription.request
        if self._live.get(request.id) is subscription:
            del self._live[request.id]
            self._end(subscription)
            self._client.refuse(request, error)
            self._client.send(messages.build_stopped(request.head))

    def _stop(self, request: Request) -> None:
        subscription = self._live.pop(request.id, None)
        if subscription is None:
            return  # tRPC's client also stops what has ended

        self._end(subscription)
        self._client.send(messages.build_stopped(subscription.head))

    def _end(self, subscription: _Subscription) -> None:
        subscription.scope.cancel()
        if subscription.topics is not None:
            self._hub.unsubscribe(self._client, subscription.head, subscription.topics)


async def list_topics(context: Context, path: str, given: Any) -> list[str]:
    """Ask a subscription, where the database lives, what its caller may hear."""
    procedure = find_procedure(path)
    if procedure is None or procedure.kind != "subscription":
        raise not_found("subscription", path)

    return await find_topics(procedure, context, given)
