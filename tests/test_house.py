"""The walls of the house: who may import whom, and what stays in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVICES = ("services.web", "services.ws", "services.tasks")
ROOMS = ("runner", "dashboard", *SERVICES, "memory_report", "benchmarks")

#: What each room may import of the others.
ARROWS = {
    "runner": (),
    "dashboard": (),
    **dict.fromkeys(SERVICES, ("dashboard",)),
    "memory_report": ("runner",),
    "benchmarks": ("memory_report", "runner", "dashboard"),
}


def find_modules(room: str) -> dict[str, ast.Module]:
    """Return the syntax trees of a room by module name."""

    folder = ROOT / room.replace(".", "/")
    trees = {}

    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = ast.parse(path.read_text(), str(path))

    return trees


def find_statements(
    module: str, tree: ast.Module, package: bool
) -> Iterator[tuple[str, list[str]]]:
    """Return what each import names, wherever in a module, made absolute.

    Beside it the names that it takes from there.
    """

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")
            base = base[: len(base) - node.level + package] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name, [f"{name}.{alias.name}" for alias in node.names]


def find_imports(module: str, tree: ast.Module, package: bool) -> Iterator[str]:
    """Return the names that a module imports, wherever in it, made absolute."""

    for name, members in find_statements(module, tree, package):
        yield name
        yield from members


def find_sources(module: str, tree: ast.Module, package: bool) -> set[str]:
    """Return our modules whose names a module takes.

    A package is none where it is named for the sake of a module in it.
    """

    return {
        member if member in MODULES else name
        for name, members in find_statements(module, tree, package)
        for member in members or [name]
        if member in MODULES or name in MODULES
    }


def is_package(module: str) -> bool:
    """Say whether a module is a folder's `__init__`."""

    return (ROOT / module.replace(".", "/")).is_dir()


MODULES = {
    module: (room, tree)
    for room in ROOMS
    for module, tree in find_modules(room).items()
}


def room_of(name: str) -> str | None:
    """Return the room that an imported name belongs to."""

    for room in ROOMS:
        if name == room or name.startswith(f"{room}."):
            return room

    return None


@pytest.mark.parametrize("module", MODULES)
def test_rooms_import_only_along_the_arrows(module: str):
    """No room imports upward, and services know neither each other nor the runner."""

    room, tree = MODULES[module]
    allowed = (room, None, *ARROWS[room])
    imported = find_imports(module, tree, is_package(module))
    wrong = {name for name in imported if room_of(name) not in allowed}

    assert not wrong


def test_no_module_is_in_a_circle():
    """Every file can be read after those that it imports; late imports count too."""

    graph = {
        module: find_sources(module, tree, is_package(module)) - {module}
        for module, (_, tree) in MODULES.items()
    }

    assert list(TopologicalSorter(graph).static_order())


def test_the_report_s_ground_floor_stands_by_itself():
    """What its rooms stand on knows none of them; only the command line does."""

    entrances = {f"memory_report.{name}" for name in ("arguments", "cli")}
    upward = {
        module: above
        for module, (room, tree) in MODULES.items()
        if room == "memory_report" and module.count(".") == 1
        if not is_package(module)
        and module not in entrances
        and (
            above := {
                name
                for name in find_sources(module, tree, package=False)
                if name.startswith("memory_report.") and name.count(".") > 1
            }
        )
    }

    assert upward == {}


def inner_room_of(module: str) -> str:
    """Return the room within the report that a module is of, or nothing."""

    return module.split(".")[1] if module.startswith("memory_report.") else ""


def test_the_report_s_rooms_import_one_way():
    """What is shown knows nothing of how it is shown, nor of the commands."""

    arrows = {
        "attribution": (),
        "launched": (),
        "render": ("attribution",),
        "kept": ("attribution", "render"),
    }
    wrong = {
        (module, above)
        for module, (_, tree) in MODULES.items()
        for above in find_sources(module, tree, is_package(module))
        for mine, other in [(inner_room_of(module), inner_room_of(above))]
        if mine in arrows and other in arrows and other not in (mine, *arrows[mine])
    }

    assert wrong == set()


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("psutil", "runner.system"),
        ("quart", "services.web"),
        ("redis", "dashboard.bus"),
    ],
)
def test_a_library_stays_in_its_place(name: str, home: str):
    """One file, or one room, is where the library is known."""

    users = {
        module
        for module, (_, tree) in MODULES.items()
        for imported in find_imports(module, tree, is_package(module))
        if imported.split(".")[0] == name
    }

    assert users
    assert {user for user in users if not user.startswith(home)} == set()


@pytest.mark.parametrize("module", MODULES)
def test_only_command_lines_print(module: str):
    """Everything else tells its caller, or writes to the log."""

    _, tree = MODULES[module]
    printing = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]

    assert module.endswith(".cli") or not printing


@pytest.mark.parametrize("module", MODULES)
def test_every_page_opens_with_what_it_is_for(module: str):
    """Each file has a docstring, and its annotations cost nothing at run time."""

    _, tree = MODULES[module]
    future = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for node in tree.body
    )
    names_only = (
        len(tree.body) <= 1 or is_package(module) or module.endswith("__main__")
    )

    assert ast.get_docstring(tree)
    assert future or names_only


@pytest.mark.parametrize("room", ["runner", "dashboard"])
def test_a_room_s_map_leaves_nothing_out(room: str):
    """Whoever looks for a file finds it in the docstring of the room."""

    _, tree = MODULES[room]
    named = set(re.findall(r"\w+", ast.get_docstring(tree) or ""))
    there = {
        name.removeprefix(f"{room}.")
        for name in MODULES
        if name.startswith(f"{room}.") and name.count(".") == 1
    }

    assert there - named - {"__main__"} == set()


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.rglob("test_*.py")))
def test_every_test_says_which_behaviour_it_holds(path: Path):
    """The name is a sentence and the docstring one more."""

    tree = ast.parse(path.read_text())
    silent = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]

    assert not silent
