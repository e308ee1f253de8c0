"""What docs/security.md says of ASVS is what the tests of that name show."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = ("tests/services/web/test_asvs.py", "tests/whole/test_asvs.py")
PAGE = (ROOT / "docs/security.md").read_text()
#: Met by whoever ends TLS in front: there is nothing here that could be tried.
UNTRIED = {"4.4.1"}


def read_rows() -> dict[str, tuple[str, str]]:
    """Return what the table says of each requirement: whether it is met, and why."""

    rows = re.findall(r"^\| ([\d.]+) \| .*? \| (\w+) \| (.*) \|$", PAGE, re.MULTILINE)
    return {row[0]: (row[1], row[2]) for row in rows}


def read_tests() -> dict[str, list[bool]]:
    """Return for each requirement which of its tests have to pass."""

    found: dict[str, list[bool]] = {}
    for name in FILES:
        for node in ast.walk(ast.parse((ROOT / name).read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue

            expected = "_homarr" not in {
                one.func.id
                for one in node.decorator_list
                if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)
            }
            for number in re.findall(r"(?:test|and)_(\d+_\d+_\d+)", node.name):
                found.setdefault(number.replace("_", "."), []).append(expected)

    return found


ROWS, TESTS = read_rows(), read_tests()


def test_the_stated_count_is_the_real_one():
    """So many of so many: those that are met have tests, and all of them pass."""

    met = [number for number, passing in TESTS.items() if all(passing)]
    stated = re.search(r"\*\*(\d+) of (\d+) are met\.\*\*", PAGE)

    assert stated is not None
    assert (int(stated[1]), int(stated[2])) == (len(met), len(ROWS))


def test_the_table_and_the_tests_are_about_the_same():
    """No requirement is claimed without a test, and none is tested in secret."""

    assert set(ROWS) - UNTRIED == set(TESTS)


@pytest.mark.parametrize("number", ROWS)
def test_each_row_says_what_its_tests_show(number: str):
    """Met where every test has to pass; otherwise one has to fail, with a reason."""

    met, reason = ROWS[number]
    passing = TESTS.get(number, [False])

    assert met == ("yes" if all(passing) else "no")
    assert len(reason) > 3


def test_what_is_not_met_has_to_fail():
    """The mark is strict: whoever meets a requirement is told to say so."""

    source = (ROOT / FILES[0]).read_text()

    assert "pytest.mark.xfail(reason=reason, strict=True)" in source
    assert "_homarr" not in (ROOT / FILES[1]).read_text()
