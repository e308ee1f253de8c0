"""The files that reports are kept in: JSON, whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from memory_report.errors import ReportFileError
from memory_report.records import SCHEMA, Report

#: What there is as JSON: by a key that only it has, what it is.
_KINDS = {
    "environment": "is a memory report, which `show` prints",
    "figures": "has figures alone, as `--format json` prints them; give the file that "
    "`--json` kept",
    "verdicts": "has verdicts alone; give the file that `measure --json` kept",
    "names": "is a recording, which only `show` prints",
    "slopes": "is an attribution, which `attribute --kept` prints",
    "last": "is a reviewed baseline, which `baseline show --baseline` prints",
}


def check_writable(path: Path) -> None:
    """Refuse a path before minutes are spent on what could not be kept there."""

    if path.is_dir():
        raise ReportFileError(f"cannot write {path}: it is a folder; name a file in it")

    if not path.parent.is_dir():
        what = "is no folder" if path.parent.exists() else "does not exist"
        raise ReportFileError(f"cannot write {path}: the folder {path.parent} {what}")


def check_not_read(path: Path, sources: Iterable[Path]) -> None:
    """Refuse to write over a file that is read, whatever path leads to it."""

    for source in sources:
        if path.exists() and source.exists() and path.samefile(source):
            raise ReportFileError(
                f"cannot write {path}: it is {source}, which is read; name another file"
            )


def write_json(record: object, path: Path) -> None:
    """Write a record as JSON, whole or not at all."""

    text = msgspec.json.format(msgspec.json.encode(record), indent=1)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        unfinished.write_bytes(text + b"\n")
        unfinished.replace(path)
    except OSError as error:
        raise ReportFileError(f"cannot write {path}: {error.strerror}") from error


def read_report(path: Path) -> Report:
    """Read a report that `write_json` wrote.

    Raises:
        ReportFileError: it is not there, of another schema, or something else, which
            is named.
    """

    data = load_kind(path, "environment", what="a memory report")
    try:
        schema = msgspec.json.decode(data, type=_Schema).schema
        if schema != SCHEMA:
            raise ReportFileError(
                f"{path} has schema {schema}, this program reads {SCHEMA}; measure anew"
            )

        return msgspec.json.decode(data, type=Report)
    except msgspec.MsgspecError as error:
        raise ReportFileError(f"{path} is not a memory report: {error}") from error


def is_recording(path: Path) -> bool:
    """Say whether a file is what `record --json` kept.

    Raises:
        ReportFileError: it cannot be read, or is none of ours.
    """

    return "names" in _load(path, what="a memory report")[1]


def load_kind(path: Path, own: str, *, what: str) -> bytes:
    """Return the content of a file, unless it is another kind of file of ours.

    `own` is the key by which the wanted kind is known, `what` is what it is called.

    Raises:
        ReportFileError: it cannot be read, is no JSON, or is of another kind.
    """

    data, keys = _load(path, what=what)
    for key, kind in _KINDS.items():
        if key in keys and key != own:
            raise ReportFileError(f"{path} {kind}")

    return data


def _load(path: Path, *, what: str) -> tuple[bytes, Collection[str]]:
    """Return a file's content, and the keys of the JSON object that it is."""

    try:
        data = path.read_bytes()
        return data, msgspec.json.decode(data, type=dict[str, msgspec.Raw]).keys()
    except OSError as error:
        raise ReportFileError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ReportFileError(f"{path} is not {what}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schema:
    schema: int
