"""Who may open a WebSocket: path, origin and session, checked before the upgrade."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs, unquote, urlsplit

from . import limits
from .errors import RefusedError

Headers = Sequence[tuple[bytes, bytes]]
#: Scheme, host and port.
Origin = tuple[str, str, int]

_DEFAULT_PORTS = {"http": 80, "https": 443}


def check_path(target: str, *, mount: str) -> None:
    """Refuse every path but our own."""
    if unquote(target.partition("?")[0]) != mount:
        raise RefusedError(404, "there is no websocket at this path")


def wants_connection_parameters(target: str) -> bool:
    """Tell whether the client will begin with a connectionParams message."""
    query = parse_qs(target.partition("?")[2])
    return query.get("connectionParams", [""])[0] == "1"


def check_origin(headers: Headers, *, host: str, allowed: Iterable[str]) -> None:
    """Refuse pages of other sites: a browser sends them our cookies all the same.

    Same host and port as the Host header, or a member of `allowed`. The scheme is
    free, since a proxy in front may have ended TLS.
    """
    values = [value for name, value in headers if name == b"origin"]
    if not values:
        raise RefusedError(
            403,
            "no origin was sent; send the header Origin, as browsers do"
            " (http://HOST:PORT of this server)",
        )

    origin = parse_origin(values[0].decode("latin-1")) if len(values) == 1 else None
    if origin is not None:
        if _is_same_host(origin, host):
            return

        if origin in {parse_origin(one) for one in allowed}:
            return

    raise RefusedError(403, "this origin may not connect (see ALLOWED_ORIGINS)")


def parse_origin(text: str) -> Origin | None:
    """Read "https://host:port"; None for null and for anything else."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None

    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None

    bare = f"{parts.scheme}://{parts.netloc}"
    if text.lower() != bare.lower() or "@" in parts.netloc:
        return None

    port = _DEFAULT_PORTS[parts.scheme] if port is None else port
    return parts.scheme, parts.hostname, port


def _is_same_host(origin: Origin, host: str) -> bool:
    return parse_origin(f"{origin[0]}://{host}") == origin


def list_tokens(headers: Headers, *, names: Sequence[str]) -> list[str]:
    """List the session tokens that a client sent, our own cookie's first."""
    found: dict[str, list[str]] = {name: [] for name in names}
    for header, value in headers:
        if header != b"cookie":
            continue

        for pair in value.decode("latin-1").split(";"):
            name, _, token = pair.strip().partition("=")
            if token and name in found:
                found[name].append(token)

    tokens = dict.fromkeys(token for each in found.values() for token in each)
    return list(tokens)[: limits.MAX_TOKENS]
