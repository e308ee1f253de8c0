"""Modules of a small package, weighed by real interpreters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from memory_report.attribution.imports import (
    COMMAND,
    add_up_tree,
    find_freed,
    make_recorder,
    walk_tree,
    weigh_imports,
)
from memory_report.attribution.records import ImportedModule, Imports
from memory_report.errors import MeasurementError
from runner import lazy

MIB = 1024 * 1024
SOURCES = {
    "__main__": "from runner.lazy import install\ninstall(['small.unread'])\n"
    "from . import first, unread\nfrom small import third\nthird.work()\n",
    "unread": "BALLAST = [b'x' * (4 * 1024 * 1024)]\n",
    "__init__": "",
    "part/__init__": "from small.part import inner\n",
    "part/inner": "",
    "first": "import small.heavy\nimport small.light\nimport small.part.inner\n",
    "heavy": "BALLAST = [b'x' * (4 * 1024 * 1024)]\n",
    "light": "",
    "third": "def work():\n    import importlib\n"
    "    from . import light\n    importlib.import_module('small.late')\n"
    "    try:\n        import small.missing\n    except ImportError:\n        pass\n",
    "late": "import small.heavy\n",
}


@pytest.fixture(name="log")
def _log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the record of what `python -m small` imports."""

    package = tmp_path / "small"
    (package / "part").mkdir(parents=True)
    for name, source in SOURCES.items():
        (package / f"{name}.py").write_text(source, encoding="utf-8")

    runner = tmp_path / "runner"
    runner.mkdir()
    (runner / "__init__.py").touch()
    shutil.copy(lazy.__file__, runner)
    monkeypatch.setattr("memory_report.attribution.imports.ROOT", tmp_path)
    log = tmp_path / "log"
    command = make_recorder((sys.executable, "-m", "small"), log)
    subprocess.run(command, cwd=tmp_path, check=True, timeout=30)
    return log


async def test_a_module_is_filed_under_who_pulled_it_in(log: Path, tmp_path: Path):
    """The first to ask is credited with the weight, also for late imports."""

    imports = await weigh_imports(log, folder=tmp_path, rounds=1)

    importers = {each.name: each.importer for each in imports.modules}
    assert importers["small.first"] == COMMAND
    assert importers["small.heavy"] == "small.first"
    assert importers["small.late"] == "small.third"
    assert "small.heavy" in imports.graph["small.late"]
    assert "small.light" in imports.graph["small.third"]


async def test_a_module_weighs_what_it_holds(log: Path, tmp_path: Path):
    """4 MiB are 4.0 MiB, the importer has none of them, and the tracer no weight."""

    imports = await weigh_imports(log, folder=tmp_path, rounds=2)

    sizes = {each.name: each.size / MIB for each in imports.modules}
    assert sizes["small.heavy"] == pytest.approx(4, abs=0.15)
    assert abs(sizes["small.first"]) < 0.15
    assert abs(sizes["small.light"]) < 0.15
    # With what the probe's own modules weigh, as the roof has them too.
    above = [(floor - imports.bare) / MIB for floor in imports.floors]
    assert above == pytest.approx([5, 5], abs=1)
    assert add_up_tree(imports.modules)["small.first"] / MIB == pytest.approx(
        4, abs=0.3
    )


async def test_a_module_that_was_never_used_weighs_nothing(log: Path, tmp_path: Path):
    """It was asked for and not read, so the floor has not read it either."""

    imports = await weigh_imports(log, folder=tmp_path, rounds=1)

    sizes = {each.name: each.size for each in imports.modules}
    assert "small.unread" in imports.graph[COMMAND]
    assert abs(sizes["small.unread"]) < 0.15 * MIB
    assert imports.floors[0] - imports.bare < 7 * MIB


async def test_each_module_that_is_there_comes_once(log: Path, tmp_path: Path):
    """Also one that its own package imports first; what failed to come is left out."""

    imports = await weigh_imports(log, folder=tmp_path, rounds=1)

    names = [each.name for each in imports.modules]
    assert "small.part.inner" in names
    assert "small.missing" not in names
    assert len(set(names)) == len(names)


async def test_a_record_of_nothing_is_refused(tmp_path: Path):
    """A floor without modules would make any roof look bad."""

    log = tmp_path / "log"
    log.touch()

    with pytest.raises(MeasurementError, match="saw none"):
        await weigh_imports(log, folder=tmp_path, rounds=1)


def test_only_a_module_can_be_recorded():
    """The probe goes before `python -m` and nowhere else."""

    with pytest.raises(MeasurementError, match="`python -m`"):
        make_recorder(("runner", "web"), Path(os.devnull))


def _make_imports(**importers: str) -> Imports:
    """Return imports where each module weighs 1, by the names of its importers."""

    graph: dict[str, tuple[str, ...]] = {}
    for name, asking in importers.items():
        for importer in asking.split():
            graph[importer] = (*graph.get(importer, ()), name)

    modules = tuple(
        ImportedModule(name=name, importer=asking.split()[0], size=1)
        for name, asking in importers.items()
    )
    return Imports(bare=9, floors=(20,), modules=modules, graph=graph)


def test_what_others_ask_for_too_is_not_freed():
    """Without its importer a module stays, as long as somebody else wants it."""

    imports = _make_imports(a=COMMAND, b=COMMAND, both="a b", only="a", below="only")

    freed = {each.name: (each.size, each.modules) for each in find_freed(imports)}

    assert freed == {
        "a": (3, 3),
        "only": (2, 2),
        "b": (1, 1),
        "both": (1, 1),
        "below": (1, 1),
    }


def test_a_package_stays_for_the_sake_of_its_module():
    """Whoever asks for a part of a package asks for the package."""

    imports = _make_imports(a=COMMAND, p="a", **{"p.x": COMMAND})

    freed = {each.name: each.size for each in find_freed(imports)}

    assert freed["a"] == 1


def test_the_tree_goes_from_the_largest_down():
    """Each branch stands below who pulled it in; twigs are left out."""

    imports = _make_imports(a=COMMAND, b=COMMAND, b1="b a", b2="b", b3="b2", a1="a")

    assert list(walk_tree(imports.modules, least=2)) == [
        (0, "b", 4),
        (1, "b2", 2),
        (0, "a", 2),
    ]
