"""Where a database is: a file, or a server that speaks libSQL's protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dashboard.setting_words import SERVERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A libSQL server (sqld, Turso); `url` has one of SERVERS."""

    url: str
    auth_token: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.url


def locate(url: str | Path, *, auth_token: str = "") -> Path | Server:
    """Tell a server's URL from a file's path, which is made absolute."""
    # aiolibsql would make a file of any other URL's name.
    if isinstance(url, str) and url.startswith(SERVERS):
        return Server(url=url, auth_token=auth_token)

    return Path(url).expanduser().absolute()
