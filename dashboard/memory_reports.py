"""The memory report that was kept last, as far as a page of the application shows it.

It is a file like any other: only what is shown is read of it, within bounds, and what
is not known is refused with its reason; a file that has not changed is not read again.
Imported by the first visit of the page.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from dashboard.database.drivers import Server, locate
from dashboard.errors import DatabaseOpenError, MemoryReportError
from dashboard.settings import Settings

#: What `python -m memory_report show --format json` prints, and `attribute` likewise.
REPORT = "memory-report.json"
ATTRIBUTION = "memory-attribution.json"
#: Of the files' form. What raises them has to be read before it is shown.
REPORT_SCHEMA = 2
ATTRIBUTION_SCHEMA = 2
#: What makes each of the files.
_SHOW = "`python -m memory_report show FILE --format json`"
_ATTRIBUTE = "`python -m memory_report attribute --format json`"
#: A report is some tens of KiB; whatever is larger is none.
MAX_BYTES = 1024 * 1024

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=2000)]
Size = Annotated[float, Meta(ge=0, le=1e15)]
#: A part of the whole: 0.5 is half of it, and more can be lost than there was.
Part = Annotated[float, Meta(ge=-1000, le=1)]
#: Where its interval ends: of two launches it is wider than what can be.
Bound = Annotated[float, Meta(ge=-1e6, le=1e6)]
_Record = TypeVar("_Record")
_Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes."""

    pss: Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """An arrangement of the services, and what it took, Redis apart."""

    arrangement: Name
    total: Sizes
    redis: Sizes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A part with its 95 % interval; one launch alone has none."""

    value: Part
    lower: Bound | None = None
    upper: Bound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What one process saves of an arrangement, with or without its Redis."""

    baseline: Name
    field: Literal["pss", "uss", "rss"]
    redis: bool
    share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was worked out; `together` is one of the columns."""

    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=50)]
    savings: Annotated[tuple[Saving, ...], Meta(max_length=500)]
    #: Named sentences, of which some say what speaks against the figures.
    notes: Annotated[tuple[tuple[Name, Text], ...], Meta(max_length=500)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where it was measured."""

    python: Name
    kernel: Name
    machine: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How it was measured."""

    repeats: Annotated[int, Meta(ge=1, le=10_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryReport:
    """What is shown of a report."""

    figures: Figures
    environment: Environment
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A mean, in bytes; what a service adds may be less than nothing."""

    value: Annotated[float, Meta(ge=-1e15, le=1e15)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceShare:
    """What one service is answerable for, and what is free once it is switched off."""

    service: Name
    share: Amount
    back: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """The floor, which is nobody's, and the services' shares above it."""

    floor: Amount
    shares: Annotated[tuple[ServiceShare, ...], Meta(max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What is shown of an attribution."""

    figures: Shares


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    schema: int
    #: The samples of a file that `--json` kept, which has no figures.
    launches: list[msgspec.Raw] | None = None
    #: Only an attribution's samples have it.
    imports: msgspec.Raw = msgspec.Raw()
    figures: msgspec.Raw = msgspec.Raw()


#: By what was read: the file, how it was then, and what is shown of it.
_KNOWN: dict[type[Any], tuple[Path, _Mark, Any]] = {}


def find_folder(settings: Settings) -> Path | None:
    """Return the folder of the reports; None: a server's database has none beside it.

    Raises:
        RuntimeError: DB_URL names the home of somebody who has none.
    """

    if settings.memory_report_path:
        return Path(settings.memory_report_path)

    location = locate(settings.db_url, auth_token=settings.db_auth_token)
    return None if isinstance(location, Server) else location.parent


def read_memory_report(path: Path) -> tuple[MemoryReport, float] | None:
    """Read a report, and when it was written in unix seconds; None: there is none.

    Raises:
        MemoryReportError: it cannot be read or shown, with the reason.
    """

    return _read(path, MemoryReport, schema=REPORT_SCHEMA, command=_SHOW)


def read_attribution(path: Path) -> tuple[Attribution, float] | None:
    """Read whose memory it is, in the same way.

    Raises:
        MemoryReportError: it cannot be read or shown, with the reason.
    """

    return _read(path, Attribution, schema=ATTRIBUTION_SCHEMA, command=_ATTRIBUTE)


def _read(
    path: Path, kind: type[_Record], *, schema: int, command: str
) -> tuple[_Record, float] | None:
    mark = _find_mark(path)
    known = _KNOWN.get(kind)
    if known is not None and known[:2] == (path, mark):
        found: tuple[_Record, float] = known[2]
        return found

    try:
        content, written = _load(path)
    except FileNotFoundError:
        return None
    except DatabaseOpenError as error:
        # Reading it as a file would drop SQLite's locks on it.
        raise MemoryReportError(str(path), "is the database") from error
    except OSError as error:
        cause = f"cannot be read: {error.strerror}"
        raise MemoryReportError(str(path), cause) from error

    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.schema != schema:
            raise MemoryReportError(
                str(path), f"has schema {head.schema}, and this page reads {schema}"
            )

        if head.launches is not None and not head.figures:
            raise MemoryReportError(str(path), _name_samples(head))

        found = msgspec.json.decode(content, type=kind), written
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        cause = f"is none that can be shown: {error}; {command} makes one"
        raise MemoryReportError(str(path), cause) from error
    except RecursionError as error:
        raise MemoryReportError(str(path), "is none: it has no end in depth") from error

    if (
        mark is not None
    ):  # of before it was read: should it have changed, it will differ
        _KNOWN[kind] = (path, mark, found)

    return found


def _find_mark(path: Path) -> _Mark | None:
    """Return what tells a file from what it was before; None: reading it says why."""

    try:
        state = path.stat()
    except OSError:
        return None

    return state.st_mtime_ns, state.st_size, state.st_ino


def _name_samples(head: _Head) -> str:
    """Say which samples a file has, and what makes of them what is shown."""

    kept, name, command = ("measure", REPORT, _SHOW)
    if head.imports:
        kept, name = ("attribute", ATTRIBUTION)
        command = _ATTRIBUTE.replace("attribute", "attribute --kept FILE")

    return (
        f"has the raw samples that `{kept} --json` keeps; make {name} of them: "
        f"{command}"
    )


def _load(path: Path) -> tuple[bytes, float]:
    """Return a file's content and the time of its last change."""

    # Without waiting: a pipe in its place would never answer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise MemoryReportError(str(path), "is no file")

        content = os.read(descriptor, MAX_BYTES + 1)
    finally:
        os.close(descriptor)

    if len(content) > MAX_BYTES:
        limit = (
            f"has more than {MAX_BYTES // 1024} KiB, which nothing has that `show` or "
            "`attribute` prints with `--format json`"
        )
        raise MemoryReportError(str(path), limit)

    return content, state.st_mtime
