"""The bus of several processes: a memory bus, and Redis between them.

Messages reach this process's listeners at once, whether Redis is there or not; the
others get them as soon as it is. Keys and channels are Homarr's.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import secrets
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import anyio
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from dashboard import superjson
from dashboard.bus.client import describe, open_client
from dashboard.bus.memory import MemoryBus
from dashboard.bus.outgoing import Outgoing
from dashboard.bus.remote import RedisRemote
from dashboard.bus.store import Store
from dashboard.errors import RedisUnavailableError

logger = logging.getLogger(__name__)

CHANNEL = "pubSub:"
LAST = "pubSub:last:"
#: Last messages that nobody renews go after this; Homarr keeps them for ever.
LAST_SECONDS = 30 * 86400
#: How long the other end may be silent before it is asked, and again until it is lost.
SILENCE_TIMEOUT = 15.0
CLOSE_TIMEOUT = 2.0
#: More than a connection that is there may take, which the client bounds.
CHECK_TIMEOUT = 3.0
FIRST_PAUSE = 0.1
#: With a connection that times out before it, still less than five seconds.
LONGEST_PAUSE = 2.0
BATCH = 100
#: How many last messages are learnt at a connection, of how many bytes together.
LEARN = 1024
LEARN_BYTES = 8 * 1024 * 1024

_MARK = re.compile(rb',"origin":"[0-9a-f]{16}"}\Z')


class RedisBus:
    """Publishing never waits for Redis: what it cannot take yet is queued, bounded."""

    kind = "redis"

    def __init__(self, url: str, *, store: Store | None = None) -> None:
        self._url = url
        self._local = MemoryBus(store=store)
        self.store = self._local.store
        self._doubted = asyncio.Event()
        self.remote = RedisRemote(
            partial(open_client, url), self._is_connected, self._doubted.set
        )
        # A member beside "json" and "meta", which SuperJSON passes over: by it we know
        # our own messages when Redis sends them back.
        self._mark = b',"origin":"%b"}' % secrets.token_hex(8).encode()
        self._outgoing = Outgoing()
        self._client: Redis | None = None
        self._connected = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        # Not Task.cancel(): one that comes while a connection fails is lost in the
        # task group's own error, and a scope cancels until it is obeyed.
        self._scope = anyio.CancelScope()
        self._reason: str | None = None
        self._counters = {"received": 0, "refused": 0, "sent": 0, "connections": 0}
        #: Whether the log was told of a refused message, in this connection.
        self._told_refused = False

    def start(self) -> None:
        """Connect in the background of this event loop, and stay connected."""
        self._outgoing.attach(asyncio.get_running_loop())
        self._task = asyncio.create_task(self._keep_connected(), name="redis bus")

    async def wait_connected(self, timeout: float) -> bool:
        """Wait for the connection, within a bound; tells whether it is there."""
        with anyio.move_on_after(timeout):
            await self._connected.wait()

        return self._connected.is_set()

    def publish(self, topic: str, message: Any, *, keep: bool = True) -> None:
        """Call this process's listeners, and queue the message for the others."""
        encoded = superjson.encode(message)
        self._local.deliver(topic, encoded, keep=keep)
        self._outgoing.put(topic, encoded, keep=keep)

    def heard(self, topic: str) -> bool:
        """True: another process may listen."""
        return True

    def listen(
        self,
        topic: str,
        callback: Callable[[str, bytes], None],
        *,
        replay: bool = True,
    ) -> Callable[[], None]:
        """Call back for each message from now on, and first for the last one."""
        return self._local.listen(topic, callback, replay=replay)

    def last(self, topic: str) -> bytes | None:
        """The topic's last message that this process has seen, encoded."""
        return self._local.last(topic)

    def statistics(self) -> Mapping[str, int]:
        """The local counters, and what went to Redis and came from it."""
        return {
            **self._local.statistics(),
            **self._counters,
            "dropped": self._outgoing.dropped,
            "waiting": len(self._outgoing),
            "connected": int(self._is_connected()),
        }

    async def check(self) -> float:
        """Seconds to Redis and back.

        Raises RedisUnavailableError: the log is told of a Redis that goes, once.
        """
        started = time.perf_counter()
        try:
            with anyio.fail_after(CHECK_TIMEOUT):
                await self._ping()
        except TimeoutError as error:
            message = f"no answer within {CHECK_TIMEOUT:g} s"
            raise RedisUnavailableError(message) from error

        return time.perf_counter() - started

    async def _ping(self) -> None:
        """Have Redis answer; each step is bounded, so a slow one is not lost."""
        client = self._client
        if client is None:
            raise RedisUnavailableError(f"not connected: {self._reason or 'not yet'}")

        try:
            await client.execute_command("PING")  # type: ignore[no-untyped-call]
        except Exception as error:
            # Not Redis's errors alone: what answers may be something else.
            if self._client is client:
                self._client = None
                self._note_lost(error)
                self._doubted.set()

            raise RedisUnavailableError(describe(error)) from error

    async def close(self) -> None:
        """Send what is queued, if Redis takes it soon, and disconnect."""
        if self._task is None:
            return

        if self._connected.is_set():
            with anyio.move_on_after(CLOSE_TIMEOUT):
                await self._outgoing.wait_empty()

        task, self._task = self._task, None
        self._scope.cancel()
        await asyncio.wait([task])
        await self.remote.close()
        await self._local.close()

    def _is_connected(self) -> bool:
        return self._connected.is_set()

    async def _keep_connected(self) -> None:
        with self._scope:
            await self._run()

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                await self._converse()
            except* Exception as group:  # noqa: BLE001
                # Not Redis's errors alone: what answers may be something else.
                self._note_lost(group)

            # One that looked good and did not last is as good as none.
            if self._connected.is_set() and time.monotonic() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE

            self._connected.clear()
            # Spread, so that several processes do not come back at one instant.
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _converse(self) -> None:
        """Connect, catch up, then pass messages both ways until that fails."""
        client = open_client(self._url)
        pubsub = client.pubsub()
        self._told_refused = False
        try:
            await pubsub.psubscribe(f"{CHANNEL}*")
            # Subscribed first: what is published from now on arrives either way.
            await self._load_last(client)
            self._doubted.clear()
            self._note_connected(client)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._receive, pubsub)
                tasks.start_soon(self._send, client)
                tasks.start_soon(self._examine)
        finally:
            self._client = None
            with anyio.CancelScope(shield=True):
                await pubsub.aclose()  # type: ignore[no-untyped-call]
                await client.aclose()

    async def _receive(self, pubsub: PubSub) -> None:
        asked = False
        while True:
            message = await pubsub.get_message(timeout=SILENCE_TIMEOUT)
            if message is not None:
                asked = False
                if message["type"] == "pmessage":
                    self._accept(message["channel"], message["data"])

            elif asked:
                raise ConnectionError(f"no answer for {SILENCE_TIMEOUT:g} s")

            else:
                await pubsub.ping()
                asked = True

    async def _send(self, client: Redis) -> None:
        while True:
            entries = await self._outgoing.take(BATCH)
            pipeline = client.pipeline(transaction=False)
            for topic, encoded, keep in entries:
                marked = encoded[:-1] + self._mark
                if keep:
                    pipeline.set(f"{LAST}{topic}", marked, ex=LAST_SECONDS)

                pipeline.publish(f"{CHANNEL}{topic}", marked)

            # Where this fails they are taken again, by the next connection.
            await pipeline.execute()
            self._counters["sent"] += len(entries)
            self._outgoing.done()

    async def _examine(self) -> None:
        """Ask when others had no answer: a silent Redis is lost, a slow one is not."""
        while True:
            await self._doubted.wait()
            self._doubted.clear()
            await self._ping()
            self.remote.note_slow()

    async def _load_last(self, client: Redis) -> None:
        """Learn the last messages from before we were connected."""
        keys: list[bytes] = []
        async for key in client.scan_iter(match=f"{LAST}*", count=1000):
            keys.append(key)
            if len(keys) >= LEARN:
                break

        ours = self._outgoing.topics()
        size = 0
        for some in (keys[i : i + BATCH] for i in range(0, len(keys), BATCH)):
            values: list[Any] = await client.mget(some)
            for key, value in zip(some, values, strict=True):
                topic = key.removeprefix(LAST.encode()).decode("utf-8", "replace")
                size += len(value or b"")
                if value is not None and topic not in ours:
                    self._accept(f"{CHANNEL}{topic}".encode(), value, again=False)

            if size > LEARN_BYTES:
                return

    def _accept(self, channel: bytes, data: bytes, *, again: bool = True) -> None:
        """Deliver another process's message; without `again`, only if it is news."""
        if data.endswith(self._mark):
            return

        topic = channel.removeprefix(CHANNEL.encode()).decode("utf-8", "replace")
        encoded = _MARK.sub(b"}", data)
        try:
            superjson.decode(encoded)
        except ValueError as error:
            # Anybody who reaches Redis can publish; a browser gets SuperJSON only.
            self._note_refused(topic, error)
            return

        if again or encoded != self._local.last(topic):
            self._counters["received"] += 1
            self._local.deliver(topic, encoded)

    def _note_refused(self, topic: str, error: ValueError) -> None:
        self._counters["refused"] += 1
        if not self._told_refused:
            self._told_refused = True
            told = "a message of %r is not SuperJSON, more are only counted: %s"
            logger.warning(told, topic, error)

    def _note_connected(self, client: Redis) -> None:
        self._client = client
        self._reason = None
        self._counters["connections"] += 1
        self._connected.set()
        logger.info("redis connected")

    def _note_lost(self, error: BaseException) -> None:
        if self._reason is None:
            logger.warning("no redis, events stay in this process: %s", describe(error))

        self._reason = describe(error)
