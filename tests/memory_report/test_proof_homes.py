"""The proof that the report works without rights, in a container, and says what not."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from memory_report.cgroup import find_memory_group
from tests.memory_report.homes import CELLS, CONTAINERS, USERS, find_home, run_in
from tests.memory_report.test_proof_injection import STORY

Words = tuple[str, ...]
REPORT = ("-m", "memory_report")
FOLDER = Path(__file__).parent

#: Records the process that it has started, which is the only one of that name.
RECORD_CHILD = """
import subprocess, sys
from memory_report.cli import main
with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
    sys.exit(main(["record", str(child.pid), "--seconds", "0"]))
"""
#: Runs a report and tells what is left of it, as only the first process of a
#: namespace can; what has ended and waits for that process is not left. Who was killed
#: a moment ago gets the time to end.
LOOK_AROUND = """
import os, subprocess, sys, time
from pathlib import Path
code = subprocess.run([sys.executable, *sys.argv[1:]]).returncode
deadline = time.monotonic() + 20
while True:
    states = {
        stat.parent.name: stat.read_text().rpartition(")")[2].split()[0]
        for stat in Path("/proc").glob("[0-9]*/stat")
    }
    left = [pid for pid, state in states.items() if state not in "ZX"]
    if len(left) == 1 or time.monotonic() > deadline:
        break
    os.sched_yield()
print("left:", left)
sys.exit(code)
"""
#: A cgroup file system that is not there.
HIDE_GROUPS = """
import subprocess, sys
subprocess.run(["mount", "-t", "tmpfs", "none", "/sys/fs/cgroup"], check=True)
from memory_report.cli import main
sys.exit(main(["doctor"]))
"""
#: Measures two small services, with one look at a time, and never as root.
MEASURE_SMALL = """
import os, sys
from memory_report import cli
if not os.geteuid():
    sys.exit("this is root")

cli.SAMPLE_INTERVAL = 0.0
plan, story = sys.argv[1:]
words = ["--plan", plan, "--story", story, "--arrangements", "separate,together"]
sys.exit(cli.main(["measure", *words, "--repeats", "1", "--settle", "0"]))
"""


@pytest.fixture(name="user", scope="module")
def _user() -> Words:
    """The words that make an ordinary user of us."""

    return find_home(USERS, what="an ordinary user")


@pytest.fixture(name="container", scope="module")
def _container() -> Words:
    """The words that lead into namespaces of our own."""

    return find_home(CONTAINERS, what="a namespace")


@pytest.fixture(name="cell", scope="module")
def _cell() -> Words:
    """The words that lead into namespaces as an ordinary user."""

    return find_home(CELLS, what="an ordinary user in a namespace")


@pytest.fixture(name="home", params=["user", "container"])
def _home(request: pytest.FixtureRequest) -> Words:
    """Either of them."""

    words: Words = request.getfixturevalue(request.param)
    return words


@pytest.fixture(name="stranger")
def _stranger() -> Iterator[int]:
    """The id of a process that is not the user's: ours, or the machine's first."""

    if os.geteuid():
        yield 1
        return

    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        yield process.pid


def call_measure(*words: str, runner: tuple[object, ...]) -> str:
    """Return a program that measures what a runner of ours launches."""

    command = ", ".join(["sys.executable", *(repr(str(word)) for word in runner)])
    return (
        "import sys; from memory_report.cli import main; "
        f"sys.exit(main({['measure', *words]}, runner=({command})))"
    )


def test_the_doctor_finds_no_fault(home: Words):
    """It may look at its own children, and that is all that a report needs."""

    done = run_in(home, *REPORT, "doctor")

    assert (done.returncode, done.stderr) == (0, "")
    assert "\nok       rights " in done.stdout


def test_a_process_of_one_s_own_is_recorded(home: Words):
    """By the id that it has there."""

    done = run_in(home, "-c", RECORD_CHILD)

    assert (done.returncode, done.stderr) == (0, "")
    assert "  cat  " in done.stdout


def test_a_process_of_somebody_else_is_refused(user: Words, stranger: int):
    """Exit code 5 and the right that is missing; it is not taken for ended."""

    done = run_in(user, *REPORT, "record", str(stranger))

    assert (done.returncode, done.stdout) == (5, "")
    assert f"no right to read the memory of process {stranger}: " in done.stderr


@pytest.mark.parametrize("name", ["user", "cell"])
def test_services_are_measured(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
):
    """By an ordinary user, also in a container: exit code 0, and the table."""

    words: Words = request.getfixturevalue(name)
    story = tmp_path / "story.py"
    story.write_text(STORY, encoding="utf-8")
    done = run_in(
        words, "-c", MEASURE_SMALL, str(FOLDER / "small_plan.toml"), str(story)
    )

    assert (done.returncode, done.stderr) == (0, "")
    rows = re.findall(r"^  (\S+) +[\d.]+ +[\d.]+ +[\d.]+$", done.stdout, re.MULTILINE)
    assert rows == ["page", "ticker", "total", "page+ticker", "total"]


def test_a_service_that_hides_its_memory_is_told(user: Words, tmp_path: Path):
    """Exit code 5 and its name: what cannot be read is not taken for nothing."""

    story = tmp_path / "story.py"
    story.write_text("async def play(scene):\n    yield\n", encoding="utf-8")
    files = ("--plan", str(FOLDER / "small_plan.toml"), "--story", str(story))
    call = call_measure(*files, runner=(FOLDER / "tiny_service.py", "hidden"))
    done = run_in(user, "-c", call)

    assert (done.returncode, done.stdout) == (5, "")
    assert "no right to read the memory of process 'page': " in done.stderr


def test_the_host_s_processes_are_not_there(container: Words, stranger: int):
    """An id from outside a container means nothing inside."""

    done = run_in(container, *REPORT, "record", str(stranger))

    assert (done.returncode, done.stderr) == (
        5,
        f"error: no such process: {stranger}\n",
    )


@pytest.mark.redis
def test_a_measurement_that_breaks_off_leaves_nobody(cell: Words, tmp_path: Path):
    """A service dies: exit code 5, and an ordinary user's report has reaped the rest.

    Its namespace still stands when we look around.
    """

    runner = (FOLDER / "fake_service.py", tmp_path, "dies")
    call = call_measure("--quick", runner=runner)
    done = run_in(cell, "-c", LOOK_AROUND, "-c", call)

    assert done.returncode == 5
    assert "ended in the middle (exit code 7)" in done.stderr
    assert done.stdout == "left: ['1']\n"


def test_a_container_without_control_groups_is_no_fault(container: Words):
    """The machine's own room counts then."""

    done = run_in(container, "-c", HIDE_GROUPS)

    assert (done.returncode, done.stderr) == (0, "")
    assert "MiB free on the machine; no memory control group\n" in done.stdout


def test_the_group_that_is_found_is_ours():
    """Of either version: the kernel lists us in it, and charges it for us."""

    group = find_memory_group()
    if group is None:
        pytest.skip("this kernel accounts for no memory")

    members = (group.folder / "cgroup.procs").read_text(encoding="ascii").split()

    assert str(os.getpid()) in members
    assert (group.read_usage() or 0) > 1024 * 1024
