"""What is mapped, read of written-down and of real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from memory_report.errors import MeasurementError
from memory_report.regions import (
    Region,
    add_up_apart,
    group_regions,
    name_group,
    read_regions,
)
from runner.system import read_footprint

KIB = 1024
SLEEPER = "import signal; print('up', flush=True); signal.pause()"


def _mapping(
    addresses: str, rights: str, name: str, *, rss: int, anonymous: int = 0
) -> str:
    head = f"{addresses} {rights} 00000000 08:01 1234 {' ' * 20}{name}".rstrip()
    return (
        f"{head}\nSize: 999 kB\nRss: {rss} kB\nPss: 1 kB\nAnonymous: {anonymous} kB\n"
    )


def _write(proc: Path, pid: int, *mappings: str) -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "smaps").write_text("".join(mappings), encoding="utf-8")


@pytest.fixture(name="sleeper")
def _sleeper() -> Iterator[int]:
    """Return the id of an interpreter that has nothing to do."""

    with subprocess.Popen(
        [sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_a_files_pages_are_told_from_those_written_to(tmp_path: Path):
    """Only pages that a process changed are its own."""

    library = "/usr/lib/libx.so.1"
    _write(
        tmp_path,
        7,
        _mapping("1000-3000", "r-xp", library, rss=20),
        _mapping("3000-4000", "rw-p", library, rss=8, anonymous=8),
        _mapping("5000-6000", "rw-p", "[heap]", rss=40, anonymous=40),
    )

    assert read_regions([7], proc=tmp_path) == [
        Region(name="[heap]", own=40 * KIB, cached=0),
        Region(name=library, own=8 * KIB, cached=20 * KIB),
    ]


def test_a_stack_is_known_by_the_guard_page_below_it(tmp_path: Path):
    """The kernel gives a thread's stack no name; any other memory has no guard."""

    _write(
        tmp_path,
        7,
        _mapping("10000-11000", "---p", "", rss=0),
        _mapping("11000-91000", "rw-p", "", rss=16, anonymous=16),
        _mapping("91000-99000", "rw-p", "", rss=4, anonymous=4),
        _mapping("a0000-b0000", "---p", "", rss=0),
        _mapping("b0000-c0000", "rw-p", "", rss=4, anonymous=4),
    )

    assert read_regions([7], proc=tmp_path) == [
        Region(name="[stack]", own=16 * KIB, cached=0),
        Region(name="[anonymous]", own=8 * KIB, cached=0),
    ]


def test_a_file_of_a_process_and_its_child_counts_once(tmp_path: Path):
    """Of a file that both map, the one that has more of it says how much."""

    for pid, rss in ((7, 20), (8, 12)):
        _write(
            tmp_path,
            pid,
            _mapping("1000-3000", "r-xp", "/lib/x", rss=rss),
            _mapping("5000-6000", "rw-p", "[heap]", rss=40, anonymous=40),
        )

    assert read_regions([7, 8], proc=tmp_path) == [
        Region(name="[heap]", own=80 * KIB, cached=0),
        Region(name="/lib/x", own=0, cached=20 * KIB),
    ]


def test_processes_apart_share_files_and_nothing_else():
    """What processes that run apart would take is no plain sum."""

    first = [Region(name="/lib/x", own=1, cached=20), Region(name="h", own=5, cached=0)]
    second = [
        Region(name="/lib/x", own=1, cached=30),
        Region(name="h", own=7, cached=0),
    ]

    assert add_up_apart([first, second]) == 1 + 1 + 5 + 7 + 30


def test_regions_add_up_to_what_the_kernel_says(sleeper: int):
    """No page of a real process is left out or counted twice."""

    regions = read_regions([sleeper])

    total = sum(each.own + each.cached for each in regions)
    assert total == read_footprint(sleeper).rss
    assert {"[heap]", "[anonymous]", "[stack]"} <= {each.name for each in regions}


def test_a_process_that_has_ended_is_named():
    """A vanished process is no process without memory."""

    with pytest.raises(MeasurementError, match="process 4194305 ended"):
        read_regions([2**22 + 1])


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("/usr/lib/libpython3.12.so.1.0", "the interpreter"),
        ("/usr/bin/python3.12", "the interpreter"),
        ("/usr/lib/libsqlite3.so.0.8.6", "SQLite"),
        ("/x/lib-dynload/_sqlite3.cpython-312.so", "SQLite"),
        ("/usr/lib/libcrypto.so.3", "OpenSSL"),
        ("/x/lib-dynload/_json.cpython-312.so", "the standard library's extensions"),
        ("/x/site-packages/uvloop/loop.cpython-312.so", "extension: uvloop"),
        ("/x/site-packages/_cffi_backend.cpython-312.so", "extension: _cffi_backend"),
        ("/usr/lib/libc.so.6", "the system's libraries"),
        ("/tmp/x/db.sqlite-shm", "the database's files"),
        ("[vvar]", "the kernel's pages"),
        ("/usr/lib/locale/locale-archive", "other files"),
    ],
)
def test_a_mapped_file_belongs_to_somebody(name: str, group: str):
    """A file's name says whose it is."""

    assert name_group(name) == group


def test_groups_begin_with_the_largest():
    """A table of them needs no sorting."""

    regions = [
        Region(name="/usr/lib/libc.so.6", own=1, cached=2),
        Region(name="[heap]", own=9, cached=0),
        Region(name="/usr/lib/libm.so.6", own=0, cached=3),
    ]

    groups = group_regions(regions)

    assert list(groups.items()) == [
        ("malloc's heap", 9),
        ("the system's libraries", 6),
    ]
