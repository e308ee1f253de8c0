"""The icons' rows, brought up to what the repositories list now."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from anyio import to_thread

from dashboard.database import Database, Transaction
from dashboard.icons.listing import Listed
from dashboard.ids import new_id

#: Homarr's name of the repository that uploads are in.
LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How many rows came and went."""

    added: int
    deleted: int


async def update_icons(
    database: Database, slug: str, listed: Iterable[Listed]
) -> Changes:
    """Make a repository's rows those of the list, all or nothing.

    Icons whose content and URL have stayed keep their rows.
    """
    wanted = {(icon.url, icon.checksum): icon for icon in listed}
    async with database.write() as tx:
        repository = await _find_repository(tx, slug)
        rows = await tx.all(
            "SELECT id, url, checksum FROM icon WHERE icon_repository_id = ?",
            (repository,),
        )
        dead = [row["id"] for row in rows if not _take(wanted, row)]
        await tx.delete_many("icon", "id", dead)
        added = await tx.insert_many(
            "icon",
            [
                {
                    "id": new_id(),
                    "name": icon.name,
                    "url": icon.url,
                    "checksum": icon.checksum,
                    "icon_repository_id": repository,
                }
                for icon in wanted.values()
            ],
        )

    return Changes(added=added, deleted=len(dead))


async def update_local_icons(database: Database) -> Changes:
    """Make the rows of the repository `local` those of the uploaded images."""
    known = {
        row["url"]: Listed(name=row["name"], url=row["url"], checksum=row["checksum"])
        for row in await database.all(
            'SELECT i.name, i.url, i.checksum FROM icon AS i JOIN "iconRepository" AS r'
            " ON r.id = i.icon_repository_id WHERE r.slug = ?",
            (LOCAL,),
        )
    }
    listed = []
    for row in await database.all("SELECT id, name FROM media"):
        url = f"/api/user-medias/{row['id']}"
        # What is uploaded never changes, and may be 32 MiB: it is read once.
        icon = known.get(url) or await _list_media(
            database, row["id"], row["name"], url
        )
        if icon is not None:
            listed.append(icon)

    return await update_icons(database, LOCAL, listed)


async def delete_other_repositories(database: Database, slugs: Iterable[str]) -> int:
    """Delete the repositories of other names with their icons; returns how many."""
    kept = {*slugs, LOCAL}
    async with database.write() as tx:
        rows = await tx.all('SELECT id, slug FROM "iconRepository"')
        dead = [row["id"] for row in rows if row["slug"] not in kept]
        return await tx.delete_many("iconRepository", "id", dead)


async def _list_media(
    database: Database, media_id: str, name: str, url: str
) -> Listed | None:
    row = await database.one("SELECT content FROM media WHERE id = ?", (media_id,))
    if row is None:
        return None  # it was deleted meanwhile

    digest = await to_thread.run_sync(_hash, row["content"])
    return Listed(name=name, url=url, checksum=digest)


def _hash(content: bytes) -> str:
    # Homarr's checksum, which protects nothing.
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


async def _find_repository(tx: Transaction, slug: str) -> str:
    row = await tx.one('SELECT id FROM "iconRepository" WHERE slug = ?', (slug,))
    if row is not None:
        return str(row["id"])

    repository = new_id()
    await tx.execute(
        'INSERT INTO "iconRepository" (id, slug) VALUES (?, ?)', (repository, slug)
    )
    return repository


def _take(wanted: dict[tuple[str, str], Listed], row: sqlite3.Row) -> bool:
    """Take what a row already is out of what is wanted; whether it was there."""
    return wanted.pop((row["url"], row["checksum"]), None) is not None
