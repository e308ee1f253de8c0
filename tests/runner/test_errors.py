"""What an error says of itself."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from runner.contract import ContractError, load_function
from runner.errors import (
    LaneClosedError,
    PlanError,
    describe_error,
    find_cause,
    find_exit_code,
    find_place,
    suggest,
)


def fail(error: Exception) -> None:
    """Raise an error in a line of its own."""

    raise error


def test_the_cause_is_the_first_error_inside_all_groups():
    """Groups of groups are how task groups wrap one failure."""

    first = ValueError("first")
    inner = ExceptionGroup("inner", [first, KeyError("second")])

    assert find_cause(ExceptionGroup("outer", [inner])) is first
    assert find_cause(first) is first


def test_the_place_is_where_an_error_was_raised():
    """Not where it was caught, nor on its way there."""

    with pytest.raises(ValueError, match="there") as caught:
        fail(ValueError("there"))

    line = fail.__code__.co_firstlineno + 3
    assert find_place(caught.value) == f"{__file__}:{line}"


def test_an_error_of_the_runner_s_own_has_no_place():
    """Its message says what to do; a line of ours helps nobody."""

    with pytest.raises(LaneClosedError) as caught:
        fail(LaneClosedError("trio"))

    assert find_place(caught.value) is None
    assert find_place(ValueError("never raised")) is None


def test_what_an_import_raises_is_placed_where_somebody_imports():
    """Lines of Python's own import are nobody's to mend."""

    with pytest.raises(ModuleNotFoundError) as caught:
        import_module("no_such_module")

    assert (find_place(caught.value) or "").startswith(f"{__file__}:")


def test_a_module_that_cannot_be_read_has_no_place_of_the_runner_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The plan imports it, and the error itself says where it is wrong."""

    (tmp_path / "cannot_be_read.py").write_text("def\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    with pytest.raises(SyntaxError) as caught:
        load_function("cannot_be_read:serve")

    # As the runner has it: without the test that called.
    trace = caught.value.__traceback__
    assert trace is not None
    assert find_place(caught.value.with_traceback(trace.tb_next)) is None


def test_a_module_that_is_not_there_is_named_with_its_place_in_the_plan():
    """Whoever wrote the plan learns which word of it, and where was looked."""

    with pytest.raises(ContractError) as caught:
        load_function("no_such_house.site:create_app")

    assert describe_error(caught.value) == (
        "'no_such_house.site:create_app' leads nowhere: there is no module"
        " 'no_such_house' in the current folder or among the installed packages"
    )
    assert find_place(caught.value) is None


def test_a_module_that_imports_what_is_not_there_is_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The plan is right then: its module's line is told."""

    module = tmp_path / "imports_too_much.py"
    module.write_text("\nimport no_such_module\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    with pytest.raises(ModuleNotFoundError, match="no_such_module") as caught:
        load_function("imports_too_much:serve")

    assert find_place(caught.value) == f"{module}:2"


class MistakeError(Exception):
    """An error as an application's setting raises it."""

    exit_code = 2


def test_an_error_with_an_exit_code_speaks_for_itself():
    """It is for its user to mend: neither class nor line is told."""

    with pytest.raises(MistakeError) as caught:
        fail(MistakeError("DB_URL is wrong;\ngive a path"))

    assert find_place(caught.value) is None
    assert find_exit_code(caught.value) == 2
    assert describe_error(caught.value) == "DB_URL is wrong; give a path"


def test_an_exit_code_without_words_needs_its_class():
    """Nothing would be left to read."""

    assert describe_error(MistakeError()) == "MistakeError"
    assert find_exit_code(ValueError("no")) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("one\n  two"), "ValueError: one two"),
        (ValueError(), "ValueError"),
        (PlanError("no service in it"), "no service in it"),
        (ExceptionGroup("tasks", [KeyError("key")]), "KeyError: 'key'"),
    ],
)
def test_an_error_is_described_in_one_line(error: Exception, words: str):
    """Type and text; the runner's own errors speak for themselves."""

    assert describe_error(error) == words


def test_a_suggestion_is_near_or_is_all_that_there_is():
    """A word that resembles nothing is answered with every word, in order."""

    assert suggest("tiro", ["asyncio", "trio"]) == "; did you mean 'trio'?"
    assert suggest("xyz", ["trio", "asyncio"]) == "; there are asyncio, trio"
