"""The words of the log."""

from __future__ import annotations

import json
import logging

import pytest

from runner.events import Crashed, Draining, Event, LogLine, Ready, Starting, Stopped
from runner.log import configure_logging


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            Ready(service="web", url="http://127.0.0.1:3000", seconds=0.4123),
            "ready service=web url=http://127.0.0.1:3000 after=0.412s",
        ),
        (Ready(seconds=1.0, pid=7), "ready after=1.000s pid=7"),
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


def test_records_are_json_objects(capsys: pytest.CaptureFixture[str]):
    """Programs read the same facts as one JSON object a line."""

    emit = configure_logging("json", "info")
    emit(Stopped(service="web", statistics={"requests": 3}))

    assert json.loads(capsys.readouterr().err) == {
        "event": "stopped",
        "service": "web",
        "statistics": {"requests": 3},
    }


def test_the_log_level_hides_events_below_it(capsys: pytest.CaptureFixture[str]):
    """At `error`, a crash is still told and readiness is not."""

    emit = configure_logging("text", "error")
    emit(Ready(seconds=1.0))
    emit(Crashed(service="ws", phase="run", error="no"))

    assert capsys.readouterr().err == "crashed service=ws phase=run error=no\n"


def test_log_records_become_lines(capsys: pytest.CaptureFixture[str]):
    """What libraries log is written in the same form."""

    configure_logging("text", "warn")
    logging.getLogger("some.library").warning("look at %s", "this")
    logging.getLogger("some.library").info("unseen")

    assert capsys.readouterr().err == "warning some.library: look at this\n"


@pytest.fixture(autouse=True)
def _restore_logging():
    """Leave the root logger as it was."""

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
