"""The commands about passwords and administrators, in Homarr's words."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from dashboard.accounts import find_session, verify_password

from .conftest import ADMIN, PASSWORD, Command, House

NEW = "a new password"


def may_log_in(house: House, name: str, password: str) -> bool:
    """Say whether the login page would take this name and password."""
    user = house.run(
        lambda database: verify_password(database, name=name, password=password)
    )
    return user is not None


def test_a_reset_password_is_random_and_printed_once(command: Command, house: House):
    """48 hexadecimal digits, which log in; the old password does not any more."""
    outcome = command("reset-password", "-u", ADMIN)

    assert outcome.code == 0
    assert outcome.lines[:2] == [
        "All sessions for user ada have been deleted",
        "You can now login with the new password",
    ]
    found = re.fullmatch(r"New password for user ada: ([0-9a-f]{48})", outcome.lines[2])
    assert found
    assert may_log_in(house, ADMIN, found[1])
    assert not may_log_in(house, ADMIN, PASSWORD)


def test_a_command_leaves_the_log_to_the_server(command: Command, house: House):
    """Two that move it into the file at once are what SQLite's WAL-reset bug needs."""
    log = house.path.with_name(f"{house.path.name}-wal")
    with closing(sqlite3.connect(house.path)) as server:
        server.execute('CREATE TABLE "oneroof_test" (id)')
        before = log.stat().st_size

        assert command("reset-password", "-u", ADMIN).code == 0
        assert log.stat().st_size >= before > 0
        assert server.execute('SELECT count(*) FROM "user"').fetchone() == (1,)


def test_two_reset_passwords_differ(command: Command, house: House):
    """Nobody can know the next one."""
    first = command("reset-password", "--username", ADMIN).lines[2]

    assert first != command("reset-password", "--username", ADMIN).lines[2]


def test_a_reset_password_may_be_given(command: Command, house: House):
    """It is set and not printed."""
    outcome = command("reset-password", "-u", ADMIN, "-p", NEW)

    assert outcome.code == 0
    assert outcome.lines == [
        "All sessions for user ada have been deleted",
        "You can now login with the new password",
        "Password for user ada has been set to the provided value",
    ]
    assert may_log_in(house, ADMIN, NEW)


@pytest.mark.parametrize("stdin", [b"a new password\n", b"a new password\r\nmore\n"])
def test_a_password_may_come_from_standard_input(
    command: Command, house: House, stdin: bytes
):
    """The first line, without its end."""
    assert command("reset-password", "-u", ADMIN, "-p", "-", stdin=stdin).code == 0
    assert may_log_in(house, ADMIN, NEW)


def test_a_reset_ends_every_session_of_the_user_alone(command: Command, house: House):
    """Whoever had the old password is out; others stay in."""
    mine = house.open_session()
    house.add_user("u2", "bob")
    house.change(
        'INSERT INTO "session" (session_token, user_id, expires)'
        " VALUES ('theirs', 'u2', 99999999999999)"
    )

    command("reset-password", "-u", ADMIN)

    assert house.run(lambda database: find_session(database, mine)) is None
    assert house.rows('SELECT session_token FROM "session"') == [("theirs",)]


@pytest.mark.parametrize("name", ["Ada", "bob", "ada "])
def test_a_reset_wants_the_exact_name(command: Command, house: House, name: str):
    """Nothing is guessed; nothing is changed."""
    outcome = command("reset-password", "-u", name)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.splitlines()[0] == f"User {name} not found"
    assert may_log_in(house, ADMIN, PASSWORD)


@pytest.mark.parametrize(
    "words", [("reset-password",), ("users", "update-password", "-p", NEW)]
)
def test_a_name_in_capitals_leads_to_the_stored_one(
    command: Command, house: House, words: tuple[str, ...]
):
    """After Homarr's line, and only where there is such a user."""
    hint = "names are stored in small letters: try ada\n"

    assert command(*words, "-u", "ADA").err.endswith(f"\n{hint}")
    assert "try" not in command(*words, "-u", "BOB").err
    assert may_log_in(house, ADMIN, PASSWORD)


def test_users_of_other_providers_have_no_password_to_reset(
    command: Command, house: House
):
    """Theirs is kept elsewhere."""
    house.add_user("u2", "olga", provider="oidc")

    assert command("reset-password", "-u", "olga").err == "User olga not found\n"
    assert house.rows("SELECT password FROM \"user\" WHERE id = 'u2'") == [(None,)]


def test_usernames_are_lowered(command: Command, house: House):
    """Those who log in with a password, each told; the others keep theirs."""
    house.add_user("u2", "Bob")
    house.add_user("u3", "ÉMILE")
    house.add_user("u4", "Olga", provider="oidc")

    outcome = command("fix-usernames")

    assert outcome.code == 0
    assert outcome.lines == [
        "Changed username from Bob to bob",
        "Changed username from ÉMILE to émile",
        "All usernames have been fixed",
    ]
    assert house.rows('SELECT name FROM "user" ORDER BY name') == [
        ("Olga",),
        ("ada",),
        ("bob",),
        ("émile",),
    ]
    assert command("fix-usernames").lines == ["All usernames have been fixed"]


