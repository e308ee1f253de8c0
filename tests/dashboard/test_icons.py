"""Icons: the search, and the rows that follow the repositories' lists."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from dashboard.database import Database
from dashboard.errors import OutgoingError, ProcedureError
from dashboard.ids import new_id
from dashboard.resources import Resources
from dashboard.trpc import Context, call, find_procedure
from services.tasks.jobs import icons_updater as job
from tests.dashboard.remote import (
    Remote,
    answer,
    answer_json,
    open_remote,
    open_resources,
)

TREE = [
    {"path": "svg", "mode": "040000", "type": "tree", "sha": "t1", "url": "u"},
    {"path": "svg/home assistant.svg", "type": "blob", "sha": "s1", "size": 10},
    {"path": "png/plex.png", "type": "blob", "sha": "s2", "size": 10},
    {"path": "png/plex-alt.png", "type": "blob", "sha": "s2", "size": 10},
    {"path": "README.md", "type": "blob", "sha": "s3", "size": 10},
    {"path": "webp/plex.webp", "type": "blob", "sha": "s4", "size": 10},
    {"path": "jpeg/cat.jpeg", "type": "blob", "sha": "s5", "size": 10},
]
FILES = [{"name": "/assets/plex_light.svg", "hash": "h1", "size": 5}]


@pytest.fixture(name="remote")
async def _remote() -> AsyncIterator[Remote]:
    async with open_remote() as remote:
        show(remote, TREE, FILES)
        yield remote


def show(remote: Remote, tree: list[Any], files: list[Any]) -> None:
    """Make the two repositories list these."""
    remote.answers["/github"] = answer_json({"sha": "x", "tree": tree})
    remote.answers["/jsdelivr"] = answer_json({"type": "gh", "files": files})


@pytest.fixture(name="resources")
async def _resources(database: Database, remote: Remote) -> AsyncIterator[Resources]:
    async with open_resources(database, remote) as resources:
        yield resources


async def find(resources: Resources, **given: Any) -> Any:
    """Call the search as an anonymous visitor."""
    procedure = find_procedure("icon.findIcons")
    assert procedure is not None
    return await call(procedure, Context(resources=resources, session=None), given)


async def list_names(resources: Resources, text: str = "") -> dict[str, list[str]]:
    """What is found, by repository."""
    found = await find(resources, searchText=text, limitPerGroup=500)
    return {
        one["slug"]: sorted(icon["name"] for icon in one["icons"])
        for one in found["icons"]
    }


async def list_rows(resources: Resources) -> dict[str, Any]:
    """The whole rows, by id."""
    rows = await resources.database.all("SELECT * FROM icon")
    return {row["id"]: dict(row) for row in rows}


async def upload(resources: Resources, name: str, content: bytes) -> str:
    """Store an image as the upload does, without its icon."""
    media_id = new_id()
    async with resources.database.write() as tx:
        await tx.execute(
            "INSERT INTO media (id, name, content, content_type, size)"
            " VALUES (?, ?, ?, 'image/png', ?)",
            (media_id, name, content, len(content)),
        )

    return media_id


async def test_the_job_fills_the_table(resources: Resources):
    """Images of both kinds of list, and the uploaded ones with Homarr's checksum."""
    media_id = await upload(resources, "mine.png", b"image")
    await job.run(resources)
    rows = (await list_rows(resources)).values()

    assert await list_names(resources) == {
        "local": ["mine.png"],
        "github": ["cat.jpeg", "home assistant.svg", "plex-alt.png", "plex.png"],
        "jsdelivr": ["plex_light.svg"],
    }
    assert {(row["url"], row["checksum"]) for row in rows} == {
        (f"/api/user-medias/{media_id}", hashlib.md5(b"image").hexdigest()),  # noqa: S324
        ("https://github.example/svg/home%20assistant.svg?home%20assistant", "s1"),
        ("https://github.example/png/plex.png?plex", "s2"),
        ("https://github.example/png/plex-alt.png?plex-alt", "s2"),
        ("https://github.example/jpeg/cat.jpeg?cat", "s5"),
        ("https://jsdelivr.example/assets/plex_light.svg?plex_light", "h1"),
    }


async def test_only_what_differs_is_written(
    remote: Remote, resources: Resources, caplog: pytest.LogCaptureFixture
):
    """A new content and a new name are new rows; the others keep theirs."""
    caplog.set_level("INFO")
    await upload(resources, "mine.png", b"image")
    await job.run(resources)
    before = await list_rows(resources)
    await job.run(resources)

    assert await list_rows(resources) == before

    changed = [{**one, "sha": "new"} if one["sha"] == "s1" else one for one in TREE]
    changed = [one for one in changed if one["path"] != "jpeg/cat.jpeg"]
    show(remote, changed, FILES)
    await job.run(resources)
    after = await list_rows(resources)
    gone = [row["checksum"] for key, row in before.items() if key not in after]
    came = [row["checksum"] for key, row in after.items() if key not in before]

    assert sorted(gone) == ["s1", "s5"]
    assert came == ["new"]
    assert [record.getMessage() for record in caplog.records] == [
        "icons updated: 6 added, 0 deleted",
        "icons updated: 1 added, 2 deleted",
    ]


