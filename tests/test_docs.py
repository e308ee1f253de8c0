"""The documentation says what the code has: every setting, key, flag and event."""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import pytest

from dashboard.cli.parser import make_parser as make_dashboard_parser
from dashboard.trpc.not_offered import HOMARR, read_kinds
from dashboard.trpc.routers import ROUTERS, load_router
from dashboard.variables import VARIABLES, Variable
from memory_report.arguments import make_parser as make_report_parser
from runner import cli as runner
from runner.events import Event
from runner.monitor import Sample
from runner.plan import Plan, ServicePlan
from runner.plan_file import BUNDLED_PLAN, load_plan

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def read(name: str) -> str:
    """Return a page's text."""

    return (ROOT / name).read_text()


def find_row(page: str, key: str) -> list[str]:
    """Return the cells of the table row that is about a key."""

    for line in read(page).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == f"`{key}`":
            return cells

    raise AssertionError(f"{page} has no row for {key}")


def find_flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Return the long flags of a command line and of its sub-commands."""

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from find_flags(command)

        yield from (flag for flag in action.option_strings if flag.startswith("--"))


def find_commands(
    parser: argparse.ArgumentParser, *before: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Return the words of each command with its parser, those of groups left out."""

    groups = [
        action
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    for group in groups:
        for word, command in group.choices.items():
            yield from find_commands(command, *before, word)

    if not groups:
        yield " ".join(before), parser


def find_positionals(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Return what a command takes without a flag, in brackets where it may lack."""

    for action in parser._actions:
        if not action.option_strings:
            name = str(action.metavar or action.dest)
            yield f"[{name}]" if action.nargs == "?" else name


@pytest.mark.parametrize(
    "page",
    [one for one in PAGES if one.name != "CHANGELOG.md"],
    ids=lambda one: one.name,
)
def test_commands_work_as_typed(page: Path):
    """A bare `python` is seldom there, and never has the dependencies."""

    assert re.findall(r"(?<!bin/)(?<!\")python3? -m .*", page.read_text()) == []


def test_the_suggested_modules_wait_in_the_bundled_plan_too():
    """What is suggested for plans of one's own is what the dashboard runs with."""

    blocks = re.findall(r"```toml\n(.*?)```", read("docs/plan.md"), re.DOTALL)
    (suggested,) = (
        plan["memory"]["lazy"]
        for plan in map(tomllib.loads, blocks)
        if "memory" in plan
    )

    assert set(suggested) <= set(load_plan(BUNDLED_PLAN).memory.lazy)


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda one: one.name)
def test_every_setting_has_its_row(variable: Variable):
    """The row gives the default that the code has."""

    default = find_row("docs/settings.md", variable.name)[1]

    assert default in (
        f"`{variable.default}`",
        variable.default,
        "random at each start",
    )


@pytest.mark.parametrize("name", ["HOST", "PORT"])
def test_the_runner_s_own_settings_have_rows(name: str):
    """The plan's defaults are in the table."""

    default = getattr(Plan(services={}), name.lower())

    assert find_row("docs/settings.md", name)[1] == f"`{default}`"


@pytest.mark.parametrize("key", [one.name for one in fields(ServicePlan)[1:]])
def test_every_plan_key_has_its_row(key: str):
    """Whatever a service's table may hold is described."""

    assert len(find_row("docs/plan.md", key)) == 3


@pytest.mark.parametrize("event", Event.__subclasses__(), ids=lambda one: one.name)
def test_every_event_has_its_row_and_facts(event: type[Event]):
    """All rows of an event together name each of its facts."""

    rows = [
        line
        for line in read("docs/events.md").splitlines()
        if f"`{event.name}`" in line
    ]
    told = set(re.findall(r"`(\w+)`", "".join(rows)))

    assert {one.name for one in fields(event)} <= told


@pytest.mark.parametrize(
    ("page", "parser"),
    [
        ("docs/commands.md", runner._make_parser()),
        ("docs/commands.md", make_report_parser()),
    ],
    ids=["runner", "memory_report"],
)
def test_every_flag_is_described(page: str, parser: argparse.ArgumentParser):
    """A flag that is not in the page does not exist for its reader."""

    text = read(page)
    missing = [flag for flag in find_flags(parser) if f"`{flag}" not in text]

    assert not [flag for flag in missing if flag != "--help"]


@pytest.mark.parametrize(
    ("words", "parser"),
    [
        pytest.param(words, parser, id=words)
        for words, parser in find_commands(make_dashboard_parser())
    ],
)
def test_every_command_of_the_dashboard_has_its_row(
    words: str, parser: argparse.ArgumentParser
):
    """The row names the flags that the command has, and no other one."""

    row = find_row("docs/commands.md", " ".join([words, *find_positionals(parser)]))

    assert set(find_flags(parser)) - {"--help"} == set(re.findall("--[a-z]+", row[1]))


def test_every_command_in_the_table_exists():
    """A row whose command is gone would mislead."""

    real = {words for words, _ in find_commands(make_dashboard_parser())}
    section = read("docs/commands.md").split(
        "## `.venv/bin/python -m dashboard COMMAND`"
    )[1]
    rows = re.findall(r"^\| `([a-z -]+)", section.split("\n## ")[0], re.MULTILINE)

    assert sorted(row.strip() for row in rows) == sorted(real)


def test_the_answer_about_memory_is_described():
    """The example has each fact of a sample, and each is explained."""

    section = read("docs/commands.md").split("## The API for programs")[1]
    example = json.loads(re.findall(r"```json\n(.+?)```", section, re.DOTALL)[0])

    assert list(example) == ["process", "samples", "others"]
    assert set(example["samples"][0]) == {one.name for one in fields(Sample)}


@pytest.mark.parametrize(
    "page", ["docs/settings.md", "dashboard/database/drivers/libsql.py"]
)
def test_the_driver_of_the_extra_is_installed_from_an_index(page: str):
    """Nothing here is on one: the words name the very requirement of the project."""

    (requirement,) = tomllib.loads(read("pyproject.toml"))["project"][
        "optional-dependencies"
    ]["libsql"]

    assert f".venv/bin/pip install '{requirement}'" in read(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.name)
def test_benchmarks_that_are_named_exist(page: Path):
    """Whoever doubts a figure can have it printed."""

    named = re.findall(r"python -m (benchmarks\.?\w*)", page.read_text())

    assert [name for name in named if find_spec(name) is None] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.name)
