"""Whatever hangs, or is too large, ends the report with a word on what it was."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from memory_report.arrangements import ARRANGEMENTS, BUNDLED
from memory_report.attribution.imports import weigh_imports
from memory_report.attribution.load import Prepared
from memory_report.attribution.records import AttributionProcedure
from memory_report.attribution.sets import Setting, launch_set, open_setting
from memory_report.attribution.slopes import launch_slopes
from memory_report.cgroup import MemoryGroup
from memory_report.crashes import crash_once
from memory_report.errors import MeasurementError
from memory_report.launch_limit import limit_launch
from memory_report.pinged_site import PingedSite
from memory_report.player import Board
from memory_report.processes import first_error
from memory_report.records import QUICK_STORY
from runner.system import list_descendants
from tests.memory_report.test_proof_reaping import assert_all_end

PROCEDURE = AttributionProcedure(rounds=1, settle=0.0)

Runner = tuple[str, ...]


@pytest.fixture(autouse=True)
def _limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing take longer than a moment."""

    monkeypatch.setattr("memory_report.launch_limit.LAUNCH_TIMEOUT", 0.5)


def make_setting(folder: Path, runner: Runner) -> Setting:
    """Return a setting whose database is prepared, as far as anybody looks."""

    database = folder / "prepared.sqlite"
    database.touch()
    prepared = Prepared(
        database=database,
        board=Board(id="b", note_id="n", app_id="a"),
        visitors=(),
        site=PingedSite(url="http://127.0.0.1:9/"),
        story=QUICK_STORY,
    )
    return Setting(
        subject=BUNDLED, procedure=PROCEDURE, runner=runner, prepared=prepared
    )


async def crash(_folder: Path, runner: Runner) -> None:
    """Kill a service in a launch of its own."""

    await crash_once(ARRANGEMENTS["together"], "web", runner=runner)


async def slope(folder: Path, runner: Runner) -> None:
    """Launch what is given more and more."""

    await launch_slopes(make_setting(folder, runner))


async def load(folder: Path, runner: Runner) -> None:
    """Launch one set of the services."""

    await launch_set(make_setting(folder, runner), BUNDLED.services, number=1)


async def prepare(folder: Path, runner: Runner) -> None:
    """Launch what makes the account and the board."""

    with first_error():
        async with open_setting(PROCEDURE, BUNDLED, runner, folder):
            pass


@pytest.mark.parametrize(
    ("launch", "what"),
    [
        (crash, "a launch of together to kill web"),
        (slope, "a launch for the slopes"),
        (load, "a launch of web+ws+tasks"),
        (prepare, "the launch that prepares the database"),
    ],
)
async def test_services_that_answer_nothing_are_given_up(
    launch: Callable[[Path, Runner], Awaitable[None]],
    what: str,
    tmp_path: Path,
    fake_runner: Callable[[str], Runner],
    launched_pids: Callable[[], list[int]],
):
    """They are ready, and whoever asks them waits; nobody is left of them."""

    with (
        trio.fail_after(20),
        pytest.raises(
            MeasurementError, match=rf"^{re.escape(what)} took longer than 0\.5 s$"
        ),
    ):
        await launch(tmp_path, fake_runner("answers nothing"))

    await assert_all_end(launched_pids(), least=0)


async def test_a_module_that_hangs_on_import_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its interpreter is ended; what it waits for may never come."""

    monkeypatch.setattr("memory_report.attribution.imports.ROOT", tmp_path)
    log = tmp_path / "log"
    (tmp_path / "hangs.py").write_text(
        "import time\ntime.sleep(60)\n", encoding="utf-8"
    )
    log.write_text("\thangs\n", encoding="utf-8")
    before = set(list_descendants(os.getpid()))

    with (
        trio.fail_after(20),
        pytest.raises(
            MeasurementError, match=r"weighs imports took longer than 0\.5 s"
        ),
    ):
        await weigh_imports(log, folder=tmp_path, rounds=1)

    assert set(list_descendants(os.getpid())) <= before


@pytest.mark.parametrize("kills", [0, 2])
async def test_a_failure_tells_of_the_kernel_s_kills_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int
):
    """Those before it, and a failure without any, are not made to look so."""

    events = tmp_path / "memory.events"
    events.write_text("oom_kill 5\n", encoding="ascii")
    group = MemoryGroup(version=2, folder=tmp_path, root=tmp_path)
    monkeypatch.setattr("memory_report.launch_limit.find_memory_group", lambda: group)

    def launch() -> None:
        with limit_launch("a launch"):
            events.write_text(f"oom_kill {5 + kills}\n", encoding="ascii")
            raise MeasurementError("it died")

    with pytest.raises(MeasurementError, match=r"^it died") as raised:
        launch()

    assert ("out of memory: " in str(raised.value)) is bool(kills)
    assert ("kernel killed meanwhile: 2; " in str(raised.value)) is bool(kills)
