"""What the file lives on and beside, looked at without opening it."""

from __future__ import annotations

import os
import shutil
from collections import Counter
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

#: With less room than this the next large write may fail.
LEAST_FREE = 32 * MIB
#: The log is a few MiB in regular use.
LARGEST_LOG = 64 * MIB
#: Seconds.
OLDEST_BACKUP = 7 * 86400.0
#: What our backups are called, after the name of the database.
BACKUP_MARKS = (".backup-", ".before-oneroof")
BACK_UP = "python -m dashboard backup (or see that copies are kept elsewhere)"


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

    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return warning(
            "file",
            f"{found}, which this user may not write",
            "run the doctor as the user of the server; if this is that one, let it"
            " write the file and its folder",
        )

    return ok("file", found)


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


def look_at_backups(path: Path, now: float) -> Finding:
    """Whether there is a backup beside the file, and of when; `now` in Unix seconds."""
    times = {copy: copy.stat().st_mtime for copy in _find_backups(path)}
    if not times:
        return warning("backups", "none beside the database", BACK_UP)

    newest = max(times, key=times.__getitem__)
    found = f"{len(times)} beside the database, the newest is {newest.name}"
    age = now - times[newest]
    if age > OLDEST_BACKUP:
        return warning("backups", f"{found}, {age / 86400:.0f} days old", BACK_UP)

    return ok("backups", found)


def look_at_processes(path: Path, processes: Path = Path("/proc")) -> Finding:
    """Which processes have the file open, and none through two SQLite libraries.

    A library maps the shared memory of a file in WAL mode once, whatever the number of
    its connections. Processes of other users are seen by root alone.
    """
    name = str(path.resolve())
    users = sorted(
        int(process.name)
        for process in processes.glob("[0-9]*")
        if _has_open(process, name)
    )
    doubled = [pid for pid in users if _count_libraries(processes / f"{pid}", name) > 1]
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


def _find_backups(path: Path) -> Iterator[Path]:
    for one in path.parent.iterdir():
        mark = one.name.removeprefix(path.name)
        if mark != one.name and mark.startswith(BACKUP_MARKS) and one.is_file():
            yield one


def _name(processes: Sequence[int]) -> str:
    if not processes:
        return "no process"

    return f"process {', '.join(map(str, processes))}"


def _has_open(process: Path, name: str) -> bool:
    try:
        return any(
            os.readlink(descriptor) == name  # noqa: PTH115 - a Path for each of many
            for descriptor in (process / "fd").iterdir()
        )
    except OSError:
        # Another user's, or it has just ended.
        return False


def _count_libraries(process: Path, name: str) -> int:
    try:
        lines = (process / "maps").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return 0

    offsets: Counter[str] = Counter()
    for line in lines:
        # address, permissions, offset, device, inode, path
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5] == f"{name}-shm":
            offsets[fields[2]] += 1

    return max(offsets.values(), default=0)
