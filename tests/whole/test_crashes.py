"""What dies with a process, and what comes back, in the real arrangements."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory_report.arrangements import ARRANGEMENTS
from memory_report.crashes import crash_once, crash_services, list_doomed
from memory_report.progress import Progress
from memory_report.records import REDIS, Crash

pytestmark = [pytest.mark.redis, pytest.mark.timeout(120)]

SHIPPED, TOGETHER = ARRANGEMENTS["shipped"], ARRANGEMENTS["together"]
EVERYTHING = ("web", "ws", "tasks", "pushes")


@pytest.fixture
def anyio_backend() -> str:
    """The report is a trio program."""

    return "trio"


async def test_services_under_one_roof_die_together(monkeypatch: pytest.MonkeyPatch):
    """One launch tells of all three: who kills one of them kills the others."""

    monkeypatch.setattr("memory_report.crashes.BACK_TIMEOUT", 0.1)
    lines: list[str] = []
    doomed = list_doomed([TOGETHER])

    crashes = await crash_services(doomed, steps=Progress(3, lines.append))

    assert crashes == tuple(
        Crash(arrangement="together", service=name, died=EVERYTHING, back=None)
        for name in ("web", "ws", "tasks")
    )
    assert lines == ["1/3 together, web killed: starting"]


async def test_a_process_of_its_own_dies_alone_and_supervisord_mends_it(
    tmp_path: Path,
):
    """Nobody else notices, but for what the two do together."""

    crash, shared = await crash_once(SHIPPED, "tasks", cache=tmp_path)

    assert shared == ("tasks",)
    assert crash.died == ("tasks", "pushes")
    assert crash.back is not None


def test_every_service_dies_once_in_each_arrangement():
    """What only lacks a saving has nothing to add."""

    doomed = list_doomed([SHIPPED, ARRANGEMENTS["together-redis"], TOGETHER])

    assert [(arrangement.name, service) for arrangement, service in doomed] == [
        ("shipped", "web"),
        ("shipped", "ws"),
        ("shipped", "tasks"),
        ("shipped", REDIS),
        ("together", "web"),
        ("together", "ws"),
        ("together", "tasks"),
    ]
