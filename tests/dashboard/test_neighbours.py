from __future__ import annotations

import logging
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboard.errors import UnheardNeighbourError
from dashboard.neighbours import keep_company


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "db.sqlite"


def open_beside(file: Path, *, hears_others: bool) -> str:
    """Try to be another process on the database; what it says."""
    program = (
        "from pathlib import Path\n"
        "from dashboard.neighbours import keep_company\n"
        f"with keep_company(Path({str(file)!r}), hears_others={hears_others}):\n"
        "    print('welcome')\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or answer.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("first", "second", "welcome"),
    [
        (True, True, True),
        (True, False, False),
        (False, True, False),
        (False, False, False),
    ],
)
def test_two_processes_need_to_hear_each_other(
    file: Path, first: bool, second: bool, welcome: bool
):
    """Both have Redis, or one of them is refused and told what to set."""
    with keep_company(file, hears_others=first):
        answer = open_beside(file, hears_others=second)

    if welcome:
        assert answer == "welcome"
        return

    assert answer.startswith("dashboard.errors.UnheardNeighbourError: another runner")
    assert f"(process {os.getpid()})" in answer
    assert "set REDIS_URL" in answer


def test_another_name_of_the_file_is_the_same_database(file: Path):
    """A link leads to the same lock."""
    file.touch()
    link = file.with_name("link.sqlite")
    link.symlink_to(file)
    with keep_company(file, hears_others=False):
        answer = open_beside(link, hears_others=False)

    assert "another runner" in answer


def test_two_databases_in_one_folder_are_two(file: Path):
    """Each has its own lock."""
    with keep_company(file, hears_others=False):
        other = open_beside(file.with_name("other.sqlite"), hears_others=False)

    assert other == "welcome"


def test_nothing_is_left_behind(file: Path):
    """The last one to go clears up, and the next is welcome."""
    with ExitStack() as stack:
        stack.enter_context(keep_company(file, hears_others=True))
        with keep_company(file, hears_others=True):
            pass

        assert [one.name for one in file.parent.iterdir()] == ["db.sqlite-runner"]
        assert "another" in open_beside(file, hears_others=False)

    assert list(file.parent.iterdir()) == []
    assert open_beside(file, hears_others=False) == "welcome"


def test_a_lock_left_by_a_crash_keeps_nobody_out(file: Path):
    """It is the lock that counts, not the file."""
    file.with_name("db.sqlite-runner").write_text("not a number")
    with keep_company(file, hears_others=False):
        assert "another runner (process" in open_beside(file, hears_others=True)


def test_where_no_lock_can_be_had_nobody_is_refused(
    file: Path, caplog: pytest.LogCaptureFixture
):
    """The log says so, for those who look."""
    caplog.set_level(logging.INFO)
    file.with_name("db.sqlite-runner").mkdir()
    with keep_company(file, hears_others=False):
        pass

    assert "cannot tell who else uses the database" in caplog.text


@pytest.mark.parametrize("hears_others", [False, True])
def test_a_database_on_a_server_has_no_lock(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, hears_others: bool
):
    """Whoever else uses it cannot be seen: one line says what more than one need."""
    with keep_company("http://db.example", hears_others=hears_others):
        assert list(tmp_path.iterdir()) == []

    assert ["REDIS_URL" in one for one in caplog.messages] == [True] * (
        not hears_others
    )


def test_the_error_names_what_it_knows():
    """Without a number too."""
    error = UnheardNeighbourError("db.sqlite", None)

    assert str(error).startswith("another runner uses the database 'db.sqlite'")
