"""The words of the log."""

from __future__ import annotations

import pytest

from runner.events import (
    Crashed,
    Draining,
    Event,
    LogLine,
    Ready,
    Starting,
    Stopped,
    Trimmed,
)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            Ready(service="web", url="http://127.0.0.1:3000", seconds=0.4123),
            "ready service=web url=http://127.0.0.1:3000 after=0.412s",
        ),
        (Ready(seconds=1.0, pid=7), "ready after=1.000s pid=7"),
        (
            Trimmed(freed=1_142_784, seconds=0.01),
            "trimmed freed=1.1MiB after=0.010s",
        ),
        (Trimmed(freed=None, seconds=0.01), "trimmed after=0.010s"),
        (Draining(cause="SIGTERM"), "draining cause=SIGTERM"),
        (Draining(cause="crashed ws"), 'draining cause="crashed ws"'),
        (
            Crashed(service="ws", phase="run", error="ValueError: no"),
            'crashed service=ws phase=run error="ValueError: no"',
        ),
        (Stopped(service="ws", statistics={"n": 2}), "stopped service=ws n=2"),
        (Stopped(exit_code=0), "stopped exit_code=0"),
        (
            Starting(pid=1, services=("a", "b"), lanes=("trio",)),
            "starting pid=1 services=a,b lanes=trio",
        ),
        (
            LogLine(severity="warning", logger="x", message="two words"),
            "warning x: two words",
        ),
    ],
)
def test_each_event_is_one_line(event: Event, line: str):
    """People read `key=value` words; what is absent is not there."""

    assert event.render_text() == line


def test_programs_read_bytes():
    """What is rounded for people is whole in the record."""

    record = Trimmed(freed=1_142_784, seconds=0.01).record()

    assert record == {"event": "trimmed", "freed": 1_142_784, "seconds": 0.01}
