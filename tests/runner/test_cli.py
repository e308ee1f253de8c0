"""What the command line and the environment make of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.cli import main
from runner.plan import Plan

PLAN = """
drain_timeout = 7
listen = { host = "127.0.0.2", port = 4000 }
[services.base]
run = "a:serve"
[services.web]
run = "a:serve"
after = ["base"]
[services.other]
run = "a:serve"
"""


class Runs:
    """Stands in for the runner: keeps what it was asked to run."""

    def __init__(self) -> None:
        self.plan: Plan
        self.keys: dict[str, Any] = {}

    def __call__(self, plan: Plan, **keys: Any) -> int:
        """Take a plan, and end with a code that nothing else gives."""

        self.plan, self.keys = plan, keys
        return 9


@pytest.fixture(name="runs")
def _runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    for name in ("HOST", "PORT", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)

    runs = Runs()
    monkeypatch.setattr("runner.cli.run_plan", runs)
    return runs


@pytest.fixture(name="plan")
def _plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return str(path)


@pytest.mark.parametrize(
    ("words", "env", "expected"),
    [
        ([], {}, ("127.0.0.2", 4000)),
        ([], {"HOST": "::1", "PORT": "5000"}, ("::1", 5000)),
        ([], {"HOST": "", "PORT": ""}, ("127.0.0.2", 4000)),
        (["--host", "::", "--port", "0"], {"HOST": "::1", "PORT": "5000"}, ("::", 0)),
    ],
)
def test_flags_win_over_the_environment_and_that_over_the_plan(
    words: list[str],
    env: dict[str, str],
    expected: tuple[str, int],
    runs: Runs,
    plan: str,
    monkeypatch: pytest.MonkeyPatch,
):
    """An empty variable is none; the runner's exit code is the command's."""

    for name, value in env.items():
        monkeypatch.setenv(name, value)

    assert main(["--plan", plan, *words]) == 9
    assert (runs.plan.host, runs.plan.port) == expected
    assert runs.plan.drain_timeout == 7.0


def test_services_are_chosen_with_what_they_are_after(runs: Runs, plan: str):
    """Those that are not named stay out."""

    main(["--plan", plan, "web"])
    chosen = set(runs.plan.services)
    main(["--plan", plan])

    assert chosen == {"base", "web"}
    assert set(runs.plan.services) == {"base", "web", "other"}


def test_the_other_flags_are_passed_on(runs: Runs, plan: str):
    """The drain's time goes into the plan, the log's format to the log."""

    main(["--plan", plan, "--drain-timeout", "2.5", "--log-format", "json"])

    assert runs.plan.drain_timeout == 2.5
    assert runs.keys == {"log_format": "json", "log_level": "info"}


@pytest.mark.parametrize(("text", "level"), [("debug", "debug"), ("", "info")])
def test_the_log_level_comes_from_the_environment(
    text: str, level: str, runs: Runs, plan: str, monkeypatch: pytest.MonkeyPatch
):
    """An empty one is none."""

    monkeypatch.setenv("LOG_LEVEL", text)
    main(["--plan", plan])

    assert runs.keys["log_level"] == level


@pytest.mark.parametrize(
    ("words", "env", "message"),
    [
        ([], {"PORT": "70000"}, "PORT is 70000; a port is a number from 0 to 65535"),
        ([], {"PORT": "²"}, "PORT is '²'; a port is a number from 0 to 65535"),
        (["--drain-timeout", "inf"], {}, "--drain-timeout must be a number of seconds"),
        (["--drain-timeout", "0"], {}, "--drain-timeout must be a number of seconds"),
    ],
)
def test_what_is_out_of_range_is_refused(
    words: list[str],
    env: dict[str, str],
    message: str,
    runs: Runs,
    plan: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """One line on standard error, code 2, and nothing is run."""

    for name, value in env.items():
        monkeypatch.setenv(name, value)

    assert main(["--plan", plan, *words]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")
    assert not runs.keys


def test_flags_are_not_abbreviated(
    runs: Runs, plan: str, capsys: pytest.CaptureFixture[str]
):
    """A script that relies on a short form would break with the next flag."""

    with pytest.raises(SystemExit, match="2"):
        main(["--plan", plan, "--drain", "1"])

    assert "unrecognized arguments: --drain" in capsys.readouterr().err
    assert not runs.keys


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--prot", "3"], "unrecognized arguments: --prot; did you mean --port?"),
        (["--port"], "argument --port: expected one argument"),
    ],
)
def test_wrong_usage_is_told_in_two_lines(
    words: list[str], message: str, runs: Runs, capsys: pytest.CaptureFixture[str]
):
    """What is wrong, with the nearest flag, and where to read more."""

    with pytest.raises(SystemExit, match="2"):
        main(words)

    assert capsys.readouterr().err.splitlines() == [
        f"error: {message}",
        "see `.venv/bin/python -m runner --help`",
    ]
    assert not runs.keys
