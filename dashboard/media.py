"""Uploaded images: rows of the database, as in Homarr, with an icon for each."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dashboard.database import Database, Readable
from dashboard.errors import ProcedureError
from dashboard.identity import Session
from dashboard.ids import new_id

MAX_BYTES = 32 * 1024 * 1024
#: What is read at once: so much of a file is in memory for each who loads it.
CHUNK_BYTES = 4 * 1024 * 1024
LOCAL_REPOSITORY = "local"

_OWN_OR_ALL = (
    "(:everyone OR m.creator_id = :user)"
    " AND (:search = '' OR instr(lower(m.name), lower(:search)))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file without its content."""

    id: str
    name: str
    content_type: str
    #: Bytes.
    size: int
    created_at: datetime
    creator_id: str | None
    creator_name: str | None
    creator_image: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMedia:
    """A file to be kept."""

    name: str
    content_type: str
    content: bytes


def media_url(media_id: str) -> str:
    """Where the file is found."""
    return f"/api/user-medias/{media_id}"


async def list_media(
    source: Readable,
    session: Session,
    *,
    everyone: bool = False,
    search: str = "",
    limit: int,
    offset: int = 0,
) -> tuple[list[Media], int]:
    """The user's files, the newest first, and how many there are in all.

    With `everyone` those of all users, for whom "media-view-all" permits it.
    """
    names: dict[str, Any] = {
        "user": session.user_id,
        "everyone": everyone and session.may("media-view-all"),
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    rows = await source.all(
        "SELECT m.id, m.name, m.content_type, m.size, m.created_at, m.creator_id,"  # noqa: S608
        " u.name AS creator_name, u.image AS creator_image FROM media AS m"
        ' LEFT JOIN "user" AS u ON u.id = m.creator_id'
        f" WHERE {_OWN_OR_ALL}"
        " ORDER BY m.created_at DESC, m.id LIMIT :limit OFFSET :offset",
        names,
    )
    counted = await source.one(
        f"SELECT count(*) AS found FROM media AS m WHERE {_OWN_OR_ALL}",  # noqa: S608
        names,
    )
    return [_record(row) for row in rows], int(counted["found"]) if counted else 0


async def add_media(
    database: Database, files: Sequence[NewMedia], *, creator_id: str
) -> list[str]:
    """Keep files, all or none; returns their ids.

    Where the icons of this house are listed (the repository "local"), these are too.
    """
    # As Homarr's icons have it; of no other use, and it takes its time.
    sums = [await asyncio.to_thread(_sum, file.content) for file in files]
    ids = [new_id() for _ in files]
    async with database.write() as tx:
        for media_id, file in zip(ids, files, strict=True):
            await tx.execute(
                "INSERT INTO media (id, name, content, content_type, size, creator_id)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    media_id,
                    file.name,
                    file.content,
                    file.content_type,
                    len(file.content),
                    creator_id,
                ),
            )

        local = await tx.one(
            'SELECT id FROM "iconRepository" WHERE slug = ?', (LOCAL_REPOSITORY,)
        )
        if local is not None:
            await tx.execute_many(
                "INSERT INTO icon (id, name, url, checksum, icon_repository_id)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (new_id(), file.name, media_url(media_id), checksum, local["id"])
                    for media_id, file, checksum in zip(ids, files, sums, strict=True)
                ],
            )

    return ids


async def delete_media(database: Database, media_id: str, *, session: Session) -> None:
    """Delete a file of the user's own, or any with the permission "media-full-all".

    Raises ProcedureError: NOT_FOUND or FORBIDDEN.
    """
    async with database.write() as tx:
        row = await tx.one("SELECT creator_id FROM media WHERE id = ?", (media_id,))
        if row is None:
            raise ProcedureError("NOT_FOUND", "Media not found")

        if row["creator_id"] != session.user_id and not session.may("media-full-all"):
            message = "You don't have permission to delete this media"
            raise ProcedureError("FORBIDDEN", message)

        await tx.execute("DELETE FROM media WHERE id = ?", (media_id,))
        await tx.execute("DELETE FROM icon WHERE url = ?", (media_url(media_id),))


async def find_media(source: Readable, media_id: str) -> tuple[str, int] | None:
    """The content type of a file and its length in bytes; None where there is none."""
    row = await source.one(
        "SELECT content_type, length(CAST(content AS BLOB)) AS size FROM media"
        " WHERE id = ?",
        (media_id,),
    )
    return None if row is None else (row["content_type"], row["size"])


async def read_media(source: Readable, media_id: str) -> AsyncIterator[bytes]:
    """The content of a file, in pieces; it ends early where the file is deleted."""
    start = 1
    while True:
        row = await source.one(
            "SELECT substr(CAST(content AS BLOB), ?, ?) AS piece FROM media"
            " WHERE id = ?",
            (start, CHUNK_BYTES, media_id),
        )
        if row is None or not row["piece"]:
            return

        yield bytes(row["piece"])
        start += CHUNK_BYTES


async def is_media_public(source: Readable, media_id: str) -> bool:
    """Whether everybody is shown the file: by a public board, or as a search's icon.

    That is in the looks of such a board, in an item of it, or as an app's icon there.
    """
    row = await source.one(
        "SELECT EXISTS (SELECT 1 FROM board WHERE is_public AND instr("
        " coalesce(logo_image_url, '') || ' ' || coalesce(favicon_image_url, '')"
        " || ' ' || coalesce(background_image_url, '')"
        " || ' ' || coalesce(custom_css, ''), :url))"
        " OR EXISTS (SELECT 1 FROM item AS i JOIN board AS b ON b.id = i.board_id"
        " WHERE b.is_public AND instr(i.options || i.advanced_options, :url))"
        " OR EXISTS (SELECT 1 FROM app AS a JOIN item AS i"
        " ON i.kind IN ('app', 'bookmarks') AND instr(i.options, a.id)"
        " JOIN board AS b ON b.id = i.board_id"
        " WHERE instr(a.icon_url, :url) AND b.is_public)"
        " OR EXISTS (SELECT 1 FROM search_engine WHERE instr(icon_url, :url)) AS shown",
        {"url": media_url(media_id)},
    )
    return row is not None and bool(row["shown"])


def _sum(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _record(row: sqlite3.Row) -> Media:
    values = dict(row)
    values["created_at"] = datetime.fromtimestamp(values["created_at"], UTC)
    return Media(**values)
