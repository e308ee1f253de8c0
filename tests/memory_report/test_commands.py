"""The commands that an arrangement consists of."""

from __future__ import annotations

import dataclasses
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest

from memory_report.catalogue import ARRANGEMENTS, BUNDLED, Subject, read_subject
from memory_report.commands import make_commands
from memory_report.errors import ProgramMissingError
from memory_report.processes import Command
from runner.plan_file import load_plan

RUNNER = ("python", "-m", "runner")
READY = '{"event": "ready", "seconds": 0.1, "pid": 7}'


def commands(folder: Path, name: str, subject: Subject = BUNDLED) -> list[Command]:
    """Return the commands of an arrangement."""

    return make_commands(
        subject.arrangements[name],
        subject,
        runner=RUNNER,
        environment={},
        folder=folder,
        cache=folder,
    )


def test_separate_processes_are_told_one_service_each(tmp_path: Path):
    """As a user would start them."""

    flags = ("--port", "0", "--log-format", "json")

    assert [each.arguments for each in commands(tmp_path, "separate")] == [
        (*RUNNER, name, *flags) for name in ("web", "ws", "tasks")
    ]
    assert [each.arguments for each in commands(tmp_path, "together")] == [
        (*RUNNER, *flags)
    ]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("together-arenas", {"arenas": 0}),
        ("together-untrimmed", {"trim": False}),
        ("together-eager", {"lazy": ()}),
    ],
)
@pytest.mark.parametrize(
    "table",
    [
        "",
        '[memory]\n# ours\narenas = 3\nlazy = [\n    "wave",\n]\n\n',
        " [memory]\narenas = 3\n",
        "[ memory ] # ours\ntrim = true\n",
        'memory = { arenas = 3, lazy = ["wave"] }\n',
        "memory.arenas = 3\n'memory'.trim = true\n",
    ],
)
def test_a_saving_is_taken_away_in_the_plan(
    tmp_path: Path, name: str, change: dict[str, Any], table: str
):
    """All else in the plan stays as it is, whatever its own table says."""

    own = tmp_path / "own.toml"
    services = '[services.one]\nrun = "mine:one"\n[services.two]\nrun = "mine:two"\n'
    own.write_text(f"drain_timeout = 3.0\n{table}{services}", encoding="utf-8")
    subject = read_subject(own)
    (command,) = commands(tmp_path, name, subject)
    path = Path(command.arguments[command.arguments.index("--plan") + 1])
    plan, original = load_plan(path), load_plan(own)

    assert plan.memory == dataclasses.replace(original.memory, **change)
    assert dataclasses.replace(plan, memory=original.memory) == original


def test_the_parent_of_forks_is_ready_when_all_children_are(tmp_path: Path):
    """One child's word is not the parent's."""

    (command,) = commands(tmp_path, "forked")

    assert [command.ready_line(READY) for _ in range(3)] == [False, False, True]


def test_shipped_services_are_ready_when_hypercorn_listens_too(tmp_path: Path):
    """Its application is ready before anybody can reach it."""

    (command,) = commands(tmp_path, "shipped")
    words = [READY, READY, READY, "[INFO] Running on http://127.0.0.1:1 (CTRL + C)"]

    assert [command.ready_line(word) for word in words] == [False, False, False, True]


def test_supervisord_starts_hypercorn_for_applications_only(tmp_path: Path):
    """The other services are programs of their own, with glibc's allocator as it is."""

    folder = tmp_path / 'a "b" 100%'
    folder.mkdir()
    (command,) = commands(folder, "shipped")
    settings = RawConfigParser()
    settings.read(command.arguments[-1], encoding="utf-8")
    programs = {
        name: settings[f"program:{name}"]["command"] for name in ("web", "ws", "tasks")
    }

    assert '"hypercorn"' in programs["web"]
    assert 'MEMORY_REPORT_SERVICE="web"' in settings["program:web"]["environment"]
    assert '"runner" "ws" "--plan"' in programs["ws"]
    assert 'a \\"b\\" 100%%' in programs["tasks"]
    memory = load_plan(folder / "plan.toml").memory
    assert (memory.arenas, memory.trim, memory.lazy) == (0, False, ())


def test_a_missing_supervisord_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It is an extra: whoever lacks it is told how to get it, or to do without."""

    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(ProgramMissingError, match=r"pip install 'supervisor>=4\.3,<5'"):
        commands(tmp_path, "shipped")


def test_own_services_run_from_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Their modules are found as `python -m runner --plan` finds them."""

    plan = tmp_path / "mine.toml"
    plan.write_text(
        '[services.one]\nrun = "mine:one"\n[services.two]\nrun = "mine:two"\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    subject = read_subject(Path("mine.toml"))

    first, second = commands(tmp_path, "separate", subject)

    assert first.folder == second.folder == tmp_path
    assert first.arguments[:6] == (*RUNNER, "one", "--plan", str(plan))


def test_no_arrangement_lacks_a_starter(tmp_path: Path):
    """Whatever is in the catalogue has a command."""

    for name in ARRANGEMENTS:
        assert commands(tmp_path, name)
