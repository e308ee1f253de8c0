"""TOML for programs: what `tomllib` has read, with inline tables for all inner ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


def write_toml(content: Mapping[str, Any]) -> str:
    """Return a document that `tomllib` reads as `content`."""

    return "".join(
        f"{_write(key)} = {_write(value)}\n" for key, value in content.items()
    )


def _write(value: Any) -> str:
    if isinstance(value, str):
        # JSON's escapes are TOML's as well, but it leaves one control character bare.
        return msgspec.json.encode(value).decode().replace("\x7f", r"\u007f")

    if isinstance(value, bool):
        return str(value).lower()

    if isinstance(value, Mapping):
        pairs = (f"{_write(key)} = {_write(each)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"

    if isinstance(value, list):
        return f"[{', '.join(map(_write, value))}]"

    return str(value)  # numbers and times