@pytest.mark.parametrize(
    "wrong",
    [answer(status=403), answer("<html>"), answer_json({"tree": {}}), b""],
)
async def test_a_repository_that_fails_keeps_its_icons(
    remote: Remote,
    resources: Resources,
    caplog: pytest.LogCaptureFixture,
    wrong: bytes,
):
    """The other one is updated all the same, and one line of the log says why."""
    await job.run(resources)
    show(remote, TREE, [{"name": "/a.svg", "hash": "h2", "size": 1}])
    remote.answers["/github"] = wrong
    await job.run(resources)
    names = await list_names(resources)

    assert len(names["github"]) == 4
    assert names["jsdelivr"] == ["a.svg"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "icons are as they were of 'github' (127.0.0.1" in caplog.text


async def test_where_no_repository_answers_the_job_has_failed(
    remote: Remote, resources: Resources, caplog: pytest.LogCaptureFixture
):
    """All keep their icons, and then it is said once: without internet it is usual."""
    await job.run(resources)
    await upload(resources, "mine.png", b"image")
    async with resources.database.write() as tx:
        await tx.execute("INSERT INTO \"iconRepository\" VALUES ('r', 'old/one')")

    remote.answers.clear()
    with pytest.raises(
        OutgoingError, match="all 2 icon repositories: none gave a"
    ) as caught:
        await job.run(resources)

    assert "'github' (127.0.0.1" in str(caught.value)
    assert str(caught.value).endswith("set NO_EXTERNAL_CONNECTION=true")
    assert caplog.records == []
    names = await list_names(resources)
    assert {slug: len(of_it) for slug, of_it in names.items()} == {
        "local": 1,
        "github": 4,
        "jsdelivr": 1,
    }


async def test_who_has_no_repositories_has_none_that_failed(resources: Resources):
    """There is nobody to ask, and the uploads are found."""
    sources = replace(resources.sources, icons=())
    await upload(resources, "mine.png", b"image")
    await job.run(replace(resources, sources=sources))

    assert await list_names(resources) == {"local": ["mine.png"]}


async def test_an_empty_list_is_taken_for_a_failure(
    remote: Remote, resources: Resources, caplog: pytest.LogCaptureFixture
):
    """A server that answers something else entirely must not empty the table."""
    await job.run(resources)
    remote.answers["/github"] = answer_json({"message": "moved"})
    await job.run(resources)

    assert len((await list_names(resources))["github"]) == 4
    assert "lists no icons" in caplog.text


async def test_deleted_uploads_and_old_repositories_go(
    remote: Remote, resources: Resources
):
    """As Homarr does with repositories that are on its list no more."""
    media_id = await upload(resources, "mine.png", b"image")
    async with resources.database.write() as tx:
        await tx.execute("INSERT INTO \"iconRepository\" VALUES ('r', 'old/one')")
        await tx.execute("INSERT INTO icon VALUES ('i', 'a.png', 'u', 'c', 'r')")

    await job.run(resources)

    assert "old/one" not in await list_names(resources)
    assert "i" not in await list_rows(resources)

    async with resources.database.write() as tx:
        await tx.execute("DELETE FROM media WHERE id = ?", (media_id,))

    await job.run(resources)

    assert (await list_names(resources))["local"] == []


async def test_without_external_connections_uploads_are_found(
    database: Database, remote: Remote, caplog: pytest.LogCaptureFixture
):
    """Nobody is asked, nothing of the repositories is touched, nothing is logged."""
    async with open_resources(database, remote) as resources:
        await job.run(resources)

    remote.requests.clear()
    async with open_resources(
        database, remote, no_external_connection=True
    ) as resources:
        await upload(resources, "mine.png", b"image")
        await job.run(resources)

        assert await list_names(resources, "mine") == {
            "local": ["mine.png"],
            "github": [],
            "jsdelivr": [],
        }
        assert len((await list_names(resources))["github"]) == 4

    assert remote.requests == []
    assert caplog.records == []


async def test_all_words_have_to_be_in_the_name(resources: Resources):
    """In any order and case; what LIKE takes for signs are letters."""
    await job.run(resources)

    assert await list_names(resources, "PLEX") == {
        "local": [],
        "github": ["plex-alt.png", "plex.png"],
        "jsdelivr": ["plex_light.svg"],
    }
    assert (await list_names(resources, "svg  light"))["jsdelivr"] == ["plex_light.svg"]
    assert (await list_names(resources, "plex_"))["jsdelivr"] == ["plex_light.svg"]
    for text in ("plex-_", "p%x", "\\", "'", "png light"):
        assert not any((await list_names(resources, text)).values())


async def test_each_repository_shows_its_first_few(resources: Resources):
    """The count is of all icons, whatever was searched for."""
    await job.run(resources)
    found = await find(resources, searchText="plex", limitPerGroup=1)
    github = next(one for one in found["icons"] if one["slug"] == "github")

    assert found["countIcons"] == 5
    assert list(github) == ["id", "slug", "icons"]
    assert [set(icon) for icon in github["icons"]] == [{"id", "name", "url"}]
    assert github["icons"][0]["name"] == "plex.png"
    assert (await find(resources))["countIcons"] == 5


@pytest.mark.parametrize(
    "given",
    [
        {"limitPerGroup": 0},
        {"limitPerGroup": 501},
        {"limitPerGroup": "12"},
        {"searchText": 1},
        {"searchText": "x" * 256},
    ],
)
async def test_wrong_inputs_are_refused(resources: Resources, given: Any):
    """It is the caller's fault."""
    with pytest.raises(ProcedureError) as caught:
        await find(resources, **given)

    assert caught.value.code == "BAD_REQUEST"
