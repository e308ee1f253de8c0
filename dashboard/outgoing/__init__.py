"""The one way out: every request that we send to another server goes through here.

addresses   where requests may go, whatever a name or a redirect says
requests    one GET with its redirects (loads httpcore: only those who ask pay for it)
body        its answer's body, within a bound, also after decompression
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

import anyio
import msgspec

from dashboard.errors import (
    ExternalConnectionsOffError,
    OutgoingBusyError,
    OutgoingError,
    OutgoingTimeoutError,
)
from dashboard.settings import Settings

if TYPE_CHECKING:
    from dashboard.outgoing.requests import Answer

__all__ = ["fetch", "fetch_json", "fetch_status", "name_server"]

#: Seconds for a whole request, its redirects and its body included.
TIMEOUT = 10.0
#: Bytes of a body, after decompression.
MAX_BYTES = 1024 * 1024
#: Requests for contents that one server is sent at once; anybody may cause some.
MOST_PER_SERVER = 8

T = TypeVar("T")
_under_way: Counter[str] = Counter()


async def fetch(
    url: str,
    *,
    settings: Settings,
    accept: str = "*/*",
    max_bytes: int = MAX_BYTES,
    timeout: float = TIMEOUT,
) -> Answer:
    """GET what is at a URL, after redirects; the status is from 200 to 299.

    Raises OutgoingError with the server and the cause, whatever went wrong, and before
    anything is sent ExternalConnectionsOffError where NO_EXTERNAL_CONNECTION is set,
    and OutgoingBusyError where the server has MOST_PER_SERVER requests of ours to
    answer.
    """
    from dashboard.outgoing.requests import send

    server = name_server(url)
    if settings.no_external_connection:
        raise ExternalConnectionsOffError(server)

    if _under_way[server] >= MOST_PER_SERVER:
        raise OutgoingBusyError(server)

    _under_way[server] += 1
    try:
        with anyio.fail_after(timeout):
            answer = await send(
                url,
                allowed=settings.outgoing_allowed_networks,
                accept=accept,
                max_bytes=max_bytes,
            )
    except TimeoutError:
        raise OutgoingTimeoutError(server, timeout) from None
    finally:
        _under_way[server] -= 1
        if not _under_way[server]:
            del _under_way[server]

    if not 200 <= answer.status < 300:
        raise OutgoingError(server, f"it answered {answer.status}")

    return answer


async def fetch_json(
    url: str,
    type_: type[T],
    *,
    settings: Settings,
    max_bytes: int = MAX_BYTES,
    timeout: float = TIMEOUT,
) -> T:
    """GET JSON of a msgspec type; raises as `fetch`, also where it is of another."""
    answer = await fetch(
        url,
        settings=settings,
        accept="application/json",
        max_bytes=max_bytes,
        timeout=timeout,
    )
    try:
        return msgspec.json.decode(answer.body, type=type_)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        cause = f"its answer is not the JSON that was asked for: {error}"
        raise OutgoingError(name_server(url), cause) from error


async def fetch_status(
    url: str, *, settings: Settings, timeout: float = TIMEOUT
) -> int:
    """GET a URL for its status, after redirects; the body is not read.

    For the URLs of stored apps alone: these may be in the local network, so they are
    asked under NO_EXTERNAL_CONNECTION too, and certificates are not checked. Raises
    OutgoingError.
    """
    from dashboard.outgoing.requests import send

    try:
        with anyio.fail_after(timeout):
            answer = await send(
                url,
                allowed=settings.outgoing_allowed_networks,
                max_bytes=None,
                stored=True,
            )
    except TimeoutError:
        raise OutgoingTimeoutError(name_server(url), timeout) from None

    return answer.status


def name_server(url: str) -> str:
    """The server of a URL for messages and logs: the rest of it may hold secrets."""
    rest = url.strip().partition("://")[2]
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    return authority.rpartition("@")[2][:255] or "no server"
