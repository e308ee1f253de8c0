"""Who has a file open, as far as the system tells: by Linux's /proc, or nobody."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ALL = Path("/proc")
THIS = ALL / "self"

#: Device and inode of a file, whatever name it is reached by.
Identity = tuple[int, int]


def identify(path: str) -> Identity | None:
    """What a file is under any name; None where there is none to be looked at."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path costs as much again
    except (OSError, ValueError):
        return None

    return found.st_dev, found.st_ino


def find_users(path: Path, processes: Path = ALL) -> Iterator[Path]:
    """The folders of the processes that have a file open, of those one may look at.

    Those of other users are seen by root alone, and those of other containers by none.
    """
    identity = identify(str(path))
    if identity is None:
        return

    for process in processes.glob("[0-9]*"):
        if has_open(process, identity):
            yield process


def has_open(process: Path, identity: Identity) -> bool:
    """Whether a process has a descriptor of the file, whoever opened it."""
    try:
        numbers = os.listdir(process / "fd")  # noqa: PTH208
    except OSError:
        # Another user's, or it has just ended.
        return False

    return any(identify(f"{process}/fd/{number}") == identity for number in numbers)


def name_process(process: Path) -> str:
    """Its number, and the name of its program where that can be had."""
    name = ""
    with suppress(OSError):
        name = (process / "comm").read_text("utf-8", "replace").strip()

    return f"process {process.name} ({name})" if name else f"process {process.name}"


def can_see_mappings(process: Path = THIS) -> bool:
    """Whether the system lets `is_doubled` look at a process."""
    return _read_mappings(process) is not None


def is_doubled(path: str | Path, process: Path = THIS) -> bool:
    """Whether two libraries have the file open; to be seen in WAL mode only.

    Each library maps the shared-memory file once, however many connections it has.
    """
    shared = f"{os.path.realpath(path)}-shm"
    identity = identify(shared)
    offsets = Counter(
        offset
        for offset, inode, name in _read_mappings(process) or ()
        if name == shared
        or (identity and inode == identity[1] and name.endswith("-shm"))
    )
    return any(count > 1 for count in offsets.values())


def _read_mappings(process: Path) -> list[tuple[str, int, str]] | None:
    """Offset, inode and name of each mapping of a -shm file; None if not to be had."""

    def read() -> Iterator[tuple[str, int, str]]:
        for line in (process / "maps").read_text("utf-8", "replace").splitlines():
            if "-shm" in line:
                # address, permissions, offset, device, inode, path
                _, _, offset, _, inode, name = line.split(maxsplit=5)
                yield offset, int(inode), name.removesuffix(" (deleted)")

    try:
        return list(read())
    except OSError:
        return None
