"""`integrations list` and `integrations delete`."""

from __future__ import annotations

import json

import pytest

from .conftest import Command, House


@pytest.fixture(name="pihole")
def _pihole(house: House) -> str:
    """An integration that has a secret, a permission and a place in an item."""
    house.change(
        "INSERT INTO integration (id, name, url, kind)"
        " VALUES ('i1', 'Pi-hole', 'http://pi.hole', 'piHole')"
    )
    house.change(
        'INSERT INTO "integrationSecret" (kind, value, updated_at, integration_id)'
        " VALUES ('apiKey', '00.00', 1, 'i1')"
    )
    house.change(
        'INSERT INTO "integrationUserPermission" (integration_id, user_id, permission)'
        " VALUES ('i1', ?, 'use')",
        house.admin.id,
    )
    house.change(
        "INSERT INTO integration_item (item_id, integration_id)"
        " SELECT id, 'i1' FROM item LIMIT 1"
    )
    return "i1"


def test_a_list_of_none_says_so(command: Command, house: House):
    """A new database has no integration."""
    assert command("integrations", "list").lines == ["No integrations found"]


def test_the_list_has_ids_and_names(command: Command, house: House, pihole: str):
    """In Homarr's columns, with tabs between."""
    outcome = command("integrations", "list")

    assert outcome.out == "ID\t\t\t\tName\ni1\tPi-hole\n"
    assert outcome.code == 0


def test_the_list_as_json_has_the_kind_and_no_secret(
    command: Command, house: House, pihole: str
):
    """What other programs read."""
    found = json.loads(command("integrations", "list", "--json").out)

    assert found == [
        {"id": "i1", "name": "Pi-hole", "kind": "piHole", "url": "http://pi.hole"}
    ]


@pytest.mark.parametrize(
    "words", [("-i", "i1"), ("--id", "i1"), ("-n", "Pi-hole"), ("--name", "Pi-hole")]
)
def test_an_integration_goes_with_all_that_names_it(
    command: Command, house: House, pihole: str, words: tuple[str, str]
):
    """By id or by name; its secrets, permissions and places in items go as well."""
    assert house.rows("SELECT count(*) FROM integration_item") == [(1,)]

    outcome = command("integrations", "delete", *words)

    assert outcome.lines == ["Integration Pi-hole (i1) deleted"]
    assert outcome.code == 0
    for table in (
        "integration",
        "integrationSecret",
        "integrationUserPermission",
        "integration_item",
    ):
        count = f'SELECT count(*) FROM "{table}"'  # noqa: S608
        assert house.rows(count) == [(0,)]

    assert house.rows("SELECT count(*) > 0 FROM item") == [(1,)]


def test_an_unknown_integration_is_not_found(
    command: Command, house: House, pihole: str
):
    """Nothing is deleted, and the exit code says so."""
    outcome = command("integrations", "delete", "-n", "pi-hole")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "Integration not found\n"
    assert house.rows("SELECT id FROM integration") == [("i1",)]


def test_an_integration_without_a_name_is_wrong_usage(command: Command, house: House):
    """One of --id and --name is needed."""
    outcome = command("integrations", "delete")

    assert outcome.code == 2
    assert outcome.err == "Either --id or --name must be provided\n"


def test_a_name_that_two_integrations_have_needs_an_id(
    command: Command, house: House, pihole: str
):
    """Deleting whichever comes first would be a guess."""
    house.change(
        "INSERT INTO integration (id, name, url, kind)"
        " VALUES ('i2', 'Pi-hole', 'http://other', 'piHole')"
    )

    outcome = command("integrations", "delete", "-n", "Pi-hole")

    assert outcome.code == 1
    assert outcome.err == (
        "error: several integrations have this name; give --id: i1, i2\n"
    )
    assert house.rows("SELECT count(*) FROM integration") == [(2,)]
