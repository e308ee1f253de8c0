"""The hub: one ear on the bus for each topic, one encoded frame for all who read it."""

from __future__ import annotations

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import trio

from dashboard import superjson
from dashboard.accounts import Session
from dashboard.boards.access import ACCESS_CHANGED
from dashboard.bus import Bus

from . import limits, messages
from .frames import build_text_frame

logger = logging.getLogger("services.ws")

POLICY_VIOLATION = 1008
GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013

#: On the bus when somebody logs out: {"userId": …, "tokens": […] or none for all}.
SESSION_CLOSED = "session-closed"


class Lane(Protocol):
    """What is used of the event loop that the hub lives in."""

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Run a plain function in that loop soon; from any thread."""


class Member(Protocol):
    """What the hub knows of a connection. All of it returns at once."""

    @property
    def session(self) -> Session:
        """Whose connection it is."""

    def send_frame(self, frame: bytes) -> None:
        """Write a frame or several, or queue them for a bounded time and size."""

    def request_close(self, code: int, reason: str, *, delay: float = 0.0) -> None:
        """Have the connection close itself, within so many seconds."""

    def refresh(self, session: Session, *, recheck: bool) -> None:
        """Take the session as it is now; ask again what the viewer may hear."""


@dataclass(slots=True, kw_only=True)
class _Topic:
    """Those who read a topic, by how their frames begin."""

    audience: dict[bytes, set[Member]] = field(default_factory=dict)
    last: bytes | None = None
    unlisten: Callable[[], None] | None = None


class Hub:
    """All connections, and what each of them listens to. Lives in the trio lane."""

    def __init__(self, *, bus: Bus, lane: Lane, talkative: bool = False) -> None:
        #: Whether each connection is worth a line of the log: in development it is.
        self._talkative = talkative
        self._bus = bus
        self._lane = lane
        self._topics: dict[str, _Topic] = {}
        #: What the bus has said, by topic, since all of it was last written.
        self._arrived: list[tuple[str, bytes]] = []
        self._arrived_bytes = 0
        #: Those who have been let in.
        self.members: set[Member] = set()
        #: Somebody joined whose session was read before they did.
        self.unchecked = False
        #: Somebody may hear what they may not see any more.
        self.access_changed = False
        #: When the next one who does not keep up may be closed.
        self._next_goodbye = -math.inf
        self._by_user: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._empty = trio.Event()
        self._empty.set()
        self._occupied = trio.Event()
        #: Called when somebody joins, or access has changed.
        self.on_change: Callable[[], None] | None = None
        #: Sockets in all, with those that still shake hands.
        self.sockets = 0
        self.draining = False
        #: Counts logouts, so that a handshake notices one that it overlaps with.
        self.logouts = 0

    def statistics(self) -> Mapping[str, int]:
        """Return what was done since the start, for the event `stopped`."""
        names = ("accepted", "refused", "messages", "calls", "subscriptions", "pushes")
        more = ("sent_bytes", "errors", "dropped")
        return {name: self._counts[name] for name in (*names, *more)}

    def count(self, name: str, amount: int = 1) -> None:
        """Count something that `statistics` reports."""
        self._counts[name] += amount

    # Connections

    def is_full_for(self, user_id: str) -> bool:
        """Tell whether a user has as many connections as one may have."""
        return self._by_user[user_id] >= limits.MAX_SOCKETS_PER_USER

    def join(self, member: Member) -> None:
        """Take a connection in: from now on a logout or a drain closes it."""
        self.members.add(member)
        self.unchecked = True
        self._by_user[member.session.user_id] += 1
        self._empty = trio.Event()
        self._occupied.set()
        if self.on_change is not None:
            self.on_change()

        self._log("opened", member)

    def leave(self, member: Member) -> None:
        """Let a connection go."""
        user_id = member.session.user_id
        self.members.discard(member)
        self._by_user[user_id] -= 1
        if not self._by_user[user_id]:
            del self._by_user[user_id]

        if not self.members:
            self._empty.set()
            self._occupied = trio.Event()

        self._log("closed", member)

    async def wait_occupied(self) -> None:
        """Wait until there is a connection."""
        await self._occupied.wait()

    def _log(self, what: str, member: Member) -> None:
        if self._talkative:
            name, count = member.session.user_name, len(self.members)
            logger.info("connection of %r %s: %d in all", name, what, count)

    def watch_sessions(self) -> Callable[[], None]:
        """Hear of what ends sessions or access; returns how to end it."""
        ends = (
            self._bus.listen(SESSION_CLOSED, self._post_logout, replay=False),
            self._bus.listen(ACCESS_CHANGED, self._post_access, replay=False),
        )

        def unwatch() -> None:
            for end in ends:
                end()

        return unwatch

    def _post_access(self, _topic: str, _encoded: bytes) -> None:
        self._lane.post(self._note_access)

    def _note_access(self) -> None:
        self.access_changed = True
        if self.on_change is not None:
            self.on_change()

    def _post_logout(self, _topic: str, encoded: bytes) -> None:
        self._lane.post(self._close_sessions, encoded)

    def _close_sessions(self, encoded: bytes) -> None:
        self.logouts += 1
        message = superjson.decode(encoded)
        tokens = message.get("tokens")
        for member in list(self.members):
            session = member.session
            if session.user_id != message.get("userId"):
                continue

            if tokens is None or session.token in tokens:
                member.request_close(POLICY_VIOLATION, "the session was closed")

    def drop(self, member: Member) -> None:
        """Close a member that does not keep up, soon.

        One by one: where a crowd stops reading, all of it is found out in the same
        moment, and those who do read would wait for every goodbye.
        """
        self.count("dropped")
        now = trio.current_time()
        when = max(now, self._next_goodbye)
        self._next_goodbye = when + limits.GOODBYE_INTERVAL
        reason = "the client does not keep up"
        member.request_close(TRY_AGAIN_LATER, reason, delay=when - now)

    async def drain(self) -> None:
        """Ask every client to connect again elsewhere, and wait until all are gone."""
        self.draining = True
        frame = build_text_frame(messages.RECONNECT)
        self.count("sent_bytes", len(messages.RECONNECT) * len(self.members))
        for member in list(self.members):
            member.send_frame(frame)
            member.request_close(GOING_AWAY, "the server is going away")

        await self._empty.wait()

    # Topics

    def subscribe(self, member: Member, head: bytes, topics: list[str]) -> None:
        """Send a member the last and all later messages of some topics."""
        self.count("subscriptions")
        for name in topics:
            topic = self._topics.get(name)
            known = topic is not None
            if topic is None:
                topic = self._topics[name] = _Topic()

            topic.audience.setdefault(head, set()).add(member)
            if not known:
                # The bus calls back at once with the last message, through the lane.
                topic.unlisten = self._bus.listen(name, self._post)
            elif topic.last is not None:
                member.send_frame(self._build_push(head, topic.last, readers=1))

    def unsubscribe(self, member: Member, head: bytes, topics: list[str]) -> None:
        """End what `subscribe` began; the last one to leave ends the listening."""
        for name in topics:
            topic = self._topics[name]
            members = topic.audience[head]
            members.discard(member)
            if not members:
                del topic.audience[head]

            if not topic.audience:
                del self._topics[name]
                if topic.unlisten is not None:
                    topic.unlisten()

    def _post(self, topic: str, encoded: bytes) -> None:
        self._lane.post(self._deliver, topic, encoded)

    def _deliver(self, name: str, encoded: bytes) -> None:
        # What comes in one turn of the loop is written together, in its order: most
        # of what a message costs is the system call.
        self._arrived.append((name, encoded))
        self._arrived_bytes += len(encoded)
        if self._arrived_bytes > limits.MAX_WRITE_BYTES:
            self._write_arrived()
        elif len(self._arrived) == 1:
            self._lane.post(self._write_arrived)

    def _write_arrived(self) -> None:
        arrived, self._arrived, self._arrived_bytes = self._arrived, [], 0
        outgoing: defaultdict[Member, list[bytes]] = defaultdict(list)
        for name, encoded in arrived:
            topic = self._topics.get(name)
            if topic is None:
                continue  # posted before the last one left

            topic.last = encoded
            for head, members in topic.audience.items():
                frame = self._build_push(head, encoded, readers=len(members))
                for member in members:
                    outgoing[member].append(frame)

        frames: list[bytes] = []
        joined = b""
        for member, wanted in outgoing.items():
            if wanted != frames:  # rarely: most hear the same, under the same id
                frames, joined = wanted, b"".join(wanted)

            member.send_frame(joined)

    def _build_push(self, head: bytes, encoded: bytes, *, readers: int) -> bytes:
        # Here, and not where it is written: it is encoded once for all of them.
        text = messages.build_data(head, encoded)
        self.count("pushes", readers)
        self.count("sent_bytes", readers * len(text))
        return build_text_frame(text)
