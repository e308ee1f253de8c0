from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dashboard import media
from dashboard.boards import add_app_item, add_item, find_home_board
from dashboard.database import Database
from dashboard.identity import Session
from dashboard.media import CHUNK_BYTES, NewMedia, add_media, media_url

from .helpers import Browser

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.fixture(name="url")
async def _url(database: Database) -> str:
    """Where an SVG is found that the administrator uploaded."""
    row = await database.one('SELECT id FROM "user"')
    assert row is not None
    file = NewMedia(name="a.svg", content_type="image/svg+xml", content=SVG)
    (media_id,) = await add_media(database, [file], creator_id=row["id"])
    return media_url(media_id)


async def run(database: Database, statement: str, *values: str) -> None:
    async with database.write() as tx:
        await tx.execute(statement, values)


async def test_a_file_is_sent_so_that_nothing_in_it_runs(member: Browser, url: str):
    """Its type is what it says, and a script in it has neither a source nor a page."""
    page = await member.get(url)

    assert (page.status, page.text) == (200, SVG.decode())
    assert page.headers["Content-Type"] == "image/svg+xml"
    assert page.headers["Content-Length"] == str(len(SVG))
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    assert page.headers["Cache-Control"] == "private, max-age=3600"
    assert "Cookie" in page.headers["Vary"]


async def test_a_file_that_the_browser_has_is_not_sent_again(
    member: Browser, stranger: Browser, url: str
):
    """But nobody learns by that whether there is one."""
    tag = (await member.get(url)).headers["ETag"]
    again = await member.get(url, If_None_Match=tag)
    other = await member.get(url, If_None_Match='"other"')

    assert tag == f'"{url.rpartition("/")[2]}-{len(SVG)}"'
    assert (again.status, again.text, again.headers["ETag"]) == (304, "", tag)
    assert other.status == 200
    assert (await stranger.get(url, If_None_Match=tag)).status == 404


async def test_what_the_browser_has_is_not_even_read(
    member: Browser, url: str, monkeypatch: pytest.MonkeyPatch
):
    """Nothing but its length is asked of the database."""
    tag = (await member.get(url)).headers["ETag"]
    reads: list[str] = []

    async def read(_: Database, media_id: str) -> AsyncIterator[bytes]:
        reads.append(media_id)
        yield SVG

    monkeypatch.setattr(media, "read_media", read)
    again = await member.get(url, If_None_Match=f"W/{tag}")

    assert (again.status, reads) == (304, [])


async def test_a_large_file_comes_whole(member: Browser, database: Database, url: str):
    """In pieces, and its length is told before."""
    content = bytes(range(256)) * (CHUNK_BYTES // 256) * 2 + b"end"
    await run(database, "UPDATE media SET content_type = 'image/png'")
    async with database.write() as tx:
        await tx.execute("UPDATE media SET content = ?", (content,))

    response = await member.client.get(url)

    assert await response.get_data(as_text=False) == content
    assert response.headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize("path", ["nothing", "%00", "%ED%A0%80", "a%2Fb", "ä"])
async def test_a_file_that_is_not_there_is_not_found(member: Browser, path: str):
    """Whatever is asked for."""
    assert (await member.get(f"/api/user-medias/{path}")).status == 404


async def test_strangers_get_no_file_that_nobody_shows_them(
    stranger: Browser, guest: Browser, url: str
):
    """The same answer as for one that is not there; members get it."""
    missing = await stranger.get(f"{url}x")
    hidden = await stranger.get(url)

    assert (hidden.status, hidden.words) == (missing.status, missing.words)
    assert hidden.status == 404
    assert (await guest.get(url)).status == 200


@pytest.mark.parametrize(
    "column",
    [
        "logo_image_url",
        "favicon_image_url",
        "background_image_url",
        "custom_css",
    ],
)
async def test_strangers_get_what_a_public_board_looks_like(
    stranger: Browser, database: Database, url: str, column: str
):
    """And not what a private one does."""
    await run(database, f"UPDATE board SET {column} = 'x url(' || ? || ')'", url)  # noqa: S608

    assert (await stranger.get(url)).status == 404

    await run(database, "UPDATE board SET is_public = 1")

    assert (await stranger.get(url)).status == 200


@pytest.mark.parametrize("kind", ["app", "notebook", "search"])
async def test_strangers_get_what_a_public_board_shows(
    stranger: Browser, database: Database, url: str, kind: str
):
    """In its items, and as icons of the apps there; and icons of searches."""
    row = await database.one('SELECT id, name FROM "user"')
    assert row is not None
    session = Session(token="t", user_id=row["id"], user_name="", expires=9e9)
    board = await find_home_board(database, session)
    assert board is not None
    if kind == "search":
        await run(
            database,
            "INSERT INTO search_engine (id, icon_url, name, short)"
            " VALUES ('s', ?, 's', 's')",
            url,
        )
    elif kind == "app":
        session = Session(
            token="t",
            user_id=row["id"],
            user_name="",
            permissions=frozenset({"app-create"}),
            expires=9e9,
        )
        await add_app_item(
            database, board.id, name="a", href=None, icon_url=url, session=session
        )
    else:
        note = {"content": f'<img src="{url}">'}
        await add_item(database, board.id, kind=kind, options=note, session=session)

    assert (await stranger.get(url)).status == (200 if kind == "search" else 404)

    await run(database, "UPDATE board SET is_public = 1")

    assert (await stranger.get(url)).status == 200

    await run(database, "DELETE FROM item")
    await run(database, "DELETE FROM search_engine")

    assert (await stranger.get(url)).status == 404
