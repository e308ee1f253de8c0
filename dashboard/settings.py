"""The application's settings, read once from the environment.

`VARIABLES` is the whole list: a variable is read here or nowhere.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import urlsplit

from dashboard.errors import SettingsError
from dashboard.identity import PROVIDERS

__all__ = ["VARIABLES", "Settings", "SettingsError", "Variable", "load_settings"]

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_TRUE = {"1", "yes", "t", "true"}
_FALSE = {"0", "no", "f", "false"}
_DRIVERS = {
    "aiosqlite": "aiosqlite",
    "sqlite3": "sqlite3",
    "better-sqlite3": "sqlite3",
    "libsql": "libsql",
}
#: How the URL of a libSQL server starts.
_SERVERS = ("libsql://", "https://", "http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every knob of the application, parsed and checked."""

    db_url: str = "./appdata/db/db.sqlite"
    db_driver: str = "aiosqlite"
    db_auth_token: str = field(default="", repr=False)
    db_journal_mode: str = "wal"
    redis_url: str | None = field(default=None, repr=False)
    auth_providers: tuple[str, ...] = ("credentials",)
    session_timeout: float = 30 * 86400.0
    cookie_prefix: str = "homarr"
    auth_secret: str = field(default="", repr=False)
    cron_job_api_key: str = field(default="", repr=False)
    allowed_origins: tuple[str, ...] = ()
    #: Peers whose X-Forwarded-For and X-Forwarded-Proto are believed.
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    log_level: str = "info"
    no_external_connection: bool = False
    production: bool = True

    @property
    def cookie_name(self) -> str:
        """The session cookie that we set."""
        return f"{self.cookie_prefix}.session-token"

    @property
    def accepted_cookie_names(self) -> tuple[str, ...]:
        """The session cookies that we read: ours, then those of Homarr's versions."""
        names = (self.cookie_name, "homarr.session-token", "authjs.session-token")
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One environment variable, and how its text becomes a setting."""

    name: str
    attribute: str
    parse: Callable[[str], Any]
    default: str
    about: str


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; an empty variable counts as unset.

    Raises SettingsError, which names the variable and says what it may be.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {
        "auth_secret": secrets.token_urlsafe(32),
    }
    for variable in VARIABLES:
        text = environ.get(variable.name, "").strip()
        if not text:
            continue

        try:
            values[variable.attribute] = variable.parse(text)
        except ValueError as error:
            shown = _hide_password(text)
            raise SettingsError(variable.name, shown, str(error)) from None

    settings = Settings(**values)
    _check_server(settings)
    return settings


def parse_duration(text: str) -> float:
    """Read "90", "90s", "15m", "12h" or "30d" as seconds."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd]?)", text)
    if match is None or int(match[1]) == 0:
        raise ValueError("give a whole number above zero with s, m, h or d, as in 30d")

    return float(int(match[1]) * _SECONDS[match[2]])


def parse_boolean(text: str) -> bool:
    """Read Homarr's words for yes and no, in any case."""
    word = text.lower()
    if word in _TRUE:
        return True

    if word in _FALSE:
        return False

    raise ValueError("give true or false (also 1, yes, t, 0, no, f)")


def _parse_driver(text: str) -> str:
    if text not in _DRIVERS:
        raise ValueError("give aiosqlite, sqlite3, better-sqlite3 or libsql")

    if text == "libsql" and find_spec("aiolibsql") is None:
        raise ValueError(
            "the libsql driver is not installed; install it with: pip install "
            "'oneroof[libsql]', or use aiosqlite"
        )

    return _DRIVERS[text]


def _parse_location(text: str) -> str:
    if text.startswith(_SERVERS):
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


def _parse_journal_mode(text: str) -> str:
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


def _check_server(settings: Settings) -> None:
    if settings.db_url.startswith(_SERVERS) and settings.db_driver != "libsql":
        raise SettingsError(
            "DB_URL",
            settings.db_url,
            "only libsql reaches a server; set DB_DRIVER=libsql, or give a path",
        )


