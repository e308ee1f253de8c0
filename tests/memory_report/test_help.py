"""What the command line says about itself."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from memory_report.arguments import make_parser
from memory_report.cli import main
from memory_report.commands import ROOT
from memory_report.exit_codes import NOT_MEASURED


def test_help_explains_every_exit_code(capsys: pytest.CaptureFixture[str]):
    """Who sees a code in CI finds its meaning in the help of either command."""

    for words in (["--help"], ["measure", "--help"], ["show", "--help"]):
        with pytest.raises(SystemExit):
            main(words)

        text = capsys.readouterr().out
        codes = (*range(6), 130)
        assert [f"\n  {code}  " in text for code in codes] == [True] * 7


COMMANDS = (
    *("measure", "show", "check", "compare", "baseline", "baseline update"),
    *("baseline show", "record", "attribute", "doctor"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_two_examples_of_its_own(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """They are of that command and can be typed; what it does is wrapped."""

    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])

    text = capsys.readouterr().out
    examples = text.partition("examples:\n")[2].splitlines()
    assert len(examples) == 2
    for example in examples:
        assert example.startswith(f"  .venv/bin/python -m memory_report {command}")

        words = shlex.split(re.sub(r"\$\(.*\)", "1", example.partition("&&")[0]))
        make_parser().parse_args(words[3:])

    description = text.partition("\n\n")[2].partition("options:")[0]
    assert max(map(len, description.splitlines())) < 80


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["check", "x", "--max-pss", "few"], " check"),
        (["baseline", "update"], " baseline update"),
        (["chek"], ""),
    ],
)
def test_wrong_usage_is_told_in_two_lines(
    words: list[str], command: str, capsys: pytest.CaptureFixture[str]
):
    """What is wrong, and where to read more; ten lines of usage would bury it."""

    with pytest.raises(SystemExit):
        main(words)

    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("error: ")
    assert second == f"see `.venv/bin/python -m memory_report{command} --help`"


def test_a_bare_interpreter_is_told_what_to_do():
    """One line with the way out, and the code of what could not be measured."""

    script = (
        f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r});"
        " runpy.run_module('memory_report', run_name='__main__', alter_sys=True)"
    )
    # Without `site` there are no site-packages, whatever is installed.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True
    )

    assert done.returncode == NOT_MEASURED
    (line,) = done.stderr.splitlines()
    assert "run `make install`, then use .venv/bin/python -m memory_report" in line
