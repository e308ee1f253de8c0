"""The style sheet, the script and the icon: read once, served from memory.

Their URL carries a hash of the content, so a browser may keep them for ever
and still gets the new ones after an upgrade.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One static file."""

    name: str
    content: bytes
    content_type: str
    version: str

    @property
    def url(self) -> str:
        """Where the page finds it."""

        return f"/static/{self.name}?v={self.version}"


Assets = Mapping[str, Asset]


def read_assets(folder: Path = _FOLDER) -> Assets:
    """Read every static file; a file of an unknown kind is an error."""

    return {path.name: _read(path) for path in sorted(folder.iterdir())}


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(
        name=path.name,
        content=content,
        content_type=_TYPES[path.suffix],
        version=hashlib.sha256(content).hexdigest()[:16],
    )