def test_links_between_pages_lead_somewhere(page: Path):
    """Every relative link names a file that exists."""

    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.name)
def test_named_make_targets_exist(page: Path):
    """`make something` in a page is a target of the Makefile."""

    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)`", page.read_text()))

    assert named <= targets


def read_procedures(heading: str) -> set[str]:
    """Return the procedures of a table in docs/trpc.md."""

    section = read("docs/trpc.md").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| (.+) \|$", section, re.MULTILINE)

    return {
        f"{router}.{name}"
        for router, names in rows
        for name in re.findall(r"`(\w+)`", names)
    }


def find_procedures() -> set[str]:
    """Return the procedures that the routers declare."""

    return {
        f"{router}.{name}"
        for router in ROUTERS
        for name in load_router(router).procedures
    }


def test_every_procedure_that_is_offered_is_listed():
    """And no other one is."""

    assert read_procedures("Offered") == find_procedures()


def test_every_procedure_of_homarrs_that_is_not_offered_is_listed():
    """Nobody has to find out by calling."""

    known = {f"{router}.{name}" for router in HOMARR for name in read_kinds(router)}

    assert read_procedures("Not offered") == known - find_procedures()


def test_the_map_of_the_house_names_every_room():
    """The README's map has a line for each room."""

    text = read("README.md")

    for room in ("runner/", "dashboard/", "services/web/", "services/ws/"):
        assert room in text

    for room in ("services/tasks/", "memory_report/", "benchmarks/", "tests/"):
        assert room in text
