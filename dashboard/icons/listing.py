"""What a repository lists: its images, with the checksums of their contents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

import msgspec

from dashboard.errors import OutgoingError
from dashboard.outgoing import fetch_json, name_server
from dashboard.settings import Settings
from dashboard.sources import IconSource

ENDINGS = {".png", ".svg", ".jpeg"}
#: GitHub cuts its lists at 7 MB; the other one has no such bound.
MAX_BYTES = 16 * 1024 * 1024
#: Five of them fit into the time of the job.
TIMEOUT = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An icon that there is, wherever."""

    #: With its ending.
    name: str
    url: str
    checksum: str


class _File(msgspec.Struct, gc=False):
    """A file, in the words of GitHub (path, sha) or of jsDelivr (name, hash)."""

    path: str = ""
    sha: str = ""
    name: str = ""
    hash: str = ""


class _List(msgspec.Struct):
    tree: list[_File] = msgspec.field(default_factory=list)
    files: list[_File] = msgspec.field(default_factory=list)


async def list_icons(source: IconSource, *, settings: Settings) -> list[Listed]:
    """Ask for a repository's list; raises OutgoingError, also for an empty one."""
    found = await fetch_json(
        source.list_url,
        _List,
        settings=settings,
        max_bytes=MAX_BYTES,
        timeout=TIMEOUT,
    )
    icons = []
    for file in (*found.tree, *found.files):
        path = PurePosixPath(file.path or file.name)
        checksum = file.sha or file.hash
        if path.suffix in ENDINGS and checksum:
            icons.append(
                Listed(
                    name=path.name,
                    url=source.icon_url.format(
                        path=quote(str(path).lstrip("/")), stem=quote(path.stem)
                    ),
                    checksum=checksum,
                )
            )

    if not icons:
        # Whatever else the server says must not empty the table.
        raise OutgoingError(name_server(source.list_url), "it lists no icons")

    return icons
