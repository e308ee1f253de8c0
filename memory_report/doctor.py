"""What on this machine would spoil a measurement, or make it impossible."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys as python
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path

from memory_report.arrangements import ROOT
from memory_report.cgroup import PROC, SYS, find_memory_group
from memory_report.environment import (
    DISTRIBUTIONS,
    PACKAGES,
    count_neighbours,
    find_in,
)
from memory_report.errors import MeasurementError
from memory_report.redis_server import find_redis_server, read_redis_version
from memory_report.units import MIB

#: What the launches of one measurement take at most, with room to spare.
_ROOM = 512 * MIB
#: Percent of waiting for a processor from which on latencies tell of others.
_BUSY = 20
#: Of the allocators, and of bytecode that is not where it is looked for.
_VARIABLES = (
    *("MALLOC_ARENA_MAX", "MALLOC_CONF", "PYTHONMALLOC", "LD_PRELOAD"),
    *("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"),
)


class Severity(Enum):
    """How bad a finding is."""

    OK = "ok"
    #: The figures are right, but not those of another machine.
    NOTE = "note"
    #: The figures may move from launch to launch, or some cannot be had.
    WARNING = "warning"
    #: Nothing can be measured.
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    severity: Severity
    subject: str
    text: str


def examine(*, proc: Path = PROC, sys: Path = SYS) -> Iterator[Finding]:
    """Look at everything that a figure depends on, the gravest first."""

    yield check_smaps(proc)
    yield check_children(proc)
    yield check_redis()
    yield check_supervisord()
    yield check_room(proc, sys)
    yield check_swap(proc)
    yield check_huge_pages(sys)
    yield check_merging(sys)
    yield check_pressure(proc)
    yield check_load(proc)
    yield check_neighbours()
    yield check_bytecode()
    yield check_dependencies()
    yield check_environment(os.environ)


def check_smaps(proc: Path) -> Finding:
    """Check that the kernel says what a process has."""

    if (proc / "self/smaps_rollup").exists():
        return Finding(
            Severity.OK, "smaps", "the kernel tells PSS and USS of a process"
        )

    text = "no /proc/PID/smaps_rollup: a report needs Linux 4.14 or newer"
    return Finding(Severity.FAULT, "smaps", text)


def check_children(proc: Path) -> Finding:
    """Check that the memory of a process that we start may be read by us."""

    command = [python.executable, "-S", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        try:
            (proc / str(child.pid) / "smaps_rollup").read_bytes()
        except OSError as error:
            reason = f"the memory of our own children cannot be read: {error.strerror}"
            return Finding(Severity.FAULT, "rights", reason)
        finally:
            child.kill()

    return Finding(Severity.OK, "rights", "the memory of our own children can be read")


def check_redis() -> Finding:
    """Check for the bus that the bundled services need in processes of their own."""

    try:
        version = read_redis_version(find_redis_server())
    except MeasurementError as error:
        text = f"{error}; own services (--plan) and attribute do without it"
        return Finding(Severity.WARNING, "redis", text)

    return Finding(Severity.OK, "redis", f"redis-server {version}")


def check_supervisord() -> Finding:
    """Check for what the shipped arrangement is started by."""

    if importlib.util.find_spec("supervisor") is not None:
        return Finding(Severity.OK, "supervisord", "installed")

    text = (
        "not installed, so no `shipped`: `.venv/bin/pip install 'supervisor>=4.3,<5'`"
    )
    return Finding(Severity.NOTE, "supervisord", text)


def check_room(proc: Path, sys: Path) -> Finding:
    """Check that the launches fit into what is free, here and in our group."""

    free = _read_kib(proc / "meminfo", "MemAvailable")
    where = "on the machine"
    group = find_memory_group(proc=proc, sys=sys)
    if group is None:
        name = "no memory control group"
    else:
        name = f"control group v{group.version}"
        room = group.read_room()
        if room is not None:
            left, limit = room
            name += f" of {limit / MIB:.0f} MiB"
            if left < free:
                free, where = left, "in the group"

    severity = Severity.OK if free >= _ROOM else Severity.WARNING
    return Finding(severity, "room", f"{free / MIB:.0f} MiB free {where}; {name}")


def check_swap(proc: Path) -> Finding:
    """Check whether memory can leave for a disk, where PSS does not count it."""

    total = _read_kib(proc / "meminfo", "SwapTotal")
    if not total:
        return Finding(Severity.OK, "swap", "off")

    used = total - _read_kib(proc / "meminfo", "SwapFree")
    text = f"on, {used / MIB:.0f} of {total / MIB:.0f} MiB used: what is swapped out"
    return Finding(
        Severity.WARNING if used else Severity.NOTE, "swap", f"{text} counts nowhere"
    )


def check_huge_pages(sys: Path) -> Finding:
    """Check whether the kernel rounds heaps up to 2 MiB pages when it likes."""

    folder = sys / "kernel/mm/transparent_hugepage"
    word = find_in(r"\[(\w+)\]", folder / "enabled") or "unknown"
    # Since Linux 6.8 each size has a switch of its own, which may say `inherit`.
    sizes = [
        path.parent.name.removeprefix("hugepages-")
        for path in folder.glob("hugepages-*/enabled")
        if find_in(r"\[(\w+)\]", path) == "always"
    ]
    if word != "always" and not sizes:
        return Finding(Severity.OK, "huge pages", word)

    which = f"always ({', '.join(sorted(sizes))})" if sizes else "always"
    text = f"{which}: heaps grow in such steps at the kernel's whim; better madvise"
    return Finding(Severity.WARNING, "huge pages", text)


def check_merging(sys: Path) -> Finding:
    """Check whether the kernel merges equal pages of different processes."""

    if find_in(r"(\d)", sys / "kernel/mm/ksm/run") != "1":
        return Finding(Severity.OK, "page merging", "off")

    text = "on (ksm): separate processes may look smaller than they are"
    return Finding(Severity.NOTE, "page merging", text)


def check_pressure(proc: Path) -> Finding:
    """Check whether others want the memory, by the kernel's own figure."""

    share = find_in(r"some avg10=([\d.]+)", proc / "pressure/memory")
    if not share:
        return Finding(Severity.OK, "pressure", "the kernel does not tell")

    severity = Severity.WARNING if float(share) > 1 else Severity.OK
    text = f"processes waited for memory {float(share):g} % of the last 10 s"
    return Finding(severity, "pressure", text)