def _parse_redis(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("give a URL that starts with redis://, rediss:// or unix://")

    try:
        _ = urlsplit(text).port
    except ValueError:
        raise ValueError("give a port from 0 to 65535, or none") from None

    return text


def _parse_providers(text: str) -> tuple[str, ...]:
    providers = [part.strip().lower() for part in text.split(",")]
    if not set(providers) <= set(PROVIDERS):
        raise ValueError("give credentials, oidc or ldap, with commas")

    return tuple(dict.fromkeys(providers))


def _parse_prefix(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", text):
        raise ValueError("give letters, digits, - and _ only")

    return text


def _parse_origins(text: str) -> tuple[str, ...]:
    origins = [part.strip().rstrip("/").lower() for part in text.split(",")]
    for origin in origins:
        if not re.fullmatch(r"https?://[^/\s@?#]+", origin):
            raise ValueError("give origins as in https://home.example, with commas")

    return tuple(dict.fromkeys(origins))


def _parse_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        networks = [ip_network(part.strip(), strict=False) for part in text.split(",")]
    except ValueError:
        raise ValueError(
            "give addresses or networks as in 10.0.0.2, fd00::/8, with commas"
        ) from None

    return tuple(dict.fromkeys(networks))


def _parse_level(text: str) -> str:
    level = text.lower()
    if level not in {"error", "warn", "info", "debug"}:
        raise ValueError("give error, warn, info or debug")

    return level


def _parse_environment(text: str) -> bool:
    environment = text.lower()
    if environment not in {"production", "development", "test"}:
        raise ValueError("give production, development or test")

    return environment != "development"


def _hide_password(text: str) -> str:
    text = re.sub(r"://[^@/]*@", "://…@", text)
    return re.sub(r"(?i)(token=)[^&#]*", r"\1…", text)


VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="DB_URL",
        attribute="db_url",
        parse=_parse_location,
        default="./appdata/db/db.sqlite",
        about="path of the SQLite file, with or without file: in front, or for libsql "
        "the URL of a server",
    ),
    Variable(
        name="DB_DRIVER",
        attribute="db_driver",
        parse=_parse_driver,
        default="aiosqlite",
        about="aiosqlite, sqlite3 (also called better-sqlite3) or libsql",
    ),
    Variable(
        name="LIBSQL_AUTH_TOKEN",
        attribute="db_auth_token",
        parse=str,
        default="",
        about="token for the server that DB_URL names",
    ),
    Variable(
        name="DB_JOURNAL_MODE",
        attribute="db_journal_mode",
        parse=_parse_journal_mode,
        default="wal",
        about="wal, or delete to keep a file in the mode that Homarr leaves it in",
    ),
    Variable(
        name="REDIS_URL",
        attribute="redis_url",
        parse=_parse_redis,
        default="",
        about="Redis that carries events between processes; none when unset",
    ),
    Variable(
        name="AUTH_PROVIDERS",
        attribute="auth_providers",
        parse=_parse_providers,
        default="credentials",
        about="where accounts come from: credentials, oidc, ldap, with commas",
    ),
    Variable(
        name="AUTH_SESSION_EXPIRY_TIME",
        attribute="session_timeout",
        parse=parse_duration,
        default="30d",
        about="how long a login lasts, in s, m, h or d",
    ),
    Variable(
        name="AUTH_COOKIE_PREFIX",
        attribute="cookie_prefix",
        parse=_parse_prefix,
        default="homarr",
        about="what the names of our cookies start with",
    ),
    Variable(
        name="AUTH_SECRET",
        attribute="auth_secret",
        parse=str,
        default="",
        about="key of the form tokens; random at each start when unset",
    ),
    Variable(
        name="CRON_JOB_API_KEY",
        attribute="cron_job_api_key",
        parse=str,
        default="",
        about="key of the tasks API, which refuses everybody when it is unset",
    ),
    Variable(
        name="ALLOWED_ORIGINS",
        attribute="allowed_origins",
        parse=_parse_origins,
        default="",
        about="further origins that may open a WebSocket, with commas",
    ),
    Variable(
        name="TRUSTED_PROXIES",
        attribute="trusted_proxies",
        parse=_parse_networks,
        default="",
        about="proxies whose X-Forwarded-For and -Proto are believed, with commas",
    ),
    Variable(
        name="LOG_LEVEL",
        attribute="log_level",
        parse=_parse_level,
        default="info",
        about="error, warn, info or debug",
    ),
    Variable(
        name="NO_EXTERNAL_CONNECTION",
        attribute="no_external_connection",
        parse=parse_boolean,
        default="false",
        about="true: no request leaves for the internet",
    ),
    Variable(
        name="NODE_ENV",
        attribute="production",
        parse=_parse_environment,
        default="production",
        about="development: errors carry their details",
    ),
)
