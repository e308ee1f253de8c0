"""The proof that the limits of real control groups are found, and their kills told."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memory_report.cgroup import find_memory_group
from tests.memory_report.homes import run_in
from tests.memory_report.test_proof_injection import PLAN, STORY

MIB = 1024 * 1024
#: Join the group and become the command: the words before it.
JOIN = ("sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"')
ROOM = """
from memory_report import doctor
print(doctor.check_room(doctor.PROC, doctor.SYS).text)
"""

MakeGroup = Callable[[int], Path]


@pytest.fixture(name="make_group")
def _make_group() -> Iterator[MakeGroup]:
    """Return what makes a control group that may have so many MiB, and no swap."""

    ours = find_memory_group()
    if ours is None:
        pytest.skip("no memory control group has this process")

    # In version 2 nobody may be in a group that has others inside: a sibling then.
    inside = ours.version == 1
    if not inside and ours.folder == ours.root:
        pytest.skip("the groups around ours are not to be seen from this container")

    made = []

    def make_group(limit: int) -> Path:
        around = ours.folder if inside else ours.folder.parent
        folder = around / f"memory-report-{os.getpid()}-{len(made)}"
        try:
            folder.mkdir()
        except OSError as error:
            pytest.skip(f"no control group can be made here: {error.strerror}")

        made.append(folder)
        names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        for name in names if inside else ("memory.max",):
            if (folder / name).exists():
                (folder / name).write_text(str(limit * MIB))

        if (folder / "memory.swap.max").exists():
            (folder / "memory.swap.max").write_text("0")

        return folder

    yield make_group

    for folder in made:
        for each in (*folder.glob("*/"), folder):
            wait_empty(each)
            each.rmdir()


def wait_empty(group: Path) -> None:
    """Give who was killed a moment ago the time to end, but nobody else."""

    deadline = time.monotonic() + 20
    while (left := (group / "cgroup.procs").read_text(encoding="ascii").split()) and (
        time.monotonic() < deadline
    ):
        os.sched_yield()

    assert left == []


def test_the_limit_of_a_real_group_counts_for_the_room(make_group: MakeGroup):
    """Of one around ours too, which in version 2 has no figures of its own."""

    outer = make_group(600)
    inner = outer / "inner"
    inner.mkdir()
    for folder in (outer, inner):
        done = run_in((*JOIN, str(folder)), "-c", ROOM)

        assert (done.returncode, done.stderr) == (0, "")
        assert " MiB free in the group; " in done.stdout
        assert done.stdout.endswith(" of 600 MiB\n")


def test_a_group_that_is_out_of_memory_is_told(make_group: MakeGroup, tmp_path: Path):
    """Exit code 5, who was killed and why, and nobody is left of the launch."""

    group = make_group(150)
    plan, story = tmp_path / "plan.toml", tmp_path / "story.py"
    text = PLAN.read_text(encoding="utf-8")
    plan.write_text(f"{text}options = {{ ballast = 300 }}\n", encoding="utf-8")
    story.write_text(STORY, encoding="utf-8")
    words = ("--plan", str(plan), "--story", str(story))
    done = run_in(
        (*JOIN, str(group)), "-m", "memory_report", "measure", *words, "--settle", "0"
    )

    assert (done.returncode, done.stdout) == (5, "")
    assert "'ticker' ended in the middle (killed by SIGKILL)" in done.stderr
    assert " that the kernel killed meanwhile: 1; " in done.stderr
    wait_empty(group)
