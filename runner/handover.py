"""The front door of a port that one service has for itself: upgrades, nothing else.

The same rules as in the whole house and the same bytes for the service, without
an HTTP server.
"""

from __future__ import annotations

import socket

import anyio
import h11

from .mounts import Mounts
from .upgrade import (
    MAX_HEAD,
    RefusedError,
    check_request,
    is_websocket_upgrade,
    render_head,
)

#: Seconds for a request's head.
HEAD_TIMEOUT = 10.0
#: Seconds for the client to close, after an answer that ends the connection.
LINGER_TIMEOUT = 1.0
READ_SIZE = 16 * 1024

_REASONS = {404: b"Not Found", 426: b"Upgrade Required", 503: b"Service Unavailable"}


async def hand_over(sock: socket.socket, mounts: Mounts) -> None:
    """Read one upgrade request and give the socket to its service, or refuse it."""

    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)

    try:
        with anyio.fail_after(HEAD_TIMEOUT):
            request = await _read_request(sock, connection)

        if request is None:
            sock.close()
            return

        check_request(request)
        upgrade = is_websocket_upgrade(request)
        mount = mounts.find(request.target)

        if mount is None:
            raise RefusedError(404)

        if not upgrade:
            raise RefusedError(426)

        if not mount.open or mount.take_socket is None:
            raise RefusedError(503)
    except TimeoutError:
        sock.close()
    except RefusedError as refusal:
        await _refuse(sock, refusal.status)
    except h11.RemoteProtocolError as error:
        await _refuse(sock, error.error_status_hint)
    except BaseException:
        sock.close()
        raise
    else:
        received = render_head(request) + connection.trailing_data[0]
        mount.take_socket(sock, received)


async def _read_request(
    sock: socket.socket, connection: h11.Connection
) -> h11.Request | None:
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event

        if event is not h11.NEED_DATA:
            return None

        await anyio.wait_readable(sock)
        connection.receive_data(sock.recv(READ_SIZE))


async def _refuse(sock: socket.socket, status: int) -> None:
    with sock, anyio.move_on_after(LINGER_TIMEOUT):
        reason = _REASONS.get(status, b"Refused")
        sock.send(
            b"HTTP/1.1 %d %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            % (status, reason)
        )
        sock.shutdown(socket.SHUT_WR)
        more = b"?"

        while more:  # closing with unread bytes would reset the connection
            await anyio.wait_readable(sock)
            more = sock.recv(READ_SIZE)
