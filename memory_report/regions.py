"""A process's memory by what is mapped: from /proc/PID/smaps, file by file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from memory_report.errors import MeasurementError

HEAP, ANONYMOUS, STACK = "[heap]", "[anonymous]", "[stack]"

#: glibc puts one page that nobody may touch below each thread's stack.
_GUARD = 4096
_HEAD = re.compile(
    rb"(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<rights>\S{4}) \S+ \S+ \d+ *"
    rb"(?P<name>.*)"
)
#: What a file's name says of whose it is; the first pattern that fits counts.
_GROUPS = (
    (re.compile(r"\[heap\]"), "malloc's heap"),
    (re.compile(r"\[anonymous\]"), "Python's objects and other anonymous memory"),
    (re.compile(r"\[stack\]"), "stacks"),
    (re.compile(r"\[.*\]"), "the kernel's pages"),
    (re.compile(r".*\.sqlite(-\w+)?( \(deleted\))?"), "the database's files"),
    (re.compile(r".*/(lib|_)sqlite3[^/]*"), "SQLite"),
    (re.compile(r".*/(libssl|libcrypto|_ssl|_hashlib)[^/]*"), "OpenSSL"),
    (re.compile(r".*/(libpython|python)[^/]*"), "the interpreter"),
    (re.compile(r".*/lib-dynload/[^/]*"), "the standard library's extensions"),
    (re.compile(r".*/(site|dist)-packages/([^/.]+)(\..*|/.*)?"), r"extension: \2"),
    (re.compile(r".*\.so(\..*)?"), "the system's libraries"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What a process has resident of one mapped file, or of one kind of memory."""

    #: A file's path, or a kind in brackets: `[heap]`, `[anonymous]`, `[stack]`.
    name: str
    #: Pages that are the process's own: nobody else could have the same.
    own: int
    #: Pages of the file itself, which all who map it have in common.
    cached: int


@dataclass(slots=True, kw_only=True)
class _Mapping:
    start: int
    end: int
    rights: str
    name: str
    rss: int = 0
    anonymous: int = 0


def read_regions(pids: Iterable[int], *, proc: Path = Path("/proc")) -> list[Region]:
    """Read what processes have resident, the largest first.

    Of a file that several of them map, the pages of the one that has most count:
    the others have the same.

    Raises:
        MeasurementError: a process has ended, or is not ours to look at.
    """

    own: Counter[str] = Counter()
    cached: Counter[str] = Counter()
    for pid in pids:
        kept: Counter[str] = Counter()
        for mapping in _label(_read(proc / f"{pid}/smaps")):
            own[mapping.name] += mapping.anonymous
            kept[mapping.name] += mapping.rss - mapping.anonymous

        cached |= kept

    regions = [
        Region(name=name, own=own[name], cached=cached[name])
        for name in own.keys() | cached.keys()
        if own[name] or cached[name]
    ]
    return sorted(regions, key=lambda each: (-each.own - each.cached, each.name))


def add_up_apart(processes: Iterable[Sequence[Region]]) -> int:
    """Return what processes would take side by side, in bytes.

    Each has its own pages; a file's pages are there once, as many as the process
    that has most of them. That is the least they could take.
    """

    own = 0
    cached: Counter[str] = Counter()
    for regions in processes:
        own += sum(region.own for region in regions)
        cached |= Counter({region.name: region.cached for region in regions})

    return own + cached.total()


def group_regions(regions: Iterable[Region]) -> dict[str, int]:
    """Return the bytes by whose files they are, the largest first."""

    groups: Counter[str] = Counter()
    for region in regions:
        groups[name_group(region.name)] += region.own + region.cached

    return dict(groups.most_common())


def list_files(regions: Iterable[Region]) -> Iterator[Region]:
    """Yield those that are files, named as people know them.

    Below the folder of installed packages, or without any: where they lie says nothing.
    """

    for region in regions:
        if not region.name.startswith("["):
            _, installed, below = region.name.rpartition("-packages/")
            short = below if installed else region.name.rpartition("/")[2]
            yield replace(region, name=short)


def name_group(name: str) -> str:
    """Return what a region belongs to, by its name."""

    for pattern, group in _GROUPS:
        found = pattern.fullmatch(name)
        if found:
            return found.expand(group)

    return "other files"


def _read(path: Path) -> list[_Mapping]:
    try:
        lines = path.read_bytes().splitlines()
    except (FileNotFoundError, ProcessLookupError) as error:
        reason = f"process {path.parent.name} ended while its memory was read"
        raise MeasurementError(reason) from error
    except PermissionError as error:
        reason = f"no right to read the memory of process {path.parent.name}"
        raise MeasurementError(reason) from error

    return list(_parse(lines))


def _parse(lines: Iterable[bytes]) -> Iterator[_Mapping]:
    mapping = None
    for line in lines:
        head = _HEAD.fullmatch(line)
        if head:
            if mapping is not None:
                yield mapping

            mapping = _Mapping(
                start=int(head["start"], 16),
                end=int(head["end"], 16),
                rights=head["rights"].decode(),
                name=head["name"].decode(errors="replace"),
            )
        elif mapping is not None and line.startswith(b"Rss:"):
            mapping.rss = int(line.split()[1]) * 1024
        elif mapping is not None and line.startswith(b"Anonymous:"):
            mapping.anonymous = int(line.split()[1]) * 1024

    if mapping is not None:
        yield mapping


def _label(mappings: Sequence[_Mapping]) -> Sequence[_Mapping]:
    """Name what has no file: a stack is known by the guard page below it."""

    guarded = None
    for mapping in mappings:
        if not mapping.name:
            stack = guarded == mapping.start and "w" in mapping.rights
            mapping.name = STACK if stack else ANONYMOUS

        guard = mapping.rights == "---p" and mapping.end - mapping.start == _GUARD
        guarded = mapping.end if guard else None

    return mappings
