"""The line that says how far a measurement is."""

from __future__ import annotations

import os
import pty
from contextlib import suppress

import pytest

from memory_report.cli import changing_line
from memory_report.progress import Progress


def test_progress_tells_the_launch_the_step_and_the_time_left():
    """The pace is that of the launches so far; before the first there is none."""

    lines: list[str] = []
    clock = iter([0, 30, 60, 80])
    progress = Progress(4, lines.append, now=lambda: next(clock))

    progress.begin("separate, warm-up")
    progress.end()
    progress.begin("together")
    progress.step("settling 10 s")
    progress.end(2)
    progress.step("stopping")

    assert lines == [
        "1/4 separate, warm-up: starting",
        "2/4 together: starting, about 2 min left",
        "2/4 together: settling 10 s, about 3 min left",
        "4/4 together: stopping, about 27 s left",
    ]


def test_a_terminal_sees_one_line_that_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
):
    """A shorter line covers the longer one before it; a narrow terminal cuts it."""

    monkeypatch.setenv("COLUMNS", "12")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, os.fdopen(ours, "rb", 0) as screen:
        monkeypatch.setattr("sys.stderr", terminal)
        with changing_line() as show:
            show("a line of many words")
            show("short")

        terminal.close()
        shown = b""
        with suppress(OSError):  # EIO: that was all
            while True:
                shown += screen.read(1000)

    assert shown == b"\ra line of m\r\rshort      \r\r     \r"


def test_a_pipe_sees_nothing(capsys: pytest.CaptureFixture[str]):
    """A log of a CI service is no terminal."""

    with changing_line() as show:
        show("a line")

    assert capsys.readouterr().err == ""
