"""Uploaded images: whole answers, limits, and who may."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.errors import InvalidInputError
from dashboard.trpc.procedure import Upload

from .callers import MEMBERS, Callers

BEGINNING = b"\x89PNG\r\n\x1a\n"
SVG = b"<svg>\0</svg>"
PNG = Upload("a.png", "image/png", BEGINNING)
UPLOAD = "media.uploadMedia"


@pytest.fixture(name="ids")
async def _ids(callers: Callers) -> dict[str, str]:
    """One file each of the owner and of another member, by whose it is."""
    found = {}
    for number, by in enumerate(("owner", "other")):
        file = Upload(f"{by}.png", "image/png", BEGINNING + bytes(number))
        (found[by],) = await callers.call(
            UPLOAD, {"files": [file]}, by=by, having=("media-upload",)
        )

    for number, media_id in enumerate(found.values()):
        await callers.run(
            f"UPDATE media SET created_at = {1000 + number} WHERE id = '{media_id}'"  # noqa: S608
        )

    return found


def media(ids: dict[str, str], name: str) -> dict[str, Any]:
    number = list(ids).index(name)
    return {
        "id": ids[name],
        "name": f"{name}.png",
        "contentType": "image/png",
        "size": len(BEGINNING) + number,
        "createdAt": datetime.fromtimestamp(1000 + number, UTC),
        "creatorId": name,
        "creator": {"id": name, "name": name, "image": f"{name}.png"},
    }


async def test_files_have_homarr_s_members(callers: Callers, ids: dict[str, str]):
    """Everybody has their own; those who may see all ask for it."""
    path, everybody = "media.getPaginated", {"includeFromAllUsers": True}
    own = await callers.call(path, {}, by="owner")
    refused = await callers.call(path, everybody, by="owner")
    everything = await callers.call(
        path, everybody, by="owner", having=("media-view-all",)
    )
    unasked = await callers.call(path, {}, by="owner", having=("media-view-all",))

    assert own == refused == unasked
    assert own == {"items": [media(ids, "owner")], "totalCount": 1}
    assert list(own["items"][0]) == list(media(ids, "owner"))
    assert everything == {
        "items": [media(ids, "other"), media(ids, "owner")],
        "totalCount": 2,
    }


@pytest.mark.parametrize(
    ("given", "names", "total"),
    [
        ({"pageSize": 1}, ["other.png"], 2),
        ({"pageSize": 1, "page": 2}, ["owner.png"], 2),
        ({"search": " OWN "}, ["owner.png"], 1),
        ({"search": "%"}, [], 0),
    ],
)
async def test_a_page_is_a_part_of_what_was_found(
    callers: Callers, ids: dict[str, str], given: Any, names: list[str], total: int
):
    """The newest come first."""
    given = {**given, "includeFromAllUsers": True}
    found = await callers.call("media.getPaginated", given)

    assert ([m["name"] for m in found["items"]], found["totalCount"]) == (names, total)


async def test_a_file_whose_user_is_gone_has_no_creator(
    callers: Callers, ids: dict[str, str]
):
    """It stays, for those who see all."""
    await callers.run("DELETE FROM \"user\" WHERE id = 'owner'")
    found = await callers.call("media.getPaginated", {"includeFromAllUsers": True})
    (gone,) = (m for m in found["items"] if m["name"] == "owner.png")

    assert (gone["creatorId"], gone["creator"]) == (None, None)


async def test_an_upload_keeps_all_files_and_tells_their_ids(callers: Callers):
    """In the order in which they came, each as it was sent."""
    svg = Upload("b.svg", "image/svg+xml", SVG)
    ids = await callers.call(UPLOAD, {"files": [PNG, svg]})
    rows = await callers.rows("SELECT id, name, content, content_type, size FROM media")

    assert sorted(rows) == sorted(
        [
            (ids[0], "a.png", BEGINNING, "image/png", 8),
            (ids[1], "b.svg", SVG, "image/svg+xml", 12),
        ]
    )
    assert await callers.rows("SELECT id FROM icon") == []


async def test_files_are_icons_where_those_of_this_house_are_listed(callers: Callers):
    """They go together."""
    await callers.run("INSERT INTO \"iconRepository\" VALUES ('r', 'local')")
    (media_id,) = await callers.call(UPLOAD, {"files": [PNG]})
    url = f"/api/user-medias/{media_id}"
    checksum = hashlib.md5(BEGINNING, usedforsecurity=False).hexdigest()
    columns = "name, url, checksum, icon_repository_id"

    assert await callers.rows(f"SELECT {columns} FROM icon") == [  # noqa: S608
        ("a.png", url, checksum, "r")
    ]

    await callers.call("media.deleteMedia", {"id": media_id})

    assert await callers.rows("SELECT id FROM icon") == []


@pytest.mark.parametrize(
    ("file", "key"),
    [
        (Upload("a.html", "text/html", SVG), "invalidFileType"),
        (Upload("a.png", "IMAGE/PNG", BEGINNING), "invalidFileType"),
        (Upload("a.png", "image/png", bytes(32 * 1024 * 1024 + 1)), "fileTooLarge"),
        (Upload("a.png", "image/png", b""), "invalidFileType"),
        (Upload("a.png", "image/png", b"<html>"), "invalidFileType"),
        (Upload("a.png", "image/png", SVG), "invalidFileType"),
        (Upload("a.svg", "image/svg+xml", BEGINNING), "invalidFileType"),
        (Upload("a.jpg", "image/jpeg", BEGINNING), "invalidFileType"),
    ],
    ids=["type", "case", "size", "empty", "page", "svg", "no svg", "other"],
)
async def test_other_files_are_refused_in_homarr_s_words(
    callers: Callers, file: Upload, key: str
):
    """All of them at once, also what is not what it is said to be: none is kept."""
    with pytest.raises(InvalidInputError) as caught:
        await callers.call(UPLOAD, {"files": [PNG, file]})

    (issue,) = caught.value.issues

    assert (issue["code"], issue["path"]) == ("custom", ["files", 1])
    assert issue["params"]["i18n"]["key"] == key
    assert await callers.rows("SELECT id FROM media") == []


async def test_files_have_a_bound_together(callers: Callers):
    """Each is small enough, and all of them are not."""
    big = Upload("a.png", "image/png", BEGINNING + bytes(22 * 1024 * 1024))
    answer = await callers.fail(UPLOAD, {"files": [big] * 3})

    assert answer.startswith("PAYLOAD_TOO_LARGE: at most 67108864 bytes")
    assert await callers.rows("SELECT id FROM media") == []


@pytest.mark.parametrize(
    "given", [{"files": []}, {}, {"files": ["text"]}, {"files": [PNG] * 101}]
)
async def test_an_upload_has_files(callers: Callers, given: Any):
    """Not too many of them, and no words."""
    assert await callers.answer(UPLOAD, given) == "BAD_REQUEST"


@pytest.mark.parametrize("name", ["", "x" * 300 + ".png", "\ud800.png"])
async def test_any_name_of_a_file_can_be_stored(callers: Callers, name: str):
    """As much of it as there is room for."""
    await callers.call(UPLOAD, {"files": [Upload(name, "image/png", BEGINNING)]})
    ((stored,),) = await callers.rows("SELECT name FROM media")

    assert 0 < len(stored) <= 255


async def test_uploads_need_their_permission(callers: Callers):
    """401 without a session, 403 without it."""
    given = {"files": [PNG]}

    assert await callers.fail(UPLOAD, given, by="stranger") == (
        "UNAUTHORIZED: UNAUTHORIZED"
    )
    for by in (name for name in MEMBERS if name != "admin"):
        assert await callers.fail(UPLOAD, given, by=by, having=("media-view-all",)) == (
            "FORBIDDEN: Permission denied"
        )

    assert await callers.rows("SELECT id FROM media") == []


@pytest.mark.parametrize(
    ("by", "having", "answer"),
    [
        ("stranger", (), "UNAUTHORIZED: UNAUTHORIZED"),
        ("other", (), "FORBIDDEN: You don't have permission to delete this media"),
        (
            "other",
            ("media-view-all", "media-upload"),
            "FORBIDDEN: You don't have permission to delete this media",
        ),
        ("owner", (), None),
        ("other", ("media-full-all",), None),
        ("admin", (), None),
    ],
)
async def test_a_file_is_deleted_by_its_creator_or_by_who_may(
    callers: Callers,
    ids: dict[str, str],
    by: str,
    having: tuple[str, ...],
    answer: str | None,
):
    """The others are told so."""
    given = {"id": ids["owner"]}
    if answer is None:
        await callers.call("media.deleteMedia", given, by=by, having=having)
    else:
        assert await callers.fail("media.deleteMedia", given, by=by, having=having) == (
            answer
        )

    left = await callers.rows("SELECT id FROM media")

    assert ((ids["owner"],) in left) == (answer is not None)
    assert (ids["other"],) in left


async def test_a_file_that_is_not_there_is_told(callers: Callers):
    """In Homarr's words; and a list is for members."""
    assert await callers.fail("media.deleteMedia", {"id": "x"}) == (
        "NOT_FOUND: Media not found"
    )
    assert (
        await callers.answer("media.getPaginated", {}, by="stranger") == "UNAUTHORIZED"
    )
