"""The entries of stored feeds, as a board's visitor asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from dashboard import feeds
from dashboard.database import Database
from dashboard.errors import ProcedureError
from dashboard.identity import Session
from dashboard.resources import Resources
from dashboard.trpc import Context, call, find_procedure
from services.tasks.jobs import rss_feeds as job
from tests.dashboard.remote import (
    Remote,
    add_item,
    answer,
    open_remote,
    open_resources,
)


def make_feed(*days: int, name: str = "x") -> bytes:
    """A feed with an entry for each day of January, or without a date for 0."""
    items = "".join(
        f"<item><guid>{name}{day}</guid>"
        + (f"<pubDate>{day} Jan 2026 00:00:00 GMT</pubDate>" if day else "")
        + "</item>"
        for day in days
    )
    return answer(f"<rss><channel>{items}</channel></rss>")


@pytest.fixture(name="remote")
async def _remote() -> AsyncIterator[Remote]:
    async with open_remote() as remote:
        remote.answers["/a"] = make_feed(1, 5, 3, name="a")
        remote.answers["/b"] = make_feed(0, 4, 2, name="b")
        yield remote


@pytest.fixture(name="resources")
async def _resources(database: Database, remote: Remote) -> AsyncIterator[Resources]:
    async with open_resources(database, remote) as resources:
        yield resources


async def get(
    resources: Resources,
    *urls: str,
    session: Session | None = None,
    count: float = 100,
) -> list[str]:
    """The ids of the entries that the query answers."""
    procedure = find_procedure("widget.rssFeed.getFeeds")
    assert procedure is not None
    context = Context(resources=resources, session=session)
    given = {"urls": list(urls), "maximumAmountPosts": count}
    return [entry["id"] for entry in await call(procedure, context, given)]


async def store(resources: Resources, *urls: str, **more: Any) -> None:
    """A board's item that shows these feeds; public unless told otherwise."""
    options = {"feedUrls": list(urls), "maximumAmountPosts": 100}
    more = {"public": True, **more}
    await add_item(resources.database, "rssFeed", options, **more)


async def test_the_newest_of_all_feeds_come_first(remote: Remote, resources: Resources):
    """Those without a date come last; the count is of all together."""
    urls = [remote.url("/a"), remote.url("/b")]
    await store(resources, *urls)

    assert await get(resources, *urls) == ["a5", "b4", "a3", "b2", "a1", "b0"]
    assert await get(resources, *urls, count=2) == ["a5", "b4"]
    assert await get(resources, *urls, count=1.9) == ["a5"]
    assert await get(resources, *urls, count=0) == []
    assert await get(resources, urls[0], urls[0]) == ["a5", "a3", "a1"]
    assert len(remote.requests) == 2


async def test_only_stored_feeds_are_asked(remote: Remote, resources: Resources):
    """A server that fetches what strangers name is a way into its network."""
    await store(resources, remote.url("/a"))
    await add_item(
        resources.database, "iframe", {"feedUrls": [remote.url("/c")]}, public=True
    )

    for path in ("/b", "/c", "/a?", "/a/", "/A"):
        assert await get(resources, remote.url(path)) == []

    assert remote.requests == []


async def test_a_feed_is_for_those_who_see_its_board(
    remote: Remote, resources: Resources, session: Session, visitor: Session
):
    """Its URL may hold the key to it, so a private board's is private."""
    url = remote.url("/a")
    await store(resources, url, public=False)

    assert await get(resources, url) == []
    assert await get(resources, url, session=visitor) == []
    assert remote.requests == []
    assert len(await get(resources, url, session=session)) == 3

    async with resources.database.write() as tx:
        await tx.execute(
            "INSERT INTO \"boardUserPermission\" VALUES ('board', ?, 'view')",
            (visitor.user_id,),
        )

    assert len(await get(resources, url, session=visitor)) == 3


