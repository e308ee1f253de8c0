"""Where lines go, and that no line can do harm."""

from __future__ import annotations

import io
import json
import logging
from contextlib import redirect_stderr
from errno import ENOSPC

import pytest

from runner.events import Crashed, Ready, Stopped
from runner.log import configure_logging


@pytest.fixture(autouse=True)
def _restore_logging():
    """Leave the root logger as it was."""

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


class Stream(io.StringIO):
    """A standard error that notes each call, and may have no room."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.calls: list[str] = []

    def write(self, text: str) -> int:
        """Take a text, or fail as a full disk does."""

        if self.full:
            raise OSError(ENOSPC, "no space left on device")

        self.calls.append(text)
        return super().write(text)

    def flush(self) -> None:
        """Note that what was written goes out."""

        self.calls.append("(flush)")


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


def test_a_line_is_one_write_and_goes_out_at_once():
    """Lines of different threads do not mix, and the last one is not lost."""

    emit = configure_logging("text", "info")
    with redirect_stderr(Stream()) as stream:
        emit(Stopped(exit_code=0))

    assert stream.calls == ["stopped exit_code=0\n", "(flush)"]


def test_a_full_disk_costs_lines_and_nothing_else():
    """What cannot be written is left out; the next line may fit."""

    emit = configure_logging("text", "info")
    with redirect_stderr(Stream()) as stream:
        stream.full = True
        emit(Stopped(service="one"))
        stream.full = False
        emit(Stopped(service="two"))

    assert stream.getvalue() == "stopped service=two\n"


def test_an_unknown_severity_is_an_error(capsys: pytest.CaptureFixture[str]):
    """`critical`, and what libraries make up, is shown at every level."""

    configure_logging("text", "error")
    logging.getLogger("some.library").critical("look")
    logging.getLogger("some.library").log(45, "here")

    assert capsys.readouterr().err == (
        "error some.library: look\nerror some.library: here\n"
    )


def test_a_broken_record_does_not_reach_who_wrote_it(
    capsys: pytest.CaptureFixture[str],
):
    """`logging` reports it; the caller goes on."""

    configure_logging("text", "info")
    logging.getLogger("some.library").warning("%d apples", "two")

    assert "Logging error" in capsys.readouterr().err


def test_records_are_written_once_and_from_the_level_on(
    capsys: pytest.CaptureFixture[str],
):
    """Whoever had configured logging before has no say any more."""

    logging.getLogger().addHandler(logging.StreamHandler())
    configure_logging("text", "info")
    logging.getLogger("some.library").info("seen")
    logging.getLogger("some.library").debug("unseen")

    assert capsys.readouterr().err == "info some.library: seen\n"
