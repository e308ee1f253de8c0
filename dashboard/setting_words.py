"""How the text of a variable becomes a setting.

Each raises ValueError with what may be given instead.
"""

from __future__ import annotations

import re
from datetime import tzinfo
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from dashboard.identity import PROVIDERS

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"kb": 1024, "mb": 1024**2, "gb": 1024**3}
_TRUE = {"1", "yes", "t", "true"}
_FALSE = {"0", "no", "f", "false"}
_DRIVERS = {
    "aiosqlite": "aiosqlite",
    "sqlite3": "sqlite3",
    "better-sqlite3": "sqlite3",
    "libsql": "libsql",
}
#: What a DB_URL starts with that names a server.
SERVERS = ("libsql://", "https://", "http://")


def parse_duration(text: str) -> float:
    """Read "90", "90s", "15m", "12h" or "30d" as seconds."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd]?)", text)
    if match is None or int(match[1]) == 0:
        raise ValueError("give a whole number above zero with s, m, h or d, as in 30d")

    return float(int(match[1]) * _SECONDS[match[2]])


def parse_size(text: str) -> int:
    """Read "512kb", "64mb" or "1gb" as bytes, in the words of redis.conf."""
    match = re.fullmatch(r"([0-9]{1,6})([kmg]b)", text.lower())
    if match is None or int(match[1]) == 0:
        raise ValueError("give a whole number above zero with kb, mb or gb, as in 64mb")

    return int(match[1]) * _BYTES[match[2]]


def parse_boolean(text: str) -> bool:
    """Read Homarr's words for yes and no, in any case."""
    word = text.lower()
    if word in _TRUE:
        return True

    if word in _FALSE:
        return False

    raise ValueError("give true or false (also 1, yes, t, 0, no, f)")


def parse_disabled(text: str) -> bool:
    """Read the same words where yes switches something off."""
    return not parse_boolean(text)


def parse_presence(text: str) -> bool:
    """Whether a variable of others is set; they put all sorts of words into it."""
    return text.lower() not in _FALSE


def parse_driver(text: str) -> str:
    """Read the name of a driver, also Homarr's; libsql has to be installed."""
    if text not in _DRIVERS:
        raise ValueError("give aiosqlite, sqlite3, better-sqlite3 or libsql")

    if text == "libsql" and find_spec("aiolibsql") is None:
        raise ValueError(
            "the libsql driver is not installed; install it with: "
            ".venv/bin/pip install 'aiolibsql>=0.3,<0.4', or use aiosqlite"
        )

    return _DRIVERS[text]


def parse_location(text: str) -> str:
    """Read the path of a file, with or without file:, or a server's URL."""
    if text.startswith(SERVERS):
        return _parse_server(text)

    path = text.removeprefix("file:")
    if path.startswith("///"):
        path = path[2:]

    if "://" in path or path.startswith("//"):
        raise ValueError(
            "give the path of an SQLite file, or a URL that starts with libsql://, "
            "https:// or http://"
        )

    if not path or path == ":memory:":
        raise ValueError("the database has to be a file; give its path")

    return path


def parse_journal_mode(text: str) -> str:
    """Read how SQLite keeps its journal."""
    mode = text.lower()
    if mode not in {"wal", "delete"}:
        raise ValueError("give wal, or delete for files that are shared with Homarr")

    return mode


def _parse_server(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("give a port from 0 to 65535, or none") from None

    if not parts.hostname:
        raise ValueError("give the name of the server, as in libsql://db.example")

    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("give the token in LIBSQL_AUTH_TOKEN, and the URL without it")

    return text.rstrip("/")


def parse_redis(text: str) -> str:
    """Read the URL of a Redis."""
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("give a URL that starts with redis://, rediss:// or unix://")

    try:
        _ = urlsplit(text).port
    except ValueError:
        raise ValueError("give a port from 0 to 65535, or none") from None

    return text


def parse_url(text: str) -> str:
    """Read the URL of a page."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("give a URL as in https://releases.example/list") from None

    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("give a URL that starts with https:// or http://")

    return text


def parse_engine(text: str) -> str:
    """Read what runs the jobs; SAQ has to be installed."""
    if text not in {"embedded", "saq"}:
        raise ValueError("give embedded or saq")

    if text == "saq" and find_spec("saq") is None:
        raise ValueError(
            "SAQ is not installed; install it with: "
            ".venv/bin/pip install 'saq>=0.26.4,<0.27', or use embedded"
        )

    return text


def parse_zone(text: str) -> tzinfo:
    """Read the name of a time zone."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ValueError(
            "give the name of a time zone as in Europe/Berlin, that the system has"
        ) from None


def parse_providers(text: str) -> tuple[str, ...]:
    """Read who may vouch for users, with commas."""
    providers = [part.strip().lower() for part in text.split(",")]
    if not set(providers) <= set(PROVIDERS):
        raise ValueError("give credentials, oidc or ldap, with commas")

    return tuple(dict.fromkeys(providers))


def parse_prefix(text: str) -> str:
    """Read what the names of cookies start with."""
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", text):
        raise ValueError("give letters, digits, - and _ only")

    return text


def parse_origins(text: str) -> tuple[str, ...]:
    """Read origins with commas; they are compared in small letters."""
    origins = [part.strip().rstrip("/").lower() for part in text.split(",")]
    for origin in origins:
        if not re.fullmatch(r"https?://[^/\s@?#]+", origin):
            raise ValueError("give origins as in https://home.example, with commas")

    return tuple(dict.fromkeys(origins))


def parse_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read addresses and networks with commas."""
    try:
        networks = [ip_network(part.strip(), strict=False) for part in text.split(",")]
    except ValueError:
        raise ValueError(
            "give addresses or networks as in 10.0.0.2, fd00::/8, with commas"
        ) from None

    return tuple(dict.fromkeys(networks))


def parse_level(text: str) -> str:
    """Read the name of a log level."""
    level = text.lower()
    if level not in {"error", "warn", "info", "debug"}:
        raise ValueError("give error, warn, info or debug")

    return level


def parse_environment(text: str) -> bool:
    """Whether this is more than development, in Node's words."""
    environment = text.lower()
    if environment not in {"production", "development", "test"}:
        raise ValueError("give production, development or test")

    return environment != "development"