def check_load(proc: Path) -> Finding:
    """Check whether others want the processors: no price is right while they do."""

    share = find_in(r"some avg10=([\d.]+)", proc / "pressure/cpu")
    if not share:
        return Finding(Severity.OK, "load", "the kernel does not tell")

    text = f"processes waited for a processor {float(share):g} % of the last 10 s"
    if float(share) <= _BUSY:
        return Finding(Severity.OK, "load", text)

    return Finding(Severity.WARNING, "load", f"{text}: times and lags will be too long")


def check_neighbours() -> Finding:
    """Check for others that share our interpreter's pages."""

    count = count_neighbours()
    if not count:
        text = "nobody that we may look at runs this interpreter"
        return Finding(Severity.OK, "neighbours", text)

    text = (
        f"other processes of this interpreter: {count}; they lower PSS and USS of each "
        "of ours, but no total of PSS"
    )
    return Finding(Severity.NOTE, "neighbours", text)


def check_bytecode() -> Finding:
    """Check that what is launched is compiled: compiling at start costs 10 MiB."""

    missing = _count_uncompiled(
        path for name in PACKAGES for path in (ROOT / name).rglob("*.py")
    )
    if not missing:
        return Finding(Severity.OK, "bytecode", "compiled beforehand")

    text = f"modules that are not compiled: {missing}; `measure` compiles them first"
    return Finding(Severity.NOTE, "bytecode", text)


def check_dependencies() -> Finding:
    """Check the same of what the services import, which is not ours to compile."""

    missing = {
        name: count
        for name in DISTRIBUTIONS
        if (count := _count_uncompiled(_list_modules(name)))
    }
    if not missing:
        return Finding(Severity.OK, "dependencies", "compiled beforehand")

    text = (
        f"modules that are not compiled: {sum(missing.values())}, of "
        f"{', '.join(missing)}; install them with `pip install --compile`"
    )
    return Finding(Severity.WARNING, "dependencies", text)


def check_environment(environ: os._Environ[str] | dict[str, str]) -> Finding:
    """Check for variables that change memory; what is launched has none of them."""

    found = [name for name in _VARIABLES if environ.get(name)]
    if not found:
        return Finding(Severity.OK, "environment", "no variable changes memory")

    text = f"{', '.join(found)}: not handed on to the bundled services"
    return Finding(Severity.NOTE, "environment", text)


def _list_modules(distribution: str) -> Iterator[Path]:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return  # an optional one

    for file in files:
        if file.suffix == ".py":
            yield Path(str(file.locate()))


def _count_uncompiled(modules: Iterable[Path]) -> int:
    return sum(
        not Path(importlib.util.cache_from_source(str(path))).exists()
        for path in modules
    )


def _read_kib(path: Path, field: str) -> int:
    return int(find_in(rf"{field}:\s*(\d+)", path) or 0) * 1024
