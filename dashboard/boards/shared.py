"""Boards in Redis, which the processes of one database read for each other.

They are kept under the fingerprint of the file, which every write to it changes.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from typing import Annotated

import msgspec

from dashboard.apps import App
from dashboard.boards.kinds import KINDS
from dashboard.boards.models import Board, Item, Layout, Placement, Section
from dashboard.bus import Remote
from dashboard.database import Database
from dashboard.errors import RedisUnavailableError
from dashboard.version import VERSION

#: Seconds that a board stays in Redis, and in the memory of who took it from there: a
#: file system that told changes wrongly would be believed for twice as long.
TTL = 60.0
#: A board of more bytes than this is read by each process for itself.
MAX_BYTES = 1024 * 1024
#: Another program's boards are of no use to this one.
FORM = repr(
    (
        VERSION,
        [(s.__name__, s.__struct_fields__) for s in (Board, Layout, Section, Item)],
        [(s.__name__, s.__struct_fields__) for s in (Placement, App)],
        [(kind.name, kind.defaults) for kind in KINDS.values()],
    )
)

logger = logging.getLogger(__name__)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A board as nobody in particular sees it, and about how much memory it takes."""

    board: Board
    size: Annotated[int, msgspec.Meta(ge=1)]


class SharedBoards:
    """What one process takes from Redis and puts there; a fault of Redis is a miss."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._decoder = msgspec.json.Decoder(Kept)
        #: The last fingerprint that was seen, and the version that it came with.
        self._seen: tuple[str, int] | None = None
        #: One that has come with two versions, and so tells nothing.
        self._broken: str | None = None
        #: What was found or kept under the last one.
        self._names: set[str] = set()

    async def find(self, board_id: str, fingerprint: str) -> Kept | None:
        """The board as it was read at this fingerprint, in any process."""
        name, value = _name(board_id, fingerprint), None
        with suppress(RedisUnavailableError):
            value = await self._remote.get(name)

        if value is None:
            return None

        self._names.add(name)
        kept = self._decode(value)
        if kept is None or kept.board.id != board_id:
            logger.warning("board %r in redis cannot be read, and is deleted", board_id)
            await self._delete(name)
            return None

        return kept

    async def keep(
        self, database: Database, board: Board, version: int, *, size: int
    ) -> None:
        """Share a board that was read at this version, if that can be done safely.

        A commit is in the file before anybody sees it; so the fingerprint is read
        while nobody can be writing.
        """
        if database.fingerprints.read() is None:
            return

        async with database.standstill() as still:
            if not still or await database.data_version() != version:
                return

            fingerprint = database.fingerprints.read()

        if fingerprint is None or not await self.trust(fingerprint, version):
            return

        value = self._encode(Kept(board=board, size=size))
        if value is None:
            return

        name = _name(board.id, fingerprint)
        self._names.add(name)
        with suppress(RedisUnavailableError):  # the others read it for themselves
            await self._remote.set(name, value, ttl=TTL)

    async def trust(self, fingerprint: str, version: int) -> bool:
        """Whether this fingerprint has come with this version only.

        Otherwise the file system does not tell of each change. What was kept under the
        fingerprint is deleted then, and it is never used again.
        """
        seen, self._seen = self._seen, (fingerprint, version)
        if seen is None or seen[0] != fingerprint:
            self._names.clear()
        elif seen[1] != version:
            self._broken = fingerprint
            while self._names:
                await self._delete(self._names.pop())

        return fingerprint != self._broken

    async def _delete(self, name: str) -> None:
        with suppress(RedisUnavailableError):  # it goes as soon as it can
            await self._remote.delete(name)

    def _encode(self, kept: Kept) -> bytes | None:
        """As bytes; None for what JSON would give back as something else."""
        try:
            value = msgspec.json.encode(kept)
        except (TypeError, ValueError, RecursionError):
            return None

        return value if self._decode(value) == kept else None

    def _decode(self, value: bytes) -> Kept | None:
        if len(value) > MAX_BYTES:
            return None

        try:
            return self._decoder.decode(value)
        except (ValueError, RecursionError):
            # Anybody who reaches Redis can write to it.
            return None


def _name(board_id: str, fingerprint: str) -> str:
    text = f"{FORM} {fingerprint} {board_id}"
    return f"board:{hashlib.blake2b(text.encode(), digest_size=20).hexdigest()}"
