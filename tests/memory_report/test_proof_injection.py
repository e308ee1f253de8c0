"""The proof that what a service is injected with is reported as that service's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpcore
import pytest

from memory_report.cli import main
from memory_report.units import MIB
from tests.memory_report.test_proof_reaping import PLAN, ROOT

STORY = """
async def play(scene):
    await scene.visit("page").get("/")
    yield
"""


@contextmanager
def keep_neighbour() -> Iterator[None]:
    """Run the same services besides, for as long as the block runs.

    With them no page of a file is anybody's own (USS), whichever other programs of the
    same interpreter come and go: one that came between two reports took 1.7 MiB.
    """

    command = [sys.executable, "-m", "runner", "--plan", PLAN, "--port", "0"]
    with subprocess.Popen(
        [*command, "--log-format", "json"], cwd=ROOT, stderr=subprocess.PIPE
    ) as neighbour:
        try:
            assert neighbour.stderr is not None
            events = map(json.loads, neighbour.stderr)
            httpcore.request(
                "GET", next(each["url"] for each in events if "url" in each)
            )
            yield
        finally:
            neighbour.kill()


def measure_small(
    folder: Path, capsys: pytest.CaptureFixture[str], *, ballast: int
) -> dict[str, dict[str, Any]]:
    """Measure two small services, of which the ticker holds so many MiB.

    Three launches each: where the kernel puts a process moves what it has of files.

    Returns:
        The columns of the report by arrangement, as a program reads them.
    """

    plan, story = folder / "plan.toml", folder / "story.py"
    injected = (
        f"{PLAN.read_text(encoding='utf-8')}options = {{ ballast = {ballast} }}\n"
    )
    plan.write_text(injected, encoding="utf-8")
    story.write_text(STORY, encoding="utf-8")
    words = ["--plan", str(plan), "--story", str(story), "--format", "json"]
    choice = ["--arrangements", "separate,together", "--repeats", "3", "--settle", "0"]
    assert main(["measure", *words, *choice]) == 0

    columns = json.loads(capsys.readouterr().out)["figures"]["columns"]
    return {each["arrangement"]: each for each in columns}


def test_five_mib_are_reported_as_those_of_the_service_that_holds_them(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    """Its row has them and no other one; one process of all of them has as many."""

    monkeypatch.setattr("memory_report.cli.SAMPLE_INTERVAL", 0.0)

    with keep_neighbour():
        plain = measure_small(tmp_path, capsys, ballast=0)
        heavy = measure_small(tmp_path, capsys, ballast=5)

    before, after = plain["separate"]["processes"], heavy["separate"]["processes"]
    # Of a single process what is its own: shares of files move with neighbours.
    moved = {name: (after[name]["uss"] - before[name]["uss"]) / MIB for name in before}
    assert moved == pytest.approx({"page": 0, "ticker": 5}, abs=0.3)
    for field in ("pss", "uss"):
        roofs = [each["together"]["total"][field] for each in (plain, heavy)]
        assert (roofs[1] - roofs[0]) / MIB == pytest.approx(5, abs=0.3)
