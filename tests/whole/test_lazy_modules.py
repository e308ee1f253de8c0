"""What the bundled plan makes wait: the modules do wait, with all services imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from runner.plan_file import BUNDLED_PLAN, load_plan

from .launch import PATIENCE, ROOT

LAZY = load_plan(BUNDLED_PLAN).memory.lazy
SCRIPT = """
import json, sys
from runner import lazy
names = json.loads(sys.argv[1])
lazy.install(names)
import runner.http, runner.handover, anyio._backends._asyncio, anyio._backends._trio
import services.web.app, services.ws, services.tasks, dashboard.resources
import dashboard.outgoing.requests
print(json.dumps([name for name in names if name in sys.modules]))
print(json.dumps([
    name for name in names
    if name in sys.modules and lazy.is_waiting(sys.modules[name])
]))
"""


@pytest.fixture(name="told", scope="module")
def _told() -> list[list[str]]:
    """The modules of the list that are imported, and those that still wait."""

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(LAZY)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
        timeout=PATIENCE,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", LAZY)
def test_what_is_to_wait_is_imported_and_waits(told: list[list[str]], name: str):
    """A name that nobody imports is dead; one that is read at once saves nothing."""

    # The suggestions for wrong words are imported with the mistake.
    assert name in told[0] or name == "difflib"
    assert (name in told[0]) == (name in told[1])
