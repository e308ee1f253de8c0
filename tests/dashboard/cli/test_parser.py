"""What may be typed, and the help about it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.cli.parser import make_parser
from dashboard.cli.running import COMMANDS

from .conftest import Command

ROOT = Path(__file__).parents[3]


def find_commands(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Return the words of every command and of every group of commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, child in action.choices.items():
                yield (*words, word)
                yield from find_commands(child, (*words, word))


WORDS = list(find_commands(make_parser()))


def test_every_command_can_be_typed():
    """What runs and what is parsed are one list."""
    groups = {("users",), ("integrations",)}

    assert {" ".join(words) for words in WORDS if words not in groups} == set(COMMANDS)


@pytest.mark.parametrize("words", [(), *WORDS], ids=" ".join)
def test_every_command_has_its_help(command: Command, words: tuple[str, ...]):
    """It opens with how to type it and says what it does; nothing is opened."""
    outcome = command(*words, "--help")

    assert outcome.code == 0
    assert outcome.lines[0].startswith(" ".join(("usage: python -m dashboard", *words)))
    assert any(
        line[0].isupper() and line.endswith(".") for line in outcome.lines[1:4] if line
    )
    assert max(map(len, outcome.lines)) <= 88


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("users",),
        ("integrations",),
        ("reset-password",),
        ("recreate-admin",),
        ("users", "update-password", "-u", "ada"),
        ("restore",),
        ("unknown",),
        ("users", "list", "--jso"),
        ("reset-password", "--user", "ada"),
        ("reset-password", "-u"),
        ("backup", "one", "two"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_why(command: Command, words: tuple[str, ...]):
    """A missing -u, an unknown word, an abbreviation: one line after the usage."""
    outcome = command(*words)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("usage: python -m dashboard")
    assert ": error: " in outcome.err.splitlines()[-1]


def test_a_name_without_its_flag_leads_to_the_flag(command: Command):
    """Whoever types the name alone learns where it goes."""
    assert "-u/--username" in command("reset-password", "ada").err


def test_help_says_that_others_can_read_the_command_line(command: Command):
    """And how to keep a password off it."""
    text = command("reset-password", "--help").out

    assert "Other users of this machine can read a password" in text
    assert "-p - < password.txt" in text


def test_the_command_line_loads_argparse_and_nothing_of_the_database():
    """--help and a typing error cost no more than Python itself."""
    heavy = ("anyio", "asyncio", "sqlite3", "aiosqlite", "bcrypt", "msgspec", "logging")
    script = (
        "import sys, dashboard.cli; dashboard.cli.make_parser();"
        f" print([name for name in {heavy!r} if name in sys.modules],"
        " 'argparse' in sys.modules, 'dashboard.database' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout == "[] True False\n"


def test_the_server_loads_nothing_of_the_command_line():
    """The services never need it."""
    script = (
        "import sys, services.web, services.ws, services.tasks, dashboard.resources;"
        " print([name for name in sys.modules if name.startswith('dashboard.cli')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout == "[]\n"
