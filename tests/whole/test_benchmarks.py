"""The benchmarks run on the real roof; how fast it is, is no test."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import idle, lateness, start
from memory_report.arrangements import make_environment


@pytest.fixture(name="anyio_backend")
def _anyio_backend() -> str:
    """Benchmarks are trio programs."""

    return "trio"


def test_start_is_compared_with_the_modules_that_the_roof_imports(tmp_path: Path):
    """All three services and what they stand on are in the list, each once."""

    roof = ("-m", "runner", "--port", "0", "--log-format", "json")

    names = start.list_imports(roof, make_environment(tmp_path / "db.sqlite"))

    wanted = {"runner", "dashboard", "services.web", "services.ws", "services.tasks"}
    assert wanted | {"quart", "trio_websocket"} <= set(names)
    assert len(names) == len(set(names))


async def test_start_is_timed_against_a_bare_interpreter(
    monkeypatch: pytest.MonkeyPatch,
):
    """Both sides give a time, and the table gets one line."""

    monkeypatch.setattr(start, "QUICK_PAIRS", 1)

    (figure,) = await start.run(quick=True)

    assert figure.value > 0
    assert figure.bar == 1.5


async def test_idle_time_is_read_from_the_running_roof(
    monkeypatch: pytest.MonkeyPatch,
):
    """A share of one core, not negative, far from a whole one; alone and in company."""

    monkeypatch.setattr(idle, "QUICK_SECONDS", 0.5)
    monkeypatch.setattr(idle, "SETTLE", 0.5)
    monkeypatch.setattr(idle, "SOCKETS", 3)

    figures = await idle.run(quick=True)

    assert len(figures) == 2
    assert all(0 <= figure.value < 100 for figure in figures)


async def test_lateness_is_that_of_the_jobs_that_were_due(
    monkeypatch: pytest.MonkeyPatch,
):
    """Every job that has its second in the time is in the figure."""

    monkeypatch.setattr(lateness, "QUICK_SECONDS", 4)

    (figure,) = await lateness.run(quick=True)

    assert figure.value > 0
    assert "1000 jobs" in figure.what
