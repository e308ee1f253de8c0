"""Clients of Redis that give up soon, and the words of what went wrong."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECT_TIMEOUT = 2.0


def open_client(url: str) -> Redis:
    """A client that waits for nothing longer than CONNECT_TIMEOUT, and asks once."""
    return Redis.from_url(
        url,
        client_name="oneroof",
        socket_connect_timeout=CONNECT_TIMEOUT,
        socket_timeout=CONNECT_TIMEOUT,
        # Connecting again is done by the bus, where it is noted.
        retry=Retry(NoBackoff(), 0),
    )


def describe(error: BaseException) -> str:
    """The words of an error, or where it has none the name of its type.

    Of a group it is the first one that counts.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]

    return str(error) or type(error).__name__
