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


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        *((name, [*range(6), 130]) for name in ("", "measure", "show", "check")),
        ("compare", [0, 2, 4, 5, 130]),
        ("baseline", [0, 2, 3, 4, 5, 130]),
        ("baseline update", [0, 2, 3, 4, 5, 130]),
        ("baseline show", [0, 2, 5, 130]),
        ("record", [0, 2, 5, 130]),
        ("attribute", [0, 2, 4, 5, 130]),
        ("doctor", [0, 2, 5, 130]),
    ],
)
def test_help_explains_the_exit_codes_that_a_command_can_give(
    command: str, codes: list[int], capsys: pytest.CaptureFixture[str]
):
    """Who sees a code in CI finds its meaning, and none of a gate that is not there."""

    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])

    text = capsys.readouterr().out.partition("exit codes:\n")[2]
    told = re.findall(r"^  (\d+)  \S", text, re.MULTILINE)
    assert [int(code) for code in told] == codes
    assert ("gate" in text) is (1 in codes)


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
        (["record", "--duration", "5"], " record"),
        (["baseline", "show", "--json"], " baseline show"),
        (["--quik"], " measure"),
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


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--second", "5"], "--second; did you mean --seconds?"),
        (["--jsn=/a/long/path.csv"], "--jsn=/a/long/path.csv; did you mean --json?"),
        (
            ["--duration", "5"],
            "--duration; there are --help, --interval, --seconds, --json",
        ),
    ],
)
def test_an_unknown_option_is_told_with_those_that_there_are(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
):
    """The nearest one, or all of that command where none is near."""

    with pytest.raises(SystemExit):
        main(["record", *words, "1"])

    assert capsys.readouterr().err.startswith(
        f"error: unrecognized arguments: {hint}\n"
    )


def test_a_word_too_many_is_no_option(capsys: pytest.CaptureFixture[str]):
    """No list of options helps with it."""

    with pytest.raises(SystemExit):
        main(["compare", "a.json", "b.json", "c.json"])

    said = capsys.readouterr().err.splitlines()
    assert said[0] == "error: unrecognized arguments: c.json"


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
