"""What a request's head says: whether it is refused, and whether it is an upgrade.

Knows h11's requests and nothing of a server, so that a service which has the
port for itself is reached through the same rules without one.
"""

from __future__ import annotations

import h11

#: Bytes of a request's head, from its first to the blank line.
MAX_HEAD = 16 * 1024


class RefusedError(Exception):
    """A request that is answered with a bare status, and its connection closed."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


def check_request(request: h11.Request) -> None:
    """Refuse what no service is to see.

    Raises:
        RefusedError: with the status to answer.
    """

    names = [name for name, _ in request.headers]
    size = len(request.method) + len(request.target) + len(" HTTP/1.1\r\n\r\n")
    size += sum(len(name) + len(value) + 4 for name, value in request.headers)

    if size > MAX_HEAD:
        raise RefusedError(431)

    if request.http_version not in (b"1.0", b"1.1"):
        raise RefusedError(505)

    if request.method in (b"CONNECT", b"TRACE"):
        raise RefusedError(405)

    if b"transfer-encoding" in names and b"content-length" in names:
        # Two lengths: another parser on the way may believe the other one.
        raise RefusedError(400)


def is_websocket_upgrade(request: h11.Request) -> bool:
    """Say whether a request asks for a WebSocket.

    Raises:
        RefusedError: it does, but not as RFC 6455 wants it.
    """

    headers = dict(request.headers)
    tokens = headers.get(b"connection", b"").lower().split(b",")
    asks = (
        request.method == b"GET"
        and headers.get(b"upgrade", b"").strip().lower() == b"websocket"
        and b"upgrade" in [token.strip() for token in tokens]
    )
    if not asks:
        return False

    plain = all(
        value.isascii()
        for name, value in request.headers
        if name == b"connection" or name.startswith(b"sec-websocket-")
    )
    well_formed = (
        plain
        and request.http_version == b"1.1"
        and headers.get(b"sec-websocket-version", b"").strip() == b"13"
        and headers.get(b"sec-websocket-key")
        and not headers.keys() & {b"content-length", b"transfer-encoding"}
    )
    if not well_formed:
        raise RefusedError(400)

    return True


def render_head(request: h11.Request) -> bytes:
    """Return the request as it is sent, from what was parsed."""

    lines = (b"%s: %s\r\n" % header for header in request.headers.raw_items())
    return b"%s %s HTTP/%s\r\n%s\r\n" % (
        request.method,
        request.target,
        request.http_version,
        b"".join(lines),
    )
