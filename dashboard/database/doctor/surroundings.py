"""What the file lives on and beside, looked at without opening it."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from dashboard.database.doctor.findings import (
    MIB,
    Finding,
    ok,
    problem,
    show_size,
    warning,
)
from dashboard.database.guard import BESIDE
from dashboard.database.processes import ALL, find_users, is_doubled

#: With less room than this the next large write may fail.
LEAST_FREE = 32 * MIB
#: The log is a few MiB in regular use.
LARGEST_LOG = 64 * MIB
#: Seconds.
OLDEST_BACKUP = 7 * 86400.0
#: What our backups are called, after the name of the database.
BACKUP_MARKS = (".backup-", ".daily-", ".before-oneroof")
#: Where the daily ones are, beside the database.
BACKUP_FOLDER = "backups"
BACK_UP = ".venv/bin/python -m dashboard backup (or see that copies are kept elsewhere)"
LOOK_FOR_COPIES = "look for copies kept elsewhere"


def look_at_file(path: Path) -> Finding:
    """Whether there is a file that can be written."""
    try:
        if not path.exists():
            return problem(
                "file",
                f"{path} is not there",
                "set DB_URL, or start the server once to make it",
            )

        if not path.is_file():
            return problem("file", f"{path} is not a file", "set DB_URL to a file")

        found = f"{path}, {show_size(path.stat().st_size)}"
    except OSError as error:
        return problem(
            "file",
            f"{path} cannot be looked at: {error.strerror}",
            "let this user read the file and its folder",
        )

    closed = [one for one in _list_needed(path) if not os.access(one, os.W_OK)]
    if closed:
        names = ", ".join(f"{one.name!r}" for one in closed)
        return warning(
            "file",
            f"{found}; this user may not write {names}",
            "run the doctor as the user of the server; if this is that one, let it"
            " write the file, those beside it (-wal, -shm) and their folder",
        )

    return ok("file", found)


def look_at_permissions(path: Path) -> Finding:
    """Whether others can read the file, or what is beside it, on their way to it."""
    found = [one for one in _list_files(path) if one.stat().st_mode & 0o077]
    if not found:
        return ok("permissions", "nobody but the owner may read it")

    # Its group may be meant to: a program that makes backups, for one.
    others = [one for one in found if one.stat().st_mode & 0o006]
    if not others:
        return ok("permissions", "nobody but the owner and the group may read it")

    if not all(one.stat().st_mode & 0o001 for one in path.resolve().parents):
        return ok("permissions", "its folder lets nobody else come to it")

    return warning(
        "permissions",
        "every user of this machine may read it, and session tokens are in it",
        # With what is beside it, backups too.
        f"chmod o= {shlex.quote(str(path))}*",
    )


def look_at_log(path: Path) -> Finding:
    """How much was written and is not in the file itself yet."""
    size = size_of(Path(f"{path}-wal"))
    if size == 0:
        return ok("log", "nothing waits to be moved into the file")

    if size <= LARGEST_LOG:
        return ok("log", f"{show_size(size)} beside the file, to be moved into it")

    return warning(
        "log",
        f"{show_size(size)} beside the file, which nobody has moved into it",
        "some program reads for very long: look which ones have the file open, and"
        " restart the server",
    )


def look_at_room(path: Path, free: int) -> Finding:
    """Whether `free` bytes are enough for the log and a copy of the file."""
    if free < LEAST_FREE:
        return problem(
            "room",
            f"{show_size(free)} are free",
            "free some space on the disk of the file",
        )

    if free < 2 * (size_of(path) + size_of(Path(f"{path}-wal"))):
        return warning(
            "room",
            f"{show_size(free)} are free, less than twice the database",
            "free some space: backups and migrations need as much as the database",
        )

    return ok("room", f"{show_size(free)} are free")


def look_at_backups(path: Path, now: float, *, damaged: bool = False) -> Finding:
    """Whether there is a backup beside the file, and of when; `now` in Unix seconds.

    Of a file that is `damaged` none should be made any more.
    """
    advice = LOOK_FOR_COPIES if damaged else BACK_UP
    times = {copy: copy.stat().st_mtime for copy in _find_backups(path)}
    if not times:
        return warning("backups", "none beside the database", advice)

    newest = max(times, key=times.__getitem__)
    found = f"{len(times)} beside the database, the newest is {newest.name}"
    age = now - times[newest]
    if age > OLDEST_BACKUP:
        return warning("backups", f"{found}, {age / 86400:.0f} days old", advice)

    return ok("backups", found)


def look_at_processes(path: Path, processes: Path = ALL) -> Finding:
    """Which processes have the file open, and none through two SQLite libraries."""
    users = sorted(int(process.name) for process in find_users(path, processes))
    doubled = [pid for pid in users if is_doubled(path, processes / f"{pid}")]
    if doubled:
        return problem(
            "processes",
            f"two SQLite libraries have the file open in {_name(doubled)}",
            "end it at once: what the one writes is lost to the other",
        )

    return ok("processes", f"open in {_name(users)}, as far as this user can see")


def free_bytes(path: Path) -> int:
    """The room on the disk of a file."""
    return shutil.disk_usage(path.parent).free


def size_of(path: Path) -> int:
    """The bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _list_files(path: Path) -> list[Path]:
    """The file, and what SQLite has beside it."""
    return [path, *(one for one in _name_beside(path) if one.exists())]


def _list_needed(path: Path) -> list[Path]:
    """What has to be writable."""
    return [*_list_files(path), path.parent]


def _name_beside(path: Path) -> Iterator[Path]:
    for suffix in BESIDE:
        yield Path(f"{path}{suffix}")


def _find_backups(path: Path) -> Iterator[Path]:
    for folder in (path.parent, path.parent / BACKUP_FOLDER):
        for one in folder.iterdir() if folder.is_dir() else ():
            mark = one.name.removeprefix(path.name)
            if mark != one.name and mark.startswith(BACKUP_MARKS) and one.is_file():
                yield one


def _name(processes: Sequence[int]) -> str:
    if not processes:
        return "no process"

    return f"process {', '.join(map(str, processes))}"
