"""The application's settings, read once from the environment.

Which variables there are stands in `variables.py`, what their text may be in
`setting_words.py`.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from dashboard.errors import SettingsError
from dashboard.setting_words import SERVERS
from dashboard.variables import VARIABLES

__all__ = ["Settings", "SettingsError", "load_settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every knob of the application, parsed and checked."""

    db_url: str = "./appdata/db/db.sqlite"
    db_driver: str = "aiosqlite"
    db_auth_token: str = field(default="", repr=False)
    db_journal_mode: str = "wal"
    redis_url: str | None = field(default=None, repr=False)
    #: Bytes that a process keeps of last messages and cached answers together.
    cache_size: int = 64 * 1024 * 1024
    auth_providers: tuple[str, ...] = ("credentials",)
    session_timeout: float = 30 * 86400.0
    cookie_prefix: str = "homarr"
    auth_secret: str = field(default="", repr=False)
    cron_job_api_key: str = field(default="", repr=False)
    #: Whose time of day cron expressions mean; None for the system's.
    cron_zone: tzinfo | None = None
    #: What runs the jobs: "embedded" or "saq".
    tasks_engine: str = "embedded"
    allowed_origins: tuple[str, ...] = ()
    #: Peers whose X-Forwarded-For and X-Forwarded-Proto are believed.
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    log_level: str = "info"
    log_transport: bool = True
    continuous_integration: bool = False
    no_external_connection: bool = False
    #: Link-local and metadata addresses that requests of ours may go to all the same.
    outgoing_allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    #: Where newer versions are announced, as GitHub lists releases.
    update_check_url: str = ""
    #: The folder of the daily backups; empty for the one beside the database.
    backup_path: str = ""
    #: The folder of the kept memory report; empty for that of the database.
    memory_report_path: str = ""
    production: bool = True

    @property
    def cookie_name(self) -> str:
        """The session cookie that we set."""
        return f"{self.cookie_prefix}.session-token"

    @property
    def passes_on_log(self) -> bool:
        """Whether what is logged goes over the bus to those who read it elsewhere."""
        return self.log_transport and not self.continuous_integration

    @property
    def accepted_cookie_names(self) -> tuple[str, ...]:
        """The session cookies that we read: ours, then those of Homarr's versions."""
        names = (self.cookie_name, "homarr.session-token", "authjs.session-token")
        return tuple(dict.fromkeys(names))


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
    if settings.tasks_engine == "saq" and settings.redis_url is None:
        raise SettingsError("TASKS_ENGINE", "saq", "SAQ needs a Redis; set REDIS_URL")

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
