"""Every mistake of whoever types a command has one clear answer, and no traceback."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import ADMIN, PASSWORD, Command, House

#: One use of each command that needs a database.
USES = [
    ("reset-password", "-u", ADMIN),
    ("fix-usernames",),
    ("recreate-admin", "-u", "eve"),
    ("users", "list"),
    ("users", "delete", "-u", ADMIN),
    ("users", "update-password", "-u", ADMIN, "-p", PASSWORD),
    ("integrations", "list"),
    ("integrations", "delete", "-i", "i1"),
    ("backup",),
]
TEN_KIB = "x" * 10 * 1024


def one_line(text: str) -> str:
    """Return the only line of a text."""
    (line,) = text.splitlines()
    return line


@pytest.mark.parametrize("words", USES, ids=" ".join)
def test_no_database_is_made_by_a_command(
    command: Command, path: Path, words: tuple[str, ...]
):
    """DB_URL is mistyped more often than it is meant so."""
    outcome = command(*words)

    assert (outcome.code, outcome.out) == (1, "")
    assert one_line(outcome.err) == (
        f"error: there is no database at {str(path)!r}; "
        "set DB_URL, or start the server once to make it"
    )
    assert not path.parent.exists()


@pytest.mark.parametrize("words", USES, ids=" ".join)
def test_a_folder_is_no_database(command: Command, path: Path, words: tuple[str, ...]):
    """It is named, and nothing is put into it."""
    path.mkdir(parents=True)

    outcome = command(*words)

    assert (outcome.code, outcome.out) == (1, "")
    assert one_line(outcome.err).startswith("error: ")
    assert str(path) in outcome.err
    assert list(path.iterdir()) == []


@pytest.mark.parametrize("words", USES[:-1], ids=" ".join)
def test_an_empty_file_is_no_database(
    command: Command, path: Path, words: tuple[str, ...]
):
    """It stays empty; to make a site of it is the server's part."""
    path.parent.mkdir()
    path.touch()

    outcome = command(*words)

    assert (outcome.code, outcome.out) == (1, "")
    assert "it is empty" in one_line(outcome.err)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == b""


@pytest.mark.parametrize("words", USES, ids=" ".join)
def test_a_text_file_is_no_database(
    command: Command, path: Path, words: tuple[str, ...]
):
    """It stays as it is."""
    path.parent.mkdir()
    path.write_text("this is a shopping list\n" * 100)

    outcome = command(*words)

    assert (outcome.code, outcome.out) == (1, "")
    assert "not an SQLite database" in one_line(outcome.err)
    assert path.read_text().startswith("this is a shopping list")


@pytest.mark.parametrize("words", USES[:-1], ids=" ".join)
def test_a_newer_file_is_refused_untouched(
    command: Command, house: House, words: tuple[str, ...]
):
    """A later Homarr has migrated it; only a backup of it can be made."""
    house.change(
        'INSERT INTO "__drizzle_migrations" (hash, created_at)'
        " VALUES ('x', 9999999999999)"
    )
    before = house.path.read_bytes()

    outcome = command(*words)

    assert (outcome.code, outcome.out) == (1, "")
    assert "its schema is newer (9999999999999)" in one_line(outcome.err)
    assert house.path.read_bytes() == before


