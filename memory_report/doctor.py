"""What on this machine would spoil a measurement, or make it impossible."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys as python
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from memory_report.arrangements import ROOT
from memory_report.cgroup import PROC, SYS, find_memory_group
from memory_report.environment import PACKAGES, count_neighbours
from memory_report.errors import ProgramMissingError
from memory_report.redis_server import find_redis_server, read_redis_version

_MIB = 1024 * 1024
#: What the launches of one measurement take at most, with room to spare.
_ROOM = 512 * _MIB


class Mark(Enum):
    """How bad a finding is."""

    OK = "ok"
    #: The figures are right, but not those of another machine.
    NOTE = "note"
    #: The figures may move from launch to launch.
    WARNING = "warning"
    #: Nothing can be measured.
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    mark: Mark
    subject: str
    text: str


def examine(*, proc: Path = PROC, sys: Path = SYS) -> Iterator[Finding]:
    """Look at everything that a figure depends on, the gravest first."""

    yield check_smaps(proc)
    yield check_children(proc)
    yield check_redis()
    yield check_room(proc, sys)
    yield check_swap(proc)
    yield check_huge_pages(sys)
    yield check_merging(sys)
    yield check_pressure(proc)
    yield check_neighbours()
    yield check_bytecode()
    yield check_environment(os.environ)


def check_smaps(proc: Path) -> Finding:
    """Check that the kernel says what a process has."""

    if (proc / "self/smaps_rollup").exists():
        return Finding(Mark.OK, "smaps", "the kernel tells PSS and USS of a process")

    text = "no /proc/PID/smaps_rollup: a report needs Linux 4.14 or newer"
    return Finding(Mark.FAULT, "smaps", text)


def check_children(proc: Path) -> Finding:
    """Check that the memory of a process that we start may be read by us."""

    command = [python.executable, "-S", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        try:
            (proc / str(child.pid) / "smaps_rollup").read_bytes()
        except OSError as error:
            reason = f"the memory of our own children cannot be read: {error.strerror}"
            return Finding(Mark.FAULT, "rights", reason)
        finally:
            child.kill()

    return Finding(Mark.OK, "rights", "the memory of our own children can be read")


def check_redis() -> Finding:
    """Check for the bus that separate processes need."""

    try:
        program = find_redis_server()
    except ProgramMissingError as error:
        return Finding(Mark.FAULT, "redis", str(error))

    return Finding(Mark.OK, "redis", f"redis-server {read_redis_version(program)}")


def check_room(proc: Path, sys: Path) -> Finding:
    """Check that the launches fit into what is free, here and in our group."""

    free = _read_kib(proc / "meminfo", "MemAvailable")
    where = "on the machine"
    group = find_memory_group(proc=proc, sys=sys)
    if group is None:
        name = "no memory control group"
    else:
        name = f"control group v{group.version}"
        limit, usage = group.read_limit(), group.read_usage()
        if limit is not None and usage is not None:
            name += f" of {limit / _MIB:.0f} MiB"
            if limit - usage < free:
                free, where = limit - usage, "in the group"

    mark = Mark.OK if free >= _ROOM else Mark.WARNING
    return Finding(mark, "room", f"{free / _MIB:.0f} MiB free {where}; {name}")


def check_swap(proc: Path) -> Finding:
    """Check whether memory can leave for a disk, where PSS does not count it."""

    total = _read_kib(proc / "meminfo", "SwapTotal")
    if not total:
        return Finding(Mark.OK, "swap", "off")

    used = total - _read_kib(proc / "meminfo", "SwapFree")
    text = f"on, {used / _MIB:.0f} of {total / _MIB:.0f} MiB used: what is swapped out"
    return Finding(
        Mark.WARNING if used else Mark.NOTE, "swap", f"{text} counts nowhere"
    )


def check_huge_pages(sys: Path) -> Finding:
    """Check whether the kernel rounds heaps up to 2 MiB pages when it likes."""

    path = sys / "kernel/mm/transparent_hugepage/enabled"
    word = _find(r"\[(\w+)\]", path) or "unknown"
    if word != "always":
        return Finding(Mark.OK, "huge pages", word)

    text = "always: heaps grow by up to 2 MiB at the kernel's whim; better madvise"
    return Finding(Mark.WARNING, "huge pages", text)


def check_merging(sys: Path) -> Finding:
    """Check whether the kernel merges equal pages of different processes."""

    if _find(r"(\d)", sys / "kernel/mm/ksm/run") != "1":
        return Finding(Mark.OK, "page merging", "off")

    text = "on (ksm): separate processes may look smaller than they are"
    return Finding(Mark.NOTE, "page merging", text)


def check_pressure(proc: Path) -> Finding:
    """Check whether others want the memory, by the kernel's own figure."""

    share = _find(r"some avg10=([\d.]+)", proc / "pressure/memory")
    if not share:
        return Finding(Mark.OK, "pressure", "the kernel does not tell")

    mark = Mark.WARNING if float(share) > 1 else Mark.OK
    text = f"processes waited for memory {float(share):g} % of the last 10 s"
    return Finding(mark, "pressure", text)


def check_neighbours() -> Finding:
    """Check for others that share our interpreter's pages."""

    count = count_neighbours()
    if not count:
        return Finding(Mark.OK, "neighbours", "nobody else runs this interpreter")

    text = f"other processes of this interpreter: {count}; they lower the PSS of ours"
    return Finding(Mark.NOTE, "neighbours", text)


def check_bytecode() -> Finding:
    """Check that what is launched is compiled: compiling at start costs 10 MiB."""

    missing = sum(
        not Path(importlib.util.cache_from_source(str(source))).exists()
        for name in PACKAGES
        for source in (ROOT / name).rglob("*.py")
    )
    if not missing:
        return Finding(Mark.OK, "bytecode", "compiled beforehand")

    text = f"modules that are not compiled: {missing}; `measure` compiles them first"
    return Finding(Mark.NOTE, "bytecode", text)


def check_environment(environ: os._Environ[str] | dict[str, str]) -> Finding:
    """Check for variables that change an allocator; what is launched has none."""

    names = ("MALLOC_ARENA_MAX", "MALLOC_CONF", "PYTHONMALLOC", "LD_PRELOAD")
    found = [name for name in names if environ.get(name)]
    if not found:
        return Finding(Mark.OK, "environment", "no variable changes the allocator")

    text = f"{', '.join(found)}: not handed on to what is launched"
    return Finding(Mark.NOTE, "environment", text)


def _read_kib(path: Path, field: str) -> int:
    return int(_find(rf"{field}:\s*(\d+)", path) or 0) * 1024


def _find(pattern: str, path: Path) -> str:
    try:
        found = re.search(pattern, path.read_text(encoding="utf-8"))
    except OSError:
        return ""

    return found[1] if found else ""
