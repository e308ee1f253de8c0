"""The machine, the interpreter and the libraries that a report was measured with."""

from __future__ import annotations

import compileall
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

from memory_report.arrangements import ROOT
from memory_report.cgroup import PROC, SYS
from memory_report.errors import MeasurementError
from memory_report.records import Environment
from memory_report.redis_server import find_redis_server, read_redis_version

#: What the services import; whatever is not installed is left out.
DISTRIBUTIONS = (
    "aiosqlite", "anyio", "bcrypt", "cronsim", "h11", "httpcore", "hypercorn",
    "msgspec", "psutil", "quart", "redis", "trio", "trio-websocket", "uvloop",
)  # fmt: skip
#: What is launched, and compiled before that.
PACKAGES = ("runner", "dashboard", "services", "memory_report")


def check_system() -> None:
    """Refuse a system that has no figures to give.

    Raises:
        MeasurementError: there is no `smaps_rollup` (Linux has it since 4.14).
    """

    if not Path("/proc/self/smaps_rollup").exists():
        raise MeasurementError(
            "this system has no /proc/PID/smaps_rollup; the report needs Linux"
        )


def read_environment(*, bytecode: str, redis: bool = True) -> Environment:
    """Describe where we are; `redis` says whether one is launched.

    Raises:
        ProgramMissingError: it is, and there is none.
    """

    version = f"redis-server {read_redis_version(find_redis_server())}" if redis else ""
    return Environment(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        kernel=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        cpu=find_in(r"model name\s*: (.*)", PROC / "cpuinfo"),
        cpus=len(os.sched_getaffinity(0)),
        memory=int(find_in(r"MemTotal:\s*(\d+)", PROC / "meminfo") or 0) * 1024,
        huge_pages=find_in(
            r"\[(\w+)\]", SYS / "kernel/mm/transparent_hugepage/enabled"
        ),
        bytecode=bytecode,
        redis=version,
        neighbours=count_neighbours(),
        versions=_read_versions(),
    )


def compile_bytecode() -> str:
    """Compile our packages as an installation does, and say how that went.

    Compiling at start leaves memory behind that no installed service has.
    """

    compiled = [
        compileall.compile_dir(ROOT / name, quiet=2, workers=1)
        for name in PACKAGES
        if (ROOT / name).is_dir()
    ]
    return "compiled beforehand" if all(compiled) else "could not all be compiled"


def count_neighbours(program: str = sys.executable) -> int:
    """Count other processes that run a program, by default this interpreter.

    They share its pages, so each of them lowers the PSS of what we launch.
    """

    interpreter = Path(program).resolve()
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            runs = (process / "exe").readlink()
        except OSError:
            continue  # it has ended, or is not ours to look at

        count += runs == interpreter and process.name != str(os.getpid())

    return count


def _read_versions() -> dict[str, str]:
    versions = {}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # an optional one, such as uvloop

    return versions


def find_in(pattern: str, path: Path) -> str:
    """Return the first group of a pattern in a file of the kernel's, if it is there."""

    try:
        found = re.search(pattern, path.read_text(encoding="utf-8"))
    except OSError:
        return ""

    return found[1].strip() if found else ""
