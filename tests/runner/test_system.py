"""What the operating system says."""

from __future__ import annotations

import gc
import mmap
import os
import socket
import subprocess
import sys
import time

import pytest

from runner.system import (
    cap_arenas,
    find_listener,
    list_descendants,
    read_activity,
    read_age,
    read_footprint,
    trim_heap,
)

MIB = 1 << 20


def test_a_footprint_orders_its_figures():
    """Unique pages are part of the proportional ones, those of the resident ones."""

    footprint = read_footprint()

    assert 0 < footprint.uss <= footprint.pss <= footprint.rss
    assert read_footprint(os.getpid()).rss > 0


def test_memory_that_is_touched_shows_in_every_figure():
    """80 MiB of private pages are 80 MiB of RSS, PSS and USS."""

    before = read_footprint()
    block = mmap.mmap(-1, 80 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    block.write(b"x" * 80 * MIB)
    after = read_footprint()
    block.close()

    for figure in ("rss", "pss", "uss"):
        grown = getattr(after, figure) - getattr(before, figure)
        # The bytes to write may be there twice; and whoever starts or ends elsewhere
        # changes whose pages the shared ones are.
        assert 60 * MIB <= grown <= 180 * MIB


def test_a_process_that_has_ended_has_no_footprint():
    """It is a lookup error, whatever file the system did not find."""

    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()

    with pytest.raises(ProcessLookupError, match=f"process {child.pid} has ended"):
        read_footprint(child.pid)


def test_descendants_are_found_and_forgotten():
    """Children are listed while they live; a process that is gone has none."""

    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    try:
        assert child.pid in list_descendants()
    finally:
        child.communicate(b"\n")

    assert child.pid not in list_descendants()
    assert list_descendants(child.pid) == []


def test_a_listener_is_found_by_its_port():
    """The pid and the name of whoever listens."""

    with socket.create_server(("127.0.0.1", 0)) as server:
        found = find_listener(server.getsockname()[1])

    assert found is not None
    assert found[0] == os.getpid()


def test_the_age_of_the_process_grows_with_the_clock():
    """It counts from the start of the process, exact to a tick of 10 ms."""

    child = subprocess.run(
        [sys.executable, "-c", "from runner.system import read_age; print(read_age())"],
        capture_output=True,
        text=True,
        check=True,
    )
    began, age = time.monotonic(), read_age()

    assert 0.0 < float(child.stdout) < 20
    assert read_age() - age <= time.monotonic() - began + 0.011


def test_activity_counts_threads_files_and_time():
    """An open socket is a file."""

    gc.collect()  # or what earlier tests left open may be closed in between
    before = read_activity()
    with socket.socket():
        during = read_activity()

    assert during.files == before.files + 1
    assert during.threads >= 1
    assert during.cpu_seconds >= before.cpu_seconds


def test_the_allocator_is_steered_where_it_can_be():
    """On glibc both calls work."""

    assert trim_heap()
    assert cap_arenas(8)
