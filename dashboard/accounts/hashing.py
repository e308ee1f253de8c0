"""bcrypt, loaded at the first use, in threads, and few at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from dashboard.errors import TooBusyError

T = TypeVar("T")

#: Homarr's cost; its hashes start with $2b$10$.
COST = 10
#: bcrypt looks at no more bytes than these. Homarr cuts in silence, so its hashes of
#: longer passwords are hashes of their beginning.
BYTES = 72
MAX_RUNNING = 2
MAX_WAITING = 16
#: The hash of a password that nobody knows, of our cost.
NOBODY = b"$2b$10$9PMXev8FRA.dt4c3O/tCvuXdKAGS5mqJhzRhH2J1nri8o180LvH/u"


@dataclass(slots=True)
class _Queue:
    limiter: anyio.CapacityLimiter = field(
        default_factory=partial(anyio.CapacityLimiter, MAX_RUNNING)
    )
    length: int = 0


_queues: RunVar[_Queue] = RunVar("dashboard.accounts.hashing")


async def hash_password(password: str) -> str:
    """Hash a new password of at most BYTES bytes."""
    return await _run_hashing(partial(_hash, to_bytes(password)))


async def check_password(password: str, hashed: bytes) -> bool:
    """Whether it is the password of this hash; False for what is no hash."""
    return await _run_hashing(partial(_check, to_bytes(password)[:BYTES], hashed))


def to_bytes(password: str) -> bytes:
    """The bytes that are hashed; any string has some."""
    return password.encode("utf-8", "surrogatepass")


async def _run_hashing(work: Callable[[], T]) -> T:
    queue = _queues.get(None)
    if queue is None:
        queue = _Queue()
        _queues.set(queue)

    if queue.length >= MAX_RUNNING + MAX_WAITING:
        raise TooBusyError

    queue.length += 1
    try:
        return await anyio.to_thread.run_sync(work, limiter=queue.limiter)
    finally:
        queue.length -= 1


def salt_of(hashed: str) -> str:
    """The part of a hash that Homarr up to 1.58 keeps a second time, as `salt`."""
    return hashed[:29]


def _hash(password: bytes) -> str:
    import bcrypt

    return bcrypt.hashpw(password, bcrypt.gensalt(COST)).decode("ascii")


def _check(password: bytes, hashed: bytes) -> bool:
    import bcrypt

    try:
        return bcrypt.checkpw(password, hashed)
    except ValueError:
        # The row holds something that bcrypt does not know: nobody's password, and
        # nobody is told by the time that it took.
        bcrypt.checkpw(password, NOBODY)
        return False
