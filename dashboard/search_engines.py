"""Search engines: the addresses behind the short words of the search field."""

from __future__ import annotations

import sqlite3

import msgspec

from dashboard.database import Database, Readable, Transaction
from dashboard.errors import ProcedureError
from dashboard.ids import new_id
from dashboard.stored import read_server_setting

_COLUMNS = (
    "e.id, e.icon_url, e.name, e.short, e.description, e.url_template, e.type,"
    " e.integration_id"
)
_JOINED = (
    f"SELECT {_COLUMNS}, i.kind AS integration_kind, i.url AS integration_url"  # noqa: S608
    " FROM search_engine AS e LEFT JOIN integration AS i ON i.id = e.integration_id"
)
_NAMED = " WHERE :search = '' OR instr(lower(e.name), lower(:search))"


class Integration(msgspec.Struct, frozen=True, kw_only=True):
    """What a search engine needs to know of its integration."""

    kind: str
    url: str
    id: str


class SearchEngine(msgspec.Struct, frozen=True, kw_only=True):
    """A search engine: "generic" has a template, "fromIntegration" an integration."""

    id: str = ""
    icon_url: str
    name: str
    #: What is typed before the words to search for; small letters, unique.
    short: str = ""
    description: str | None
    #: With %s where the words go.
    url_template: str | None = None
    type: str
    integration_id: str | None = None
    integration: Integration | None = None


async def list_search_engines(
    source: Readable,
    *,
    search: str = "",
    short: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> list[SearchEngine]:
    """By name: those with `search` in their name and a short that starts with `short`.

    Letters may be large or small, and signs of patterns are only signs.
    """
    rows = await source.all(
        f"SELECT * FROM ({_JOINED}{_NAMED})"  # noqa: S608 - ours
        " WHERE substr(lower(short), 1, length(:short)) = lower(:short)"
        " ORDER BY name, id LIMIT :limit OFFSET :offset",
        {
            "search": search,
            "short": short,
            "limit": -1 if limit is None else limit,
            "offset": offset,
        },
    )
    return [_record(row) for row in rows]


async def count_search_engines(source: Readable, *, search: str = "") -> int:
    """How many have this in their name."""
    row = await source.one(
        f"SELECT count(*) AS found FROM search_engine AS e{_NAMED}",  # noqa: S608
        {"search": search},
    )
    return 0 if row is None else int(row["found"])


async def find_search_engine(source: Readable, engine_id: str) -> SearchEngine | None:
    """The search engine of this id."""
    row = await source.one(f"{_JOINED} WHERE e.id = ?", (engine_id,))
    return None if row is None else _record(row)


async def find_default_search_engine(
    source: Readable, user_id: str | None
) -> SearchEngine | None:
    """The user's own default, else the server's; None where there is neither."""
    if user_id is not None:
        row = await source.one(
            f"{_JOINED} WHERE e.id ="  # noqa: S608 - ours
            ' (SELECT default_search_engine_id FROM "user" WHERE id = ?)',
            (user_id,),
        )
        if row is not None:
            return _record(row)

    setting = await read_server_setting(source, "search")
    chosen = setting.get("defaultSearchEngineId")
    if not isinstance(chosen, str):
        return None

    return await find_search_engine(source, chosen)


async def add_search_engine(database: Database, engine: SearchEngine) -> str:
    """Add one, its short in small letters; returns its id.

    Raises ProcedureError: CONFLICT for a short that another one has, or BAD_REQUEST for
    an unknown integration.
    """
    short, engine_id = engine.short.lower(), new_id()
    async with database.write() as tx:
        await _check_integration(tx, engine.integration_id)
        taken = "SELECT 1 FROM search_engine WHERE lower(short) = lower(?)"
        if await tx.one(taken, (short,)):
            message = f"there is a search engine with the short {short!r} already"
            raise ProcedureError("CONFLICT", message)

        await tx.execute(
            "INSERT INTO search_engine (id, icon_url, name, short, description,"
            " url_template, type, integration_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                engine_id,
                engine.icon_url,
                engine.name,
                short,
                engine.description,
                engine.url_template,
                engine.type,
                engine.integration_id,
            ),
        )

    return engine_id


async def update_search_engine(database: Database, engine: SearchEngine) -> None:
    """Store all of it but its short, which stays.

    Raises ProcedureError: NOT_FOUND, or BAD_REQUEST for an unknown integration.
    """
    async with database.write() as tx:
        await _check_integration(tx, engine.integration_id)
        count = await tx.execute(
            "UPDATE search_engine SET icon_url = ?, name = ?, description = ?,"
            " url_template = ?, type = ?, integration_id = ? WHERE id = ?",
            (
                engine.icon_url,
                engine.name,
                engine.description,
                engine.url_template,
                engine.type,
                engine.integration_id,
                engine.id,
            ),
        )
        if not count:
            raise ProcedureError("NOT_FOUND", "Search engine not found")


async def delete_search_engine(database: Database, engine_id: str) -> None:
    """Delete one; users whose default it was have none of their own any more."""
    async with database.write() as tx:
        await tx.execute("DELETE FROM search_engine WHERE id = ?", (engine_id,))


async def _check_integration(tx: Transaction, integration_id: str | None) -> None:
    if integration_id is None:
        return

    if not await tx.one("SELECT 1 FROM integration WHERE id = ?", (integration_id,)):
        raise ProcedureError(
            "BAD_REQUEST", f"there is no integration {integration_id!r}"
        )


def _record(row: sqlite3.Row) -> SearchEngine:
    values = dict(row)
    kind, url = values.pop("integration_kind"), values.pop("integration_url")
    integration = None
    if kind is not None:
        integration = Integration(kind=kind, url=url, id=values["integration_id"])

    return SearchEngine(**values, integration=integration)