async def test_one_that_fails_leaves_the_others(
    remote: Remote, resources: Resources, caplog: pytest.LogCaptureFixture
):
    """One line of the log says which server, and not its URL."""
    urls = [remote.url("/a"), remote.url("/none?key=secret")]
    await store(resources, *urls)

    assert await get(resources, *urls) == ["a5", "a3", "a1"]
    assert [record.getMessage() for record in caplog.records] == [
        f"no news of a feed: 127.0.0.1:{remote.port}: it answered 404"
    ]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (answer(status=500), "it answered 500"),
        (answer("<html></html>"), "its root is 'html'"),
        (answer("nonsense"), "it is no XML"),
        (answer(bytes(feeds.MAX_BYTES + 1)), "it is longer than 8388608 bytes"),
    ],
)
async def test_where_all_fail_the_reason_is_told(
    remote: Remote, resources: Resources, wrong: bytes, reason: str
):
    """An empty list would look like no news; and the failure is not kept."""
    url = remote.url("/a")
    await store(resources, url)
    remote.answers["/a"] = wrong
    with pytest.raises(ProcedureError, match=reason) as caught:
        await get(resources, url)

    assert caught.value.code == "BAD_GATEWAY"

    remote.answers["/a"] = make_feed(1)

    assert await get(resources, url) == ["x1"]


@pytest.mark.parametrize(
    "given",
    [
        None,
        {"urls": ["x"]},
        {"urls": "x", "maximumAmountPosts": 1},
        {"urls": ["x"] * 101, "maximumAmountPosts": 1},
        {"urls": [1], "maximumAmountPosts": 1},
        {"urls": [], "maximumAmountPosts": -1},
        {"urls": [], "maximumAmountPosts": float("nan")},
    ],
)
async def test_wrong_inputs_are_refused(resources: Resources, given: Any):
    """It is the caller's fault."""
    procedure = find_procedure("widget.rssFeed.getFeeds")
    assert procedure is not None
    with pytest.raises(ProcedureError) as caught:
        await call(procedure, Context(resources=resources, session=None), given)

    assert caught.value.code == "BAD_REQUEST"


async def test_nobody_is_asked_without_external_connections(
    database: Database, remote: Remote, caplog: pytest.LogCaptureFixture
):
    """There are no entries then, and the job is quiet."""
    async with open_resources(
        database, remote, no_external_connection=True
    ) as resources:
        await store(resources, remote.url("/a"))
        await job.run(resources)

        assert await get(resources, remote.url("/a")) == []

    assert remote.requests == []
    assert caplog.records == []


async def test_the_job_asks_each_feed_anew(
    remote: Remote, resources: Resources, caplog: pytest.LogCaptureFixture
):
    """Of any board, each once; one that fails leaves the others, and what it kept."""
    urls = [remote.url(path) for path in ("/a", "/b")]
    await store(resources, *urls, public=False)
    await store(resources, urls[0], board="other")
    for odd in (None, "x", [1, ""], {"a": 1}):
        await add_item(resources.database, "rssFeed", {"feedUrls": odd})

    await job.run(resources)

    assert sorted(remote.targets) == ["/a", "/b"]

    remote.answers["/a"] = answer(status=500)
    remote.answers["/b"] = make_feed(7, name="b")
    await job.run(resources)

    assert len(remote.requests) == 4
    assert [record.getMessage() for record in caplog.records] == [
        f"no news of a feed: 127.0.0.1:{remote.port}: it answered 500"
    ]

    await store(resources, *urls, board="public")

    assert await get(resources, *urls) == ["b7", "a5", "a3", "a1"]
    assert len(remote.requests) == 4


async def test_few_feeds_are_fetched_at_once(remote: Remote, resources: Resources):
    """A board with many does not open as many sockets."""
    remote.slow = "/slow"
    urls = [remote.url(f"/slow{number}") for number in range(20)]
    await store(resources, *urls)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(job.run, resources)
        while remote.open < job.MAX_CONCURRENT:
            await anyio.wait_all_tasks_blocked()

        remote.let_go.set()

    assert remote.most_open == job.MAX_CONCURRENT
    assert len(remote.requests) == 20
