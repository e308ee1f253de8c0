"""Modules that wait: promised when they are imported, read at their first use."""

from __future__ import annotations

import importlib
import sys
import threading
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runner import lazy

TOOL = """
import sys
sys.modules["readings"].append(__name__)

LIMIT = 3
NAMES = ["a", "b"]

class Thing:
    kind = "thing"

    def __init__(self, size=1):
        self.size = size

def make(size):
    return Thing(size)
"""
USER = "from tool import LIMIT, NAMES, Thing, make\nimport tool\n"

MakeUser = Callable[..., Any]


@pytest.fixture(name="readings")
def _readings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The modules that were really read; `tool` and `user` lie on the path."""

    readings: list[str] = []
    (tmp_path / "tool.py").write_text(TOOL)
    (tmp_path / "user.py").write_text(USER)
    package = tmp_path / "kit"
    package.mkdir()
    (package / "__init__.py").write_text(TOOL)
    (package / "part.py").write_text(TOOL)
    modules, finders = dict(sys.modules), list(sys.meta_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    sys.modules["readings"] = readings  # type: ignore[assignment]
    yield readings
    sys.meta_path[:] = finders
    for name in sys.modules.keys() - modules.keys():
        del sys.modules[name]


@pytest.fixture(name="user")
def _user(readings: list[str]) -> Any:
    """A module that has imported `tool` and all that is in it."""

    lazy.install(["tool"])
    user = importlib.import_module("user")
    assert readings == []
    return user


@pytest.mark.parametrize(
    "use",
    [
        lambda user: user.make(2).size == 2,
        lambda user: user.Thing.kind == "thing",
        lambda user: user.NAMES[1] == "b",
        lambda user: "a" in user.NAMES and len(user.NAMES) == 2,
        lambda user: list(user.NAMES) == ["a", "b"],
        lambda user: isinstance(user.make(1), user.Thing),
        lambda user: issubclass(
            type("Derived", (user.make(1).__class__,), {}), user.Thing
        ),
        lambda user: isinstance(user.tool.make(1), user.Thing | None),
        lambda user: isinstance(None, None | user.Thing),
        lambda user: user.tool.make(2).size == 2,
    ],
    ids=[
        *("call", "attribute", "item", "contains", "iterate", "instance", "subclass"),
        *("union", "reversed union", "attribute of the module"),
    ],
)
def test_the_first_use_reads_the_module(
    user: Any, readings: list[str], use: Callable[[Any], bool]
):
    """Once, however it is used, and what is used is the real thing."""

    assert use(user)
    assert use(user)
    assert readings == ["tool"]


def test_a_class_may_be_derived_from_a_stand_in(user: Any, readings: list[str]):
    """The base is then the real class."""

    derived = type(user.Thing)  # a stand-in's type, nothing is read

    assert readings == []

    class Derived(user.Thing):  # type: ignore[misc]
        pass

    assert derived.__name__ == "_StandIn"
    assert Derived.__mro__[1] is user.tool.Thing
    assert readings == ["tool"]


def test_looking_over_all_modules_reads_none(user: Any, readings: list[str]):
    """As `inspect` and `warnings` do, asking for names with underscores."""

    for module in list(sys.modules.values()):
        getattr(module, "__warningregistry__", None)
        getattr(module, "__file__", None)

    repr(user.Thing)

    assert readings == []
    assert Path(user.tool.__file__).name == "tool.py"


def test_an_annotation_is_no_use(user: Any, readings: list[str]):
    """`typing` looks at what it is given."""

    assert typing.Callable[[user.Thing], typing.Optional[user.Thing]]  # noqa: UP045
    assert readings == []


def test_what_is_set_before_the_first_use_holds_after_it(
    user: Any, readings: list[str]
):
    """Packages set `__module__` on all that they export."""

    user.Thing.__module__ = "user"
    user.make.note = "ours"

    assert readings == []
    assert user.Thing.kind == "thing"
    assert (user.tool.Thing.__module__, user.tool.make.note) == ("user", "ours")

    user.Thing.kind = "other"

    assert user.tool.Thing.kind == "other"


def test_a_name_that_is_not_there_is_told_when_it_is_used(user: Any):
    """Before, nobody can know; afterwards the module answers as any does."""

    absent = user.tool.absent

    with pytest.raises(AttributeError, match="module 'tool' has no attribute 'absent'"):
        absent()

    with pytest.raises(AttributeError, match="module 'tool' has no attribute 'gone'"):
        _ = user.tool.gone


def test_a_module_that_cannot_be_read_fails_at_each_use(
    readings: list[str], tmp_path: Path
):
    """With its own error, the second time as well."""

    (tmp_path / "broken.py").write_text("raise LookupError('the well is dry')")
    lazy.install(["broken"])
    broken = importlib.import_module("broken")

    for _ in range(2):
        with pytest.raises(LookupError, match="the well is dry"):
            broken.anything()


def test_parts_of_a_package_that_waits_can_be_imported(readings: list[str]):
    """The package itself is not read for it."""

    lazy.install(["kit"])
    part = importlib.import_module("kit.part")

    assert part.LIMIT == 3
    assert readings == ["kit.part"]
    assert sys.modules["kit"].make(1).size == 1
    assert readings == ["kit.part", "kit"]


def test_what_is_imported_already_stays(readings: list[str]):
    """There is nothing left to wait for."""

    tool = importlib.import_module("tool")
    lazy.install(["tool"])

    assert importlib.import_module("tool") is tool
    assert type(tool) is ModuleType


def test_a_module_that_is_not_installed_is_not_found(readings: list[str]):
    """`try: import extra` goes on telling the truth."""

    lazy.install(["absent_tool"])

    with pytest.raises(ModuleNotFoundError, match="absent_tool"):
        importlib.import_module("absent_tool")


def test_two_threads_read_it_once(user: Any, readings: list[str], tmp_path: Path):
    """Each gets the real thing, whoever came first."""

    meet = threading.Barrier(8)
    sizes: list[int] = []

    def use() -> None:
        meet.wait()
        sizes.append(user.make(5).size)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert sizes == [5] * 8
    assert readings == ["tool"]


def test_who_waits_is_known(user: Any):
    """For those who count what is imported."""

    assert lazy.is_waiting(user.tool)
    user.make(1)

    assert not lazy.is_waiting(user.tool)
    assert not lazy.is_waiting(sys)
