"""Both command lines under an interpreter that has none of the dependencies."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .launch import PATIENCE, ROOT

#: Without `site` there are no site-packages, whatever is installed.
BARE = [sys.executable, "-I", "-S", "-c"]


def run(room: str, *words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run `python -m ROOM` to its end, after a line of Python."""

    script = (
        f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); {before or 'pass'};"
        f" sys.argv[1:] = {list(words)!r};"
        f" runpy.run_module({room!r}, run_name='__main__', alter_sys=True)"
    )
    return subprocess.run(
        [*BARE, script], capture_output=True, text=True, timeout=PATIENCE
    )


@pytest.mark.parametrize(
    ("room", "words"), [("dashboard", ("users", "list")), ("runner", ())]
)
def test_a_bare_interpreter_is_told_what_to_do(room: str, words: tuple[str, ...]):
    """One line with the module, the interpreter and the way out."""

    done = run(room, *words)

    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line == (
        f"error: the module 'anyio' is not installed for {sys.executable}; "
        f"run `make install`, then use .venv/bin/python -m {room}"
    )


@pytest.mark.parametrize("room", ["dashboard", "runner"])
def test_a_module_of_python_s_own_is_not_to_be_installed(room: str):
    """A build of Python without one of its parts keeps its traceback."""

    done = run(room, "users", before="sys.modules['argparse'] = None")

    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "make install" not in done.stderr


def test_the_help_needs_nothing_installed():
    """Whoever has only the clone can read it."""

    assert run("dashboard", "--help").returncode == 0