def test_a_username_that_is_taken_in_lower_case_stays(command: Command, house: House):
    """Two users of one name could not be told apart; the exit code says so."""
    house.add_user("u2", "ADA")
    house.add_user("u3", "Bob")

    outcome = command("fix-usernames")

    assert outcome.code == 1
    assert outcome.lines == ["Changed username from Bob to bob"]
    assert "ADA (u2)" in outcome.err
    assert house.rows("SELECT name FROM \"user\" WHERE id = 'u2'") == [("ADA",)]


def test_an_administrator_is_made_anew(command: Command, house: House):
    """With a random password, in a group of a temporary name that may do all."""
    house.change('DELETE FROM "user"')

    outcome = command("recreate-admin", "-u", " Eve ")

    assert outcome.code == 0
    assert outcome.lines[0] == (
        "We created a new admin user for you. Please keep in mind, that the admin "
        "group of it has a temporary name. You should change it to something more "
        "meaningful."
    )
    assert outcome.lines[-1] == ""
    told = dict(line.strip().split(": ", 1) for line in outcome.lines[1:-1])
    assert list(told) == ["Username", "Password", "Group"]
    assert told["Username"] == "eve"
    assert re.fullmatch("[0-9a-f]{48}", told["Password"])
    assert may_log_in(house, "eve", told["Password"])
    assert house.rows(
        'SELECT p.permission FROM "group" AS g'
        ' JOIN "groupPermission" AS p ON p.group_id = g.id WHERE g.name = ?',
        told["Group"],
    ) == [("admin",)]


def test_an_administrator_is_not_made_beside_another(command: Command, house: House):
    """Whoever has the file could have reset the password; this is for lost admins."""
    outcome = command("recreate-admin", "-u", "eve")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "Credentials admin user exists\n"


def test_an_administrator_needs_a_free_name(command: Command, house: House):
    """Also among users of other providers."""
    house.change("UPDATE \"user\" SET provider = 'oidc'")

    outcome = command("recreate-admin", "-u", ADMIN)

    assert outcome.code == 1
    assert outcome.err == "User with this name already exists\n"


def test_an_administrator_needs_a_proper_name(command: Command, house: House):
    """The rule that it breaks is told."""
    house.change('DELETE FROM "user"')

    outcome = command("recreate-admin", "-u", "ab")

    assert outcome.code == 1
    assert outcome.err == "Invalid username:\n- give 3 to 255 characters\n"
    assert house.rows('SELECT count(*) FROM "user"') == [(0,)]


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_password_is_updated(command: Command, house: House, by: str):
    """By id or by name; all sessions end."""
    token = house.open_session()
    who = ("-i", house.admin.id) if by == "id" else ("-u", ADMIN)

    outcome = command("users", "update-password", *who, "-p", NEW)

    assert outcome.code == 0
    assert outcome.lines == [
        "All sessions for user ada have been deleted",
        "Password updated successfully",
    ]
    assert may_log_in(house, ADMIN, NEW)
    assert house.run(lambda database: find_session(database, token)) is None


@pytest.mark.parametrize("who", [("-i", "u2"), ("-u", "olga"), ("-u", "nobody")])
def test_a_password_is_not_given_to_users_of_other_providers(
    command: Command, house: House, who: tuple[str, str]
):
    """Nor to nobody."""
    house.add_user("u2", "olga", provider="oidc")

    outcome = command("users", "update-password", *who, "-p", NEW)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "User not found or has no credentials record\n"
    assert house.rows("SELECT password FROM \"user\" WHERE id = 'u2'") == [(None,)]


@pytest.mark.parametrize("words", [("users", "delete"), ("users", "update-password")])
def test_a_user_has_to_be_named(command: Command, house: House, words: tuple[str, ...]):
    """One of --id and --username is needed."""
    more = ("-p", NEW) if "update-password" in words else ()

    outcome = command(*words, *more)

    assert outcome.code == 2
    assert outcome.err == "Either --id or --username must be provided\n"


@pytest.mark.parametrize(
    "words",
    [
        ("reset-password", "-u", ADMIN),
        ("fix-usernames",),
        ("recreate-admin", "-u", "eve"),
        ("users", "update-password", "-u", ADMIN, "-p", NEW),
    ],
    ids=lambda words: words[0],
)
def test_commands_about_passwords_need_their_provider(
    command: Command,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
):
    """Where AUTH_PROVIDERS leaves credentials out, nobody logs in with a password."""
    monkeypatch.setenv("AUTH_PROVIDERS", "oidc,ldap")

    outcome = command(*words)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "Credentials provider is not enabled\n"
    assert may_log_in(house, ADMIN, PASSWORD)
