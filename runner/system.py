"""What the operating system says of processes and ports.

The only file that calls psutil. Sizes are bytes, times are seconds.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil

#: After the heap is frozen: new objects until the youngest are looked through, such
#: collections until those that outlived one are as well, and those until all are.
#: The first holds every lane up for as long as there is youth to look at: 5 000 objects
#: took over a millisecond, and were felt in the slowest hundredth of what other lanes
#: answered. A full one takes tens of milliseconds: while there is work it comes after
#: five million objects, and `relief.py` makes up for it.
GC_THRESHOLDS = (1000, 20, 250)
#: Descriptors that we ask for: more than all our limits on connections together.
MAX_FILES = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """The memory of one process at an instant, in bytes."""

    #: Resident set size: every page mapped, counted again in each process.
    rss: int
    #: Proportional set size: a page shared by n processes counts 1/n.
    pss: int
    #: Unique set size: what would be freed if the process ended.
    uss: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a process holds and has used besides memory."""

    threads: int
    #: Open file descriptors, sockets included.
    files: int
    #: User and system time so far, in seconds of one core.
    cpu_seconds: float


def read_footprint(pid: int | None = None) -> Footprint:
    """Read the footprint of a process, this one by default.

    On Linux all three figures come from one read of `smaps_rollup`, so they
    belong together; the kernel's cheaper counters lag behind by design
    (https://www.kernel.org/doc/html/latest/filesystems/proc.html).
    Elsewhere the platform has no PSS: USS stands in for it, and where even
    that needs more rights, RSS does.

    Raises:
        ProcessLookupError: the process has ended.
        PermissionError: it belongs to somebody else.
    """

    if psutil.LINUX:
        return _read_smaps_rollup("self" if pid is None else str(pid))

    process = _process(pid)
    rss = process.memory_info().rss
    try:
        uss = process.memory_full_info().uss
    except psutil.AccessDenied:
        uss = rss

    return Footprint(rss=rss, pss=uss, uss=uss)


def read_activity(pid: int | None = None) -> Activity:
    """Read thread count, open files and CPU time, of this process by default."""

    process = _process(pid)
    with process.oneshot():
        times = process.cpu_times()
        return Activity(
            threads=process.num_threads(),
            files=process.num_fds(),
            cpu_seconds=times.user + times.system,
        )


def list_descendants(pid: int | None = None) -> list[int]:
    """Return the ids of a process's children and their children, parents first."""

    try:
        return [child.pid for child in _process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def find_listener(port: int) -> tuple[int, str] | None:
    """Return the pid and name of the process that listens on a TCP port.

    None where nobody does, or where the system does not tell us.
    """

    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.AccessDenied, PermissionError):
        return None

    for connection in connections:
        address: Any = connection.laddr  # empty, or with a port
        listens = connection.status == psutil.CONN_LISTEN and address
        if listens and address.port == port and connection.pid:
            try:
                return connection.pid, psutil.Process(connection.pid).name()
            except psutil.Error:
                return connection.pid, "?"

    return None


def trim_heap() -> bool:
    """Give the allocator's free pages back to the system; say whether it could."""

    heap_trim = getattr(psutil, "heap_trim", None)
    if heap_trim is None:
        return False

    heap_trim()
    return True


def raise_file_limit() -> None:
    """Let this process open as many files as it may, for its connections."""

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def freeze_heap() -> None:
    """Take all objects that live now out of every later garbage collection.

    What was imported is there to stay, and looking through it again and again
    would hold up every event loop of the interpreter, for tens of milliseconds.
    """

    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def cap_arenas(count: int) -> bool:
    """Limit glibc's malloc to `count` arenas; say whether it could.

    Each thread otherwise gets an arena of its own that keeps its own peak
    (mallopt(3)). To be called before the first thread.
    """

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False

    arena_max = -8  # M_ARENA_MAX in <malloc.h>
    return bool(mallopt(arena_max, count))


def read_age() -> float:
    """Return how long ago this process began, in seconds.

    On Linux exact to 10 ms. psutil's create_time() is not: it adds up from the
    time of boot, which the kernel tells in whole seconds.
    """

    if not psutil.LINUX:
        return max(0.0, time.time() - _this_process().create_time())

    after_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    ticks = int(after_name[19])  # field 22, starttime; see proc_pid_stat(5)
    began = ticks / os.sysconf("SC_CLK_TCK")
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - began)


def _read_smaps_rollup(pid: str) -> Footprint:
    rss = pss = uss = 0
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
    except FileNotFoundError as error:
        raise ProcessLookupError(f"process {pid} has ended") from error

    # Behind the first line, which is the address range that the sums cover.
    for line in text.splitlines()[1:]:
        key, size, *_ = line.split()
        if key == b"Rss:":
            rss = int(size)
        elif key == b"Pss:":
            pss = int(size)
        elif key in (b"Private_Clean:", b"Private_Dirty:"):
            uss += int(size)

    return Footprint(rss=rss * 1024, pss=pss * 1024, uss=uss * 1024)


@cache
def _this_process() -> psutil.Process:
    return psutil.Process()


def _process(pid: int | None) -> psutil.Process:
    return _this_process() if pid is None else psutil.Process(pid)
