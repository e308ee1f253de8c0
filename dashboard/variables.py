"""The environment variables that the application reads: a table, row by row.

`VARIABLES` is the whole list: a variable is read from it or nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard.setting_words import (
    parse_boolean,
    parse_disabled,
    parse_driver,
    parse_duration,
    parse_engine,
    parse_environment,
    parse_journal_mode,
    parse_level,
    parse_location,
    parse_networks,
    parse_origins,
    parse_prefix,
    parse_presence,
    parse_providers,
    parse_redis,
    parse_size,
    parse_url,
    parse_zone,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One environment variable, and how its text becomes a setting."""

    name: str
    attribute: str
    parse: Callable[[str], Any]
    default: str
    about: str


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
        name="CACHE_SIZE",
        attribute="cache_size",
        parse=parse_size,
        default="64mb",
        about="memory for cached answers and last events, in kb, mb or gb",
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
        name="CRON_TIMEZONE",
        attribute="cron_zone",
        parse=parse_zone,
        default="",
        about="time zone of cron expressions, as Europe/Berlin; else the system's",
    ),
    Variable(
        name="TASKS_ENGINE",
        attribute="tasks_engine",
        parse=parse_engine,
        default="embedded",
        about="what runs the jobs: embedded, or saq for a queue in Redis",
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
        name="DISABLE_REDIS_LOGS",
        attribute="log_transport",
        parse=parse_disabled,
        default="false",
        about="true: no log lines for those who read the log in their browser",
    ),
    Variable(
        name="CI",
        attribute="continuous_integration",
        parse=parse_presence,
        default="",
        about="anything but a word for no: as DISABLE_REDIS_LOGS=true",
    ),
    Variable(
        name="NO_EXTERNAL_CONNECTION",
        attribute="no_external_connection",
        parse=parse_boolean,
        default="false",
        about="true: no request leaves for the internet",
    ),
    Variable(
        name="OUTGOING_ALLOWED_NETWORKS",
        attribute="outgoing_allowed_networks",
        parse=parse_networks,
        default="",
        about="link-local and metadata addresses that names and redirects may lead to",
    ),
    Variable(
        name="UPDATE_CHECK_URL",
        attribute="update_check_url",
        parse=parse_url,
        default="",
        about="list of releases in GitHub's form; nothing is asked when unset",
    ),
    Variable(
        name="BACKUP_PATH",
        attribute="backup_path",
        parse=str,
        default="",
        about="folder of the daily backups; backups beside the database when unset",
    ),
    Variable(
        name="MEMORY_REPORT_PATH",
        attribute="memory_report_path",
        parse=str,
        default="",
        about="folder of the memory report that is shown; the database's when unset",
    ),
    Variable(
        name="NODE_ENV",
        attribute="production",
        parse=parse_environment,
        default="production",
        about="development: errors carry their details",
    ),
)
