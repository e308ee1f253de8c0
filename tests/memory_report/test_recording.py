"""Watching processes that run already."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from memory_report.cli import main
from memory_report.errors import MeasurementError
from memory_report.recording import SCHEMA, Recorder, Recording, Sample, find_growth
from memory_report.render.recording import render_recording, render_sample
from runner.system import Footprint

MIB = 1024 * 1024
#: A process with a child; both end when their input does.
FAMILY = "import subprocess, sys; subprocess.run(['cat']); print('over')"


@pytest.fixture(name="family")
def _family() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has a child."""

    command = [sys.executable, "-S", "-c", FAMILY]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        # Between its fork and its program a child has the name of its parent.
        while not (child := children.read_text().strip()) or (
            Path(f"/proc/{child}/comm").read_text() != "cat\n"
        ):
            os.sched_yield()

        yield process
        process.kill()


def make_sample(seconds: float, **pss: float) -> Sample:
    """Return a sample of processes, p1=2 for 2 MiB of process 1."""

    sizes = {int(name[1:]): round(size * MIB) for name, size in pss.items()}
    return Sample(
        seconds=seconds,
        processes={
            pid: Footprint(pss=size, uss=size // 2, rss=size * 2)
            for pid, size in sizes.items()
        },
    )


def make_recording(*samples: Sample) -> Recording:
    """Return a recording of one or two processes."""

    names = {1: "python -m runner", 22: "redis-server with a long command line"}
    seen = {pid for sample in samples for pid in sample.processes}
    return Recording(
        schema=SCHEMA,
        interval=1.0,
        names={pid: name for pid, name in names.items() if pid in seen},
        samples=samples,
        end="the time was over",
    )


async def test_a_process_is_recorded_with_its_descendants(
    family: subprocess.Popen[bytes],
):
    """Each by its command line, until they have ended."""

    seen: list[Sample] = []

    def progress(sample: Sample) -> None:
        seen.append(sample)
        if len(seen) == 2 and family.stdin is not None:
            family.stdin.close()
            family.wait()

    recorder = Recorder([family.pid], interval=0.01)
    with trio.fail_after(30):
        end = await recorder.run(seconds=None, progress=progress)

    recording = recorder.finish(end)
    names = list(recording.names.values())

    assert end == "all processes have ended"
    assert recording.samples == tuple(seen)
    assert [len(sample.processes) for sample in seen] == [2, 2]
    assert names[0].startswith(f"{Path(sys.executable).name} -S -c")
    assert names[1] == "cat"
    assert recording.held_elsewhere > 0
    assert all(size.pss > 0 for each in seen for size in each.processes.values())


@pytest.mark.parametrize(
    "anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0)})]
)
async def test_a_recording_ends_in_time():
    """With as many samples as the time has room for."""

    recorder = Recorder([os.getppid()], interval=2.0)
    end = await recorder.run(seconds=7, progress=lambda _: None)
    recording = recorder.finish(end)

    assert end == "the time was over"
    assert [sample.seconds for sample in recording.samples] == [0, 2, 4, 6]


async def test_the_observer_is_left_out():
    """It is a descendant of the shell that a user records."""

    recorder = Recorder([os.getpid()], interval=1.0)
    with pytest.raises(MeasurementError, match="no such process"):
        await recorder.run(seconds=0, progress=lambda _: None)


def test_an_unknown_process_is_told(capsys: pytest.CaptureFixture[str]):
    """Exit code 5 and its id; something that is no id is wrong usage."""

    assert main(["record", "4194305"]) == 5
    assert capsys.readouterr().err == "error: no such process: 4194305\n"
    with pytest.raises(SystemExit) as ended:
        main(["record", "runner"])

    assert ended.value.code == 2
    assert "'runner' is not the id of a process" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look at everybody")
def test_a_process_of_somebody_else_is_told(capsys: pytest.CaptureFixture[str]):
    """Exit code 5, and whose rights are missing."""

    assert main(["record", "1"]) == 5
    assert "no right to read the memory of process 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "started_by", [(), ("sh", "-c", 'trap \'\' INT; exec "$0" "$@"')]
)
def test_ctrl_c_prints_and_keeps_what_was_recorded(
    family: subprocess.Popen[bytes], tmp_path: Path, started_by: tuple[str, ...]
):
    """It is the usual end of a recording, so the exit code is 0.

    Also where a script had it ignored, as in the background.
    """

    kept = tmp_path / "series.json"
    record = [sys.executable, "-m", "memory_report", "record", str(family.pid)]
    command = [*started_by, *record]
    terminal, its_end = pty.openpty()
    with (
        open(terminal, "rb", buffering=0) as progress,  # noqa: PTH123
        subprocess.Popen(
            [*command, "--interval", "0.01", "--json", str(kept)],
            stdout=subprocess.PIPE,
            stderr=its_end,
            text=True,
        ) as recorder,
    ):
        os.close(its_end)
        first = progress.read(64)
        recorder.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # how a terminal ends
            while progress.read(4096):
                pass

        printed = recorder.stdout.read() if recorder.stdout else ""

    series = json.loads(kept.read_bytes())

    assert b"PSS" in first
    assert recorder.returncode == 0
    assert "; it was interrupted\n" in printed
    assert series["samples"]
    assert set(series["names"]) == set(series["samples"][0]["processes"])


def test_the_table_has_each_process_and_all_of_them():
    """PSS over time; a process that came late has what it had, and its whole name."""

    recording = make_recording(
        make_sample(0, p1=10),
        make_sample(30, p1=20, p22=4),
        make_sample(60, p1=12, p22=2),
    )

    assert (
        render_recording(recording)
        == """\
PSS in MiB, samples in 60 s: 3; the time was over

                                                 first    mean    peak    last     USS     RSS
----------------------------------------------------------------------------------------------
      1  python -m runner                         10.0    14.0    20.0    12.0     6.0    24.0
     22  redis-server with a long command line     4.0     3.0     4.0     2.0     1.0     4.0
----------------------------------------------------------------------------------------------
         total                                    10.0    16.0    24.0    14.0     7.0    28.0

growth: +240.0 MiB of PSS an hour
"""  # noqa: E501 -- a table as wide as its names
    )
    assert render_sample(recording.samples[1]) == (
        "    30.0 s  PSS 24.0  USS 12.0  RSS 48.0 MiB  processes: 2"
    )


def test_what_others_hold_of_the_same_files_is_told():
    """Whoever knows the PSS of a report finds here why this one is smaller."""

    alone = make_recording(make_sample(0, p1=10))
    shared = dataclasses.replace(alone, held_elsewhere=8 * MIB)

    assert "shared with others" not in render_recording(alone)
    assert "shared with others at first: 8.0 MiB" in render_recording(shared)


def test_a_short_series_has_no_growth():
    """Neither one that cannot have any, nor one of seconds."""

    assert find_growth(make_recording(make_sample(0, p1=1), make_sample(99, p1=2))) is (
        None
    )
    short = [make_sample(second, p1=second) for second in range(1, 59)]

    assert find_growth(make_recording(*short)) == pytest.approx(MIB)
    assert "growth" not in render_recording(make_recording(*short))
