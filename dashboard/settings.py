"""The application's settings, read once from the environment.

`VARIABLES` is the whole list: a variable is read here or nowhere.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from dashboard.errors import SettingsError
from dashboard.setting_words import (
    SERVERS,
    parse_boolean,
    parse_driver,
    parse_duration,
    parse_environment,
    parse_journal_mode,
    parse_level,
    parse_location,
    parse_networks,
    parse_origins,
    parse_prefix,
    parse_providers,
    parse_redis,
)

__all__ = ["VARIABLES", "Settings", "SettingsError", "Variable", "load_settings"]


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


def _check_server(settings: Settings) -> None:
    if settings.db_url.startswith(SERVERS) and settings.db_driver != "libsql":
        raise SettingsError(
            "DB_URL",
            settings.db_url,
            "only libsql reaches a server; set DB_DRIVER=libsql, or give a path",
        )


def _hide_password(text: str) -> str:
    text = re.sub(r"://[^@/]*@", "://…@", text)
    return re.sub(r"(?i)(token=)[^&#]*", r"\1…", text)


VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="DB_URL",
        attribute="db_url",
        parse=parse_location,
        default="./appdata/db/db.sqlite",
        about="path of the SQLite file, with or without file: in front, or for libsql "
        "the URL of a server",
    ),
    Variable(
        name="DB_DRIVER",
        attribute="db_driver",
        parse=parse_driver,
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
        parse=parse_journal_mode,
        default="wal",
        about="wal, or delete to keep a file in the mode that Homarr leaves it in",
    ),
    Variable(
        name="REDIS_URL",
        attribute="redis_url",
        parse=parse_redis,
        default="",
        about="Redis that carries events between processes; none when unset",
    ),
    Variable(
        name="AUTH_PROVIDERS",
        attribute="auth_providers",
        parse=parse_providers,
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
        parse=parse_prefix,
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
        parse=parse_origins,
        default="",
        about="further origins that may open a WebSocket, with commas",
    ),
    Variable(
        name="TRUSTED_PROXIES",
        attribute="trusted_proxies",
        parse=parse_networks,
        default="",
        about="proxies whose X-Forwarded-For and -Proto are believed, with commas",
    ),
    Variable(
        name="LOG_LEVEL",
        attribute="log_level",
        parse=parse_level,
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
        parse=parse_environment,
        default="production",
        about="development: errors carry their details",
    ),
)
