"""The integrations of an existing file: listed, and deleted with what names them."""

from __future__ import annotations

from dashboard.database import Database
from dashboard.integrations import Integration, delete_integration, list_integrations


async def add(database: Database, *integrations: tuple[str, str]) -> None:
    """Insert integrations by id and name."""
    async with database.write() as tx:
        await tx.execute_many(
            "INSERT INTO integration (id, name, url, kind)"
            " VALUES (?, ?, 'http://host', 'piHole')",
            integrations,
        )


async def test_integrations_are_listed_by_name(database: Database):
    """Whatever the case; those of one name by their id."""
    await add(database, ("c", "zulu"), ("b", "Alpha"), ("a", "alpha"))

    found = await list_integrations(database)

    assert [one.id for one in found] == ["a", "b", "c"]
    assert found[0] == Integration(
        id="a", name="alpha", kind="piHole", url="http://host"
    )


async def test_an_integration_is_deleted_once(database: Database):
    """The second time there is none, which is said; others stay."""
    await add(database, ("a", "one"), ("b", "two"))

    assert await delete_integration(database, "a") is True
    assert await delete_integration(database, "a") is False
    assert [one.id for one in await list_integrations(database)] == ["b"]
