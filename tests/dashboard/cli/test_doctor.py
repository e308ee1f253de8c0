"""What `doctor` prints of its findings."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .conftest import Command, House


@pytest.fixture(name="sound", autouse=True)
def _sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library without faults, so that the verdicts are the same everywhere."""
    monkeypatch.setattr("dashboard.database.doctor.faults.FAULTS", ())


def test_an_orderly_database_ends_with_0(command: Command, house: House):
    """One line for each look, then what they come to."""
    command("backup")

    outcome = command("doctor")

    assert outcome.code == 0
    assert all(line.startswith("ok ") for line in outcome.lines[:-2])
    assert outcome.lines[-2:] == ["", "The database is in order."]
    assert any(str(house.path) in line for line in outcome.lines)


def test_a_warning_ends_with_0_and_says_what_to_do(command: Command, house: House):
    """There is no backup yet."""
    outcome = command("doctor")

    assert outcome.code == 0
    (index,) = [
        index
        for index, line in enumerate(outcome.lines)
        if line.startswith("warning  backups ")
    ]
    assert "-> .venv/bin/python -m dashboard backup" in outcome.lines[index + 1]
    assert outcome.lines[-1] == "The database works; see the warnings."


def test_a_problem_ends_with_1(command: Command, house: House):
    """What was found is a result, so it stands on standard output."""
    house.change(
        'INSERT INTO "__drizzle_migrations" (hash, created_at)'
        " VALUES ('x', 9999999999999)"
    )

    outcome = command("doctor")

    assert (outcome.code, outcome.err) == (1, "")
    assert any(line.startswith("problem  schema ") for line in outcome.lines)
    assert outcome.lines[-1] == "The database has a problem."


def test_a_database_that_is_not_there_is_a_problem(command: Command, path: Path):
    """And is not made."""
    outcome = command("doctor")

    assert outcome.code == 1
    assert outcome.lines[0].startswith("problem  file ")
    assert not path.parent.exists()


@pytest.mark.parametrize("newer", [False, True])
def test_json_has_the_same_facts(command: Command, house: House, newer: bool):
    """And the same exit code."""
    if newer:
        house.change(
            'INSERT INTO "__drizzle_migrations" (hash, created_at)'
            " VALUES ('x', 9999999999999)"
        )

    text, outcome = command("doctor"), command("doctor", "--json")

    told = json.loads(outcome.out)
    assert outcome.code == text.code == int(newer)
    assert told["verdict"] == ("problem" if newer else "warning")
    for one in told["findings"]:
        assert set(one) == {"name", "verdict", "found", "advice"}
        assert any(
            line.split()[:2] == [one["verdict"], one["name"]] for line in text.lines
        )


def test_the_journal_mode_of_the_settings_is_looked_for(
    command: Command, house: House, monkeypatch: pytest.MonkeyPatch
):
    """A file in WAL mode is not what DB_JOURNAL_MODE=delete asks for."""
    monkeypatch.setenv("DB_JOURNAL_MODE", "delete")

    out = command("doctor").out

    assert "mode wal, where DB_JOURNAL_MODE is delete" in out


def test_every_line_is_described(command: Command, house: House):
    """Whoever reads one finds in the documentation what was looked at."""
    page = (Path(__file__).parents[3] / "docs" / "backup.md").read_text()
    described = set(re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE))

    told = json.loads(command("doctor", "--json").out)

    # `contents` stands for all of them that read the file, where none can.
    assert {one["name"] for one in told["findings"]} == described - {"contents"}
