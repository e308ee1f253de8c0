"""The files that reports are kept in: JSON, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from memory_report.errors import ReportFileError
from memory_report.records import SCHEMA, Report


def check_writable(path: Path) -> None:
    """Refuse a path before minutes are spent on what could not be kept there."""

    if path.is_dir() or not path.parent.is_dir():
        raise ReportFileError(f"cannot write {path}: it needs a folder and a name")


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
    """Read a report that `write_json` wrote."""

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReportFileError(f"cannot read {path}: {error.strerror}") from error

    try:
        schema = msgspec.json.decode(data, type=_Schema).schema
        if schema != SCHEMA:
            raise ReportFileError(
                f"{path} has schema {schema}, this program reads {SCHEMA}; measure anew"
            )

        return msgspec.json.decode(data, type=Report)
    except msgspec.MsgspecError as error:
        raise ReportFileError(f"{path} is not a memory report: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schema:
    schema: int
