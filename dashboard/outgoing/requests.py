"""One GET with its redirects, to addresses that were checked and to no others."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import certifi
import httpcore

from dashboard.errors import OutgoingError
from dashboard.outgoing.addresses import Network
from dashboard.outgoing.body import BodyError, read_body
from dashboard.outgoing.connecting import Backend, RefusedAddressError

MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
#: What quote must leave as it is: URLs are stored as people type them.
_RESERVED = "%/:=&?~+!$,;'@()*[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said in the end."""

    status: int
    #: Where it was found, after redirects.
    url: str
    body: bytes


async def send(
    url: str,
    *,
    allowed: Iterable[Network],
    accept: str = "*/*",
    max_bytes: int | None,
    stored: bool = False,
) -> Answer:
    """GET a URL, and those that it redirects to; no bytes of a body if `max_bytes` is
    None.

    With `stored`, the URL is one of an app: see `fetch_status`. Raises OutgoingError.
    The caller sets the deadline.
    """
    url = url.strip()
    for count in range(MOST_REDIRECTS + 1):
        server = "no server"
        try:
            parts = _split(url)
            server = parts.netloc.rpartition("@")[2]
            backend = Backend(allowed=allowed, trust_written=stored and count == 0)
            answer, location = await _send_one(
                parts, backend, accept=accept, max_bytes=max_bytes, stored=stored
            )
            if location is None:
                return answer

            url = urljoin(url, location)
        except (
            BodyError,
            RefusedAddressError,
            ValueError,  # also UnicodeError
            OSError,  # also ssl.SSLError
            httpcore.ProtocolError,
            httpcore.NetworkError,
        ) as error:
            cause = f"after {count} redirects: " if count else ""
            raise OutgoingError(server, f"{cause}{_explain(error)}") from error

    raise OutgoingError(server, f"it redirects more than {MOST_REDIRECTS} times")


async def _send_one(
    parts: SplitResult,
    backend: Backend,
    *,
    accept: str,
    max_bytes: int | None,
    stored: bool,
) -> tuple[Answer, str | None]:
    """The answer, and where it redirects to."""
    request = _build_request(parts, accept=accept)
    context = None
    if parts.scheme == "https":
        context = trust_anybody() if stored else load_certificates()

    # A connection of its own and no pool: the next request is minutes away.
    connection = httpcore.AsyncHTTPConnection(
        request.url.origin, ssl_context=context, network_backend=backend
    )
    try:
        async with connection:
            response = await connection.handle_async_request(request)
            try:
                return await _read(response, parts.geturl(), max_bytes)
            finally:
                await response.aclose()

    finally:
        await backend.close()


async def _read(
    response: httpcore.Response, url: str, max_bytes: int | None
) -> tuple[Answer, str | None]:
    headers = {
        name.lower(): value.decode("latin-1") for name, value in response.headers
    }
    location = headers.get(b"location")
    if response.status in _REDIRECTS and location is not None:
        return Answer(status=response.status, url=url, body=b""), location

    body = b""
    if max_bytes is not None and 200 <= response.status < 300:
        body = await read_body(
            response.aiter_stream(),
            encoding=headers.get(b"content-encoding", ""),
            max_bytes=max_bytes,
        )

    return Answer(status=response.status, url=url, body=body), None


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("only http:// and https:// URLs are asked")

    return parts


def _build_request(parts: SplitResult, *, accept: str) -> httpcore.Request:
    host = parts.hostname or ""
    host = host if ":" in host else host.encode("idna").decode()
    target = quote(parts.path or "/", safe=_RESERVED)
    if parts.query:
        target += "?" + quote(parts.query, safe=_RESERVED)

    # The zone of an address (RFC 6874) is of this machine, and not for the server.
    authority = f"[{host.partition('%')[0]}]" if ":" in host else host
    return httpcore.Request(
        "GET",
        httpcore.URL(scheme=parts.scheme, host=host, port=parts.port, target=target),
        headers={
            "Host": authority if parts.port is None else f"{authority}:{parts.port}",
            "User-Agent": "oneroof",
            "Accept": accept,
            "Accept-Encoding": "gzip",
            "Connection": "close",
        },
    )


def _explain(error: Exception) -> str:
    """The words of what began it: httpcore and anyio wrap the system's errors."""
    if isinstance(error, (BodyError, RefusedAddressError)):
        return str(error)

    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__

    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError):
        # asyncio puts words of its own in the place of the system's; names that
        # cannot be looked up have negative numbers.
        if cause.errno is not None and cause.errno > 0:
            return os.strerror(cause.errno)

        return cause.strerror or str(cause)

    return str(cause) or type(cause).__name__


@cache
def load_certificates() -> ssl.SSLContext:
    """Trust what the system and certifi trust; costs a moment, so it is kept."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@cache
def trust_anybody() -> ssl.SSLContext:
    """Take any certificate: a device that signs its own is there all the same."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