def test_a_lock_that_stays_is_told(command: Command, house: House):
    """Whoever holds it keeps it; the command waits for some seconds and gives up."""
    with closing(sqlite3.connect(house.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        outcome = command("reset-password", "-u", ADMIN, "-p", "a new password")

    assert (outcome.code, outcome.out) == (1, "")
    assert "another process kept the database locked" in one_line(outcome.err)


@pytest.mark.parametrize("words", [("-p", TEN_KIB), ("-p", "-")], ids=["-p", "stdin"])
@pytest.mark.parametrize(
    "command_words",
    [("reset-password", "-u", ADMIN), ("users", "update-password", "-u", ADMIN)],
    ids=" ".join,
)
def test_a_password_of_10_kib_is_refused(
    command: Command,
    house: House,
    command_words: tuple[str, ...],
    words: tuple[str, str],
):
    """The old one stays, and the answer does not repeat what was given."""
    before = house.rows('SELECT password FROM "user"')

    outcome = command(*command_words, *words, stdin=TEN_KIB.encode() + b"\n")

    assert (outcome.code, outcome.out) == (1, "")
    assert one_line(outcome.err).startswith("error: password: give at most 72 bytes")
    assert len(outcome.err) < 200
    assert house.rows('SELECT password FROM "user"') == before


@pytest.mark.parametrize("given", ["x", "seven77"])
@pytest.mark.parametrize("words", [("-p",), ("-p", "-")], ids=["-p", "stdin"])
@pytest.mark.parametrize(
    "command_words",
    [("reset-password", "-u", ADMIN), ("users", "update-password", "-u", ADMIN)],
    ids=" ".join,
)
def test_a_short_password_is_refused(
    command: Command,
    house: House,
    command_words: tuple[str, ...],
    words: tuple[str, ...],
    given: str,
):
    """As on the pages; Homarr's commands take it."""
    last = () if words[-1] == "-" else (given,)

    outcome = command(*command_words, *words, *last, stdin=given.encode())

    assert (outcome.code, outcome.out) == (1, "")
    assert one_line(outcome.err) == "error: password: give at least 8 characters"
    assert command("reset-password", "-u", ADMIN, "-p", "eight888").code == 0


@pytest.mark.parametrize("password", ["p" * 73, "€" * 25], ids=["letters", "euros"])
def test_a_password_that_would_be_cut_is_refused(
    command: Command, house: House, password: str
):
    """73 and 75 bytes: bcrypt would ignore what is after the 72nd."""
    assert command("reset-password", "-u", ADMIN, "-p", password).code == 1


@pytest.mark.parametrize(
    "stdin",
    [b"", b"\n", b"\xff\xfe\n", b"a\0b\n"],
    ids=["none", "empty", "bytes", "nul"],
)
def test_standard_input_without_a_password_is_wrong_usage(
    command: Command, house: House, stdin: bytes
):
    """None, an empty one, one that is no text, and one with a NUL."""
    before = house.rows('SELECT password FROM "user"')

    outcome = command("reset-password", "-u", ADMIN, "-p", "-", stdin=stdin)

    assert (outcome.code, outcome.out) == (2, "")
    assert one_line(outcome.err).startswith("error: the password ")
    assert house.rows('SELECT password FROM "user"') == before


def test_a_closed_standard_input_is_wrong_usage(
    command: Command, house: House, monkeypatch: pytest.MonkeyPatch
):
    """As under `<&-`."""
    monkeypatch.setattr("sys.stdin", None)

    outcome = command("reset-password", "-u", ADMIN, "-p", "-")

    assert (outcome.code, outcome.out) == (2, "")
    assert one_line(outcome.err) == "error: there is no standard input"


def test_ctrl_c_ends_a_command_without_a_traceback(
    command: Command, house: House, monkeypatch: pytest.MonkeyPatch
):
    """Here while it waits for a password; the exit code is what shells expect."""

    class Interrupted(io.BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Interrupted()))

    outcome = command("reset-password", "-u", ADMIN, "-p", "-")

    assert (outcome.code, outcome.out, outcome.err) == (130, "", "")


def test_an_empty_password_is_wrong_usage(command: Command, house: House):
    """A variable of a script that was not set, say."""
    outcome = command("reset-password", "-u", ADMIN, "-p", "")

    assert (outcome.code, outcome.out) == (2, "")
    assert one_line(outcome.err) == "error: the password is empty"


@pytest.mark.parametrize(
    ("word", "reason"),
    [("ada\0", "it contains a NUL character"), ("ada\udcff", "it is not UTF-8")],
    ids=["nul", "bytes"],
)
@pytest.mark.parametrize(
    "words",
    [
        ("reset-password", "-u"),
        ("recreate-admin", "-u"),
        ("users", "delete", "-u"),
        ("users", "delete", "-i"),
        ("integrations", "delete", "-n"),
        ("backup",),
        ("restore",),
        ("reset-password", "-u", ADMIN, "-p"),
    ],
    ids=" ".join,
)
def test_what_is_no_text_is_wrong_usage(
    command: Command, house: House, words: tuple[str, ...], word: str, reason: str
):
    """A driver that ends a name at its NUL would find another user."""
    outcome = command(*words, word)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-1].endswith(reason)
    assert house.rows('SELECT name FROM "user"') == [(ADMIN,)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_DRIVER", "oracle"),
        ("DB_URL", ":memory:"),
        ("AUTH_PROVIDERS", "everybody"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    command: Command,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
):
    """With the exit code of wrong usage, as at the server's start."""
    monkeypatch.setenv(name, value)

    outcome = command("users", "list")

    assert (outcome.code, outcome.out) == (2, "")
    assert one_line(outcome.err).startswith(f"error: {name}={value!r} is not usable")


def test_the_home_of_nobody_is_named(command: Command, monkeypatch: pytest.MonkeyPatch):
    """Not a traceback of the path's library."""
    monkeypatch.setenv("DB_URL", "~nobody-of-this-name/db.sqlite")

    outcome = command("users", "list")

    assert outcome.code == 1
    assert one_line(outcome.err).startswith("error: ~nobody-of-this-name/db.sqlite")


def test_a_name_cannot_move_the_cursor(command: Command, house: House):
    """Whoever is allowed to choose a name does not write to the terminal."""
    name = "eve\x1b[2J\n\tx"
    house.add_user("u2", name, provider="oidc")
    house.change(
        "INSERT INTO integration (id, name, url, kind) VALUES ('i1', ?, 'u', 'k')",
        name,
    )

    users = command("users", "list").out
    integrations = command("integrations", "list").out

    for text in (users, integrations, command("users", "delete", "-u", name).out):
        assert "\x1b" not in text
        assert r"eve\x1b[2J\n\tx" in text
