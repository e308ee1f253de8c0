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
        lambda user: bool(user.NAMES),
        lambda user: isinstance(user.make(1), user.Thing),
        lambda user: issubclass(
            type("Derived", (user.make(1).__class__,), {}), user.Thing
        ),
        lambda user: isinstance(user.tool.make(1), user.Thing | None),
        lambda user: isinstance(None, None | user.Thing),
        lambda user: user.tool.make(2).size == 2,
    ],
    ids=[
        *(
            "call",
            "attribute",
            "item",
            "contains",
            "iterate",
            "truth",
            "instance",
            "subclass",
        ),
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


def test_a_name_that_nothing_imports_is_no_error(readings: list[str]):
    """Nobody can know what will be imported; the others wait all the same."""

    lazy.install(["misspelt_tool", "no.such.part", "tool"])

    tool = importlib.import_module("tool")
    assert lazy.is_waiting(tool)
    assert tool.make(2).size == 2
    assert sys.modules.get("misspelt_tool") is None


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


def run_beside(*functions: Callable[[], object]) -> list[object]:
    """Run functions in threads of their own; what each returned or raised."""

    told: dict[int, object] = {}

    def run(number: int, function: Callable[[], object]) -> None:
        try:
            told[number] = function()
        except BaseException as error:  # noqa: BLE001 -- the test looks at it
            told[number] = error

    threads = [
        threading.Thread(target=run, args=each, daemon=True)
        for each in enumerate(functions)
    ]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join(20)

    return [told.get(number, "stuck") for number in range(len(functions))]


def test_two_that_wait_for_each_other_s_modules_both_end(
    readings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """One reads a module that imports what the other is importing, and asks back."""

    meet = threading.Barrier(2, timeout=20)
    monkeypatch.setitem(sys.modules, "meet", meet)  # type: ignore[misc]
    (tmp_path / "first.py").write_text(
        "import sys\nsys.modules['meet'].wait()\nimport busy\nf = lambda: 1\n"
    )
    (tmp_path / "busy.py").write_text(
        "import sys, second\nsys.modules['meet'].wait()\nanswer = second.g()\n"
    )
    (tmp_path / "second.py").write_text("g = lambda: 2\n")
    lazy.install(["first", "second"])
    first = importlib.import_module("first")

    def import_busy() -> object:
        return importlib.import_module("busy").answer

    assert run_beside(lambda: first.f(), import_busy) == [1, 2]


def test_who_imports_from_a_module_that_is_being_read_waits_for_it(
    readings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The name is not there yet, and will be."""

    begun, going_on = threading.Event(), threading.Event()
    monkeypatch.setitem(sys.modules, "events", (begun, going_on))  # type: ignore[misc]
    (tmp_path / "slow.py").write_text(
        "import sys\nbegun, going_on = sys.modules['events']\n"
        "begun.set()\ngoing_on.wait(20)\nf = lambda: 1\n"
    )
    (tmp_path / "late.py").write_text("from slow import f\n")
    lazy.install(["slow"])
    slow = importlib.import_module("slow")

    def import_late() -> object:
        begun.wait(20)
        threading.Timer(0.05, going_on.set).start()
        return importlib.import_module("late").f()

    assert run_beside(lambda: slow.f(), import_late) == [1, 1]


def test_a_module_whose_code_asks_for_itself_is_read_once(
    readings: list[str], tmp_path: Path
):
    """Through somebody who has a stand-in of it already."""

    (tmp_path / "holder.py").write_text("from circle import LIMIT\n")
    (tmp_path / "circle.py").write_text(
        "import sys\nsys.modules['readings'].append(__name__)\n"
        "LIMIT = [3]\nimport holder\nfound = holder.LIMIT[0]\n"
    )
    lazy.install(["circle"])
    holder = importlib.import_module("holder")

    assert holder.LIMIT[0] == 3
    assert sys.modules["circle"].found == 3
    assert readings == ["circle"]


def test_who_waits_is_known(user: Any):
    """For those who count what is imported."""

    assert lazy.is_waiting(user.tool)
    user.make(1)

    assert not lazy.is_waiting(user.tool)
    assert not lazy.is_waiting(sys)
