"""Users listed and deleted on the command line."""

from __future__ import annotations

import json

import pytest

from .conftest import ADMIN, Command, House

NAMES = ("ada", "bartholomew the second")


def test_the_list_of_users_has_ids_names_and_addresses(command: Command, house: House):
    """In Homarr's columns; nothing stands for what is not known."""
    house.add_user("u2", "bob", email="bob@example.org", provider="ldap")

    assert command("users", "list").out == (
        "ID\t\t\t\tUsername\tEmail\n"
        f"{house.admin.id}\tada\t\n"
        "u2\tbob\tbob@example.org\n"
    )


def test_the_list_of_users_as_json_has_the_provider(command: Command, house: House):
    """What other programs read; no hash is in it."""
    found = json.loads(command("users", "list", "--json").out)

    assert found == [
        {
            "id": house.admin.id,
            "name": "ada",
            "email": None,
            "provider": "credentials",
        }
    ]


def test_the_list_of_users_is_aligned_at_a_terminal(
    command: Command, house: House, monkeypatch: pytest.MonkeyPatch
):
    """Names of any length; programs get Homarr's tabs."""
    house.add_user("u2", "bartholomew the second", email="bob@example.org")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    lines = command("users", "list").lines

    column = lines[0].index("Username")
    assert {line.index(name) for line, name in zip(lines[1:], NAMES, strict=True)} == {
        column
    }
    assert lines[2].index("bob@") == lines[0].index("Email")
    assert not any("\t" in line or line.endswith(" ") for line in lines)


def test_a_list_of_nobody_says_so(command: Command, house: House):
    """Not a header alone."""
    house.change('DELETE FROM "user"')

    assert command("users", "list").lines == ["No users found"]


@pytest.mark.parametrize("words", [("-i", "u2"), ("-u", "bob")])
def test_a_user_goes_with_their_sessions(
    command: Command, house: House, words: tuple[str, str]
):
    """By id or by name."""
    house.add_user("u2", "bob")
    house.change(
        'INSERT INTO "session" (session_token, user_id, expires)'
        " VALUES ('theirs', 'u2', 99999999999999)"
    )

    outcome = command("users", "delete", *words)

    assert outcome.code == 0
    assert outcome.lines == ["User bob (u2) deleted"]
    assert house.rows('SELECT name FROM "user"') == [(ADMIN,)]
    assert house.rows('SELECT count(*) FROM "session"') == [(0,)]


def add_second_admin(house: House) -> None:
    """Somebody else who may do everything, with a password."""
    house.add_user("u2", "bob")
    house.change(
        'INSERT INTO "groupMember" (group_id, user_id)'
        " SELECT group_id, 'u2' FROM \"groupPermission\" WHERE permission = 'admin'"
    )


def test_the_last_administrator_is_not_deleted(command: Command, house: House):
    """Those of other providers do not count: their sign-in may be off."""
    add_second_admin(house)
    house.change("UPDATE \"user\" SET provider = 'oidc' WHERE id = 'u2'")

    outcome = command("users", "delete", "-u", ADMIN)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        "error: ada is the last administrator; "
        "make another one first, or pass --force\n"
    )
    assert house.rows('SELECT count(*) FROM "user"') == [(2,)]


def test_the_last_administrator_is_deleted_by_force(command: Command, house: House):
    """And how to come back is told beside Homarr's line."""
    outcome = command("users", "delete", "-u", ADMIN, "--force")

    assert outcome.code == 0
    assert outcome.lines == [f"User ada ({house.admin.id}) deleted"]
    assert "recreate-admin -u NAME" in outcome.err
    assert command("recreate-admin", "-u", "eve").code == 0


def test_one_of_two_administrators_is_deleted(command: Command, house: House):
    """Without force, and without a word more."""
    add_second_admin(house)

    outcome = command("users", "delete", "-u", ADMIN)

    assert (outcome.code, outcome.err) == (0, "")
    assert house.rows('SELECT name FROM "user"') == [("bob",)]


def test_an_unknown_user_is_not_deleted(command: Command, house: House):
    """The exit code says so."""
    outcome = command("users", "delete", "-u", "bob")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "User not found\n"


def test_a_name_that_two_users_have_needs_an_id(command: Command, house: House):
    """A name is unique among those with a password only."""
    house.add_user("u2", ADMIN, provider="oidc")

    outcome = command("users", "delete", "-u", ADMIN)

    assert outcome.code == 1
    assert "give --id" in outcome.err
    assert "u2 (oidc)" in outcome.err
    assert house.rows('SELECT count(*) FROM "user"') == [(2,)]
