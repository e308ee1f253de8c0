"""What may be typed, and what is refused before anything is launched."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory_report.arguments import choose_arrangements, make_parser
from memory_report.cli import main


@pytest.mark.parametrize(
    "words",
    [
        ["--repeats", "0"],
        ["--repeats", "many"],
        ["--settle", "-1"],
        ["--settle", "nan"],
        ["--min-saving", "101"],
        ["--max-pss", "inf"],
        ["--min-saving", "45=separate"],
        ["--min-saving", "shiped=45"],
        ["--min-saving", "together=45"],
        ["--arrangements", "separate,forkd"],
        ["--arrangements", "together"],
        ["--min", "45"],
        ["meassure"],
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
):
    """What cannot be meant is refused, and the message names it."""

    with pytest.raises(SystemExit) as caught:
        main(words)

    assert caught.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_a_place_that_cannot_keep_the_report_is_refused_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Nothing is launched for a report that nobody would get."""

    path = tmp_path / "missing" / "report.json"

    assert main(["--json", str(path)], runner=("/no/such/python",)) == 2
    assert str(path) in capsys.readouterr().err


def chosen(*words: str) -> tuple[str, ...]:
    """Return the arrangements that a command line chooses."""

    return choose_arrangements(make_parser().parse_args(["measure", *words]))


def test_what_is_launched_can_be_chosen():
    """Everything together always is, and last; own services have no Redis."""

    usual = ("separate", "shipped", "forked")
    savings = ("together-arenas", "together-untrimmed", "together-eager")
    own = ["--plan", "mine.toml", "--story", "story.py"]

    assert chosen() == (*usual, "together")
    assert chosen("--quick") == chosen(*own) == ("separate", "together")
    assert chosen("--savings") == (*usual, *savings, "together-redis", "together")
    assert chosen(*own, "--savings") == ("separate", *savings, "together")
    assert chosen("--arrangements", "together,forked") == ("forked", "together")
    assert chosen("--arrangements", "forked,forked,together-eager", "--savings") == (
        *("forked", "together-eager", "together-arenas", "together-untrimmed"),
        *("together-redis", "together"),
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--plan", "mine.toml"], "--plan and --story go together"),
        (["--story", "story.py"], "--plan and --story go together"),
        (["--quick", "--min-saving", "shipped=60"], "'shipped', which is not launched"),
        (
            [
                *("--plan", "mine.toml", "--story", "story.py"),
                *("--arrangements", "together-redis"),
            ],
            "own ones get no Redis",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_first(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2, before anything is launched."""

    assert main(["measure", *words], runner=("/no/such/python",)) == 2
    assert reason in capsys.readouterr().err


def test_own_files_that_are_not_there_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2, as for any file that cannot be read."""

    story = tmp_path / "story.py"
    words = ["--plan", str(tmp_path / "plan.toml"), "--story", str(story)]

    assert main(["measure", *words]) == 2
    assert f"cannot read {tmp_path / 'plan.toml'}" in capsys.readouterr().err
