"""One GET, of whose answer only the status is read. Imported when it is first used."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

import anyio
import certifi
import httpcore

#: What quote must leave as it is: URLs are stored as people type them.
_RESERVED = "%/:=&?~+!$,;'@()*[]"


class _Backend(httpcore.AnyIOBackend):
    """Remembers the socket: httpcore forgets it when it is cancelled amid TLS."""

    stream: httpcore.AsyncNetworkStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.stream = await super().connect_tcp(
            host, port, timeout, local_address, socket_options
        )
        return self.stream

    async def close(self) -> None:
        if self.stream is not None:
            with anyio.CancelScope(shield=True):
                await self.stream.aclose()


async def fetch_status(url: str) -> int:
    """Send the request and return the status of its answer."""
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("only http:// and https:// URLs are pinged")

    request = _build_request(parts)
    backend = _Backend()
    # A connection of its own and no pool: the next ping is a minute away.
    connection = httpcore.AsyncHTTPConnection(
        request.url.origin,
        ssl_context=load_certificates() if parts.scheme == "https" else None,
        network_backend=backend,
    )
    try:
        async with connection:
            response = await connection.handle_async_request(request)
            await response.aclose()
            return response.status
    finally:
        await backend.close()


def _build_request(parts: SplitResult) -> httpcore.Request:
    host = parts.hostname or ""
    host = host if ":" in host else host.encode("idna").decode()
    target = quote(parts.path or "/", safe=_RESERVED)
    if parts.query:
        target += "?" + quote(parts.query, safe=_RESERVED)

    authority = f"[{host}]" if ":" in host else host
    return httpcore.Request(
        "GET",
        httpcore.URL(scheme=parts.scheme, host=host, port=parts.port, target=target),
        headers={
            "Host": authority if parts.port is None else f"{authority}:{parts.port}",
            "User-Agent": "oneroof",
            "Accept": "*/*",
            "Connection": "close",
        },
    )


@cache
def load_certificates() -> ssl.SSLContext:
    """Trust what the system and certifi trust; costs a moment, so it is kept."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
