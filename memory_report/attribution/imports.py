"""The modules of the roof: what each weighs, who pulled it in, what its going frees."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import trio

from memory_report.arrangements import ROOT, make_environment
from memory_report.attribution.probe import WAITING
from memory_report.attribution.records import ImportedModule, Imports
from memory_report.errors import MeasurementError
from memory_report.launch_limit import limit_launch
from memory_report.processes import Command, open_process
from memory_report.regions import read_regions

PROBE = Path(__file__).with_name("probe.py")
#: The command that is run, in the import graph: it is nobody's import.
COMMAND = "__main__"

READY_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """What would be gone if nobody imported a module."""

    name: str
    size: int
    modules: int
    importers: tuple[str, ...]


def make_recorder(runner: Sequence[str], log: Path) -> tuple[str, ...]:
    """Return the command that runs the runner and writes its imports down.

    Raises:
        MeasurementError: the runner is not a `python -m` command.
    """

    python, option, *program = runner
    if option != "-m":
        raise MeasurementError("imports are recorded of `python -m` commands only")

    return (python, str(PROBE), "record", str(log), *program)


async def weigh_imports(log: Path, *, folder: Path, rounds: int) -> Imports:
    """Weigh the modules of a recorded launch, each in the order it came.

    Two further interpreters stand beside the one that weighs: one that imported
    nothing, and, in each round anew, one that imported all without being looked at
    meanwhile.

    Raises:
        MeasurementError: nothing was recorded, or an interpreter failed or hung.
    """

    edges, unread = _read_log(log)
    graph: dict[str, list[str]] = defaultdict(list)
    for name, importers in edges.items():
        for importer in importers:
            graph[importer].append(name)

    names, waiting, nothing = (folder / each for each in ("names", "waiting", "none"))
    names.write_text("\n".join(edges), encoding="utf-8")
    waiting.write_text("\n".join(unread), encoding="utf-8")
    nothing.touch()
    environment = make_environment(folder / "db.sqlite")

    sizes = await _weigh([names, waiting], environment)

    return Imports(
        bare=await _measure([nothing], environment),
        floors=tuple(
            [await _measure([names, waiting], environment) for _ in range(rounds)]
        ),
        modules=tuple(
            ImportedModule(name=name, importer=edges[name][0], size=size)
            for name, size in sizes.items()
            if name in edges
        ),
        graph={importer: tuple(names) for importer, names in graph.items()},
    )


async def _weigh(
    lists: Sequence[Path], environment: Mapping[str, str]
) -> Mapping[str, int]:
    """Return bytes by module, as one interpreter tells that imports one by one."""

    command = [sys.executable, str(PROBE), "weigh", *map(str, lists)]
    # Modules are code of anybody's: one may wait for ever.
    with limit_launch("the interpreter that weighs imports"):
        result = await trio.run_process(
            command,
            capture_stdout=True,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
            check=False,
        )

    if result.returncode:
        raise MeasurementError(f"the probe of imports ended with {result.returncode}")

    # A module comes twice whose package imports it before it could itself.
    sizes = Counter[str]()
    for line in result.stdout.decode().splitlines():
        size, name = line.split("\t")
        sizes[name] += int(size)

    return sizes


def add_up_tree(modules: Sequence[ImportedModule]) -> dict[str, int]:
    """Return bytes by module, those that it pulled in first included."""

    totals: dict[str, int] = defaultdict(int)
    importers = {module.name: module.importer for module in modules}
    for module in modules:
        name = module.name
        seen = set()
        while name in importers and name not in seen:
            seen.add(name)
            totals[name] += module.size
            name = importers[name]

    return dict(totals)


def find_freed(imports: Imports) -> list[Freed]:
    """Return what the going of each module would free, the most first.

    That is the module and all that is reached through it alone. A module needs the
    packages that it lies in.
    """

    sizes = {module.name: module.size for module in imports.modules}
    graph = {name: set(asked) for name, asked in imports.graph.items()}
    importers: dict[str, list[str]] = defaultdict(list)
    for importer, asked in imports.graph.items():
        for name in asked:
            importers[name].append(importer)

    for name in sizes:
        package = name.rpartition(".")[0]
        if package:
            graph.setdefault(name, set()).add(package)

    roots = set(graph) - set(sizes)
    everything = _reach(graph, roots, without=None) & set(sizes)
    found = []
    for name in sizes:
        gone = everything - _reach(graph, roots, without=name)
        found.append(
            Freed(
                name=name,
                size=sum(sizes[each] for each in gone),
                modules=len(gone),
                importers=tuple(importers[name]),
            )
        )

    return sorted(found, key=lambda each: (-each.size, each.name))


def walk_tree(
    modules: Sequence[ImportedModule], *, least: int
) -> Iterator[tuple[int, str, int]]:
    """Yield depth, name and bytes of what weighs at least so much, largest first."""

    totals = add_up_tree(modules)
    children: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        top = module.importer not in totals
        children["" if top else module.importer].append(module.name)

    def walk(name: str, depth: int) -> Iterator[tuple[int, str, int]]:
        for child in sorted(children[name], key=lambda each: (-totals[each], each)):
            if totals[child] >= least:
                yield depth, child, totals[child]
                yield from walk(child, depth + 1)

    yield from walk("", 0)


def _reach(
    graph: Mapping[str, set[str]], roots: set[str], *, without: str | None
) -> set[str]:
    seen, waiting = set(roots), list(roots)
    while waiting:
        for name in graph.get(waiting.pop(), ()):
            if name != without and name not in seen:
                seen.add(name)
                waiting.append(name)

    return seen


def _read_log(log: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Return the importers of each module, both in the order they came.

    And those modules that were asked for and never read.
    """

    edges: dict[str, list[str]] = {}
    unread = []
    for line in log.read_text(encoding="utf-8").splitlines():
        importer, name = line.split("\t")
        if importer == WAITING:
            unread.append(name)
        elif importer != name:
            edges.setdefault(name, []).append(importer or COMMAND)

    if not edges:
        raise MeasurementError("the probe of imports saw none")

    return edges, unread


async def _measure(files: Sequence[Path], environment: Mapping[str, str]) -> int:
    command = Command(
        name="floor",
        arguments=(sys.executable, str(PROBE), "floor", *map(str, files)),
        environment=environment,
        folder=ROOT,
        speaks_on="stdout",
        ready_line=lambda line: line == "ready",
    )
    async with open_process(command) as process:
        await process.wait_ready(READY_TIMEOUT)
        return sum(each.own + each.cached for each in read_regions([process.pid]))
