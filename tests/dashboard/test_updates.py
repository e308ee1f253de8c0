"""Newer versions of this program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dashboard import superjson, updates
from dashboard.database import Database
from dashboard.errors import ProcedureError
from dashboard.identity import Session
from dashboard.resources import Resources
from dashboard.trpc import Context, call, find_procedure
from dashboard.updates import read_version
from services.tasks.jobs import update_checker as job
from tests.dashboard.remote import (
    Remote,
    answer,
    answer_json,
    open_remote,
    open_resources,
)


def release(tag: str, **more: Any) -> dict[str, Any]:
    """A release as GitHub lists it."""
    return {
        "id": 1,
        "tag_name": tag,
        "name": f"Release {tag}",
        "html_url": f"https://releases.example/{tag}",
        "draft": False,
        "prerelease": False,
        "body": "# Notes",
        **more,
    }


def update(tag: str) -> dict[str, Any]:
    """What a client gets of it."""
    return {
        "name": f"Release {tag}",
        "url": f"https://releases.example/{tag}",
        "tagName": tag,
    }


@pytest.fixture(autouse=True)
def _version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "VERSION", "1.2.0")


@pytest.fixture(name="remote")
async def _remote() -> AsyncIterator[Remote]:
    async with open_remote() as remote:
        tags = ["v1.2.1", "v1.10.0", "v1.2.0", "v1.1.9", "nightly", "2.0.0"]
        remote.answers["/releases"] = answer_json([release(tag) for tag in tags])
        yield remote


@pytest.fixture(name="resources")
async def _resources(database: Database, remote: Remote) -> AsyncIterator[Resources]:
    async with open_resources(
        database, remote, update_check_url=remote.url("/releases")
    ) as resources:
        yield resources


async def ask(resources: Resources, session: Session | None) -> Any:
    """Call the query."""
    procedure = find_procedure("updateChecker.getAvailableUpdates")
    assert procedure is not None
    context = Context(resources=resources, session=session)
    return await call(procedure, context, superjson.UNDEFINED)


async def test_newer_releases_are_told_newest_first(
    resources: Resources, session: Session
):
    """By version and not by letters; what is no version is passed over."""
    found = await ask(resources, session)

    assert found == [update("2.0.0"), update("v1.10.0"), update("v1.2.1")]


async def test_drafts_and_trials_are_no_news(
    remote: Remote, resources: Resources, session: Session
):
    """Notes come along where the server renders them; other schemes are no links."""
    remote.answers["/releases"] = answer_json(
        [
            release("v3.0.0", draft=True),
            release("v3.0.1-rc.1", prerelease=True),
            release("v3.0.2", html_url="javascript:alert(1)"),
            release("v3.0.3", name=None, body_html="<h1>Notes</h1>"),
        ]
    )

    assert await ask(resources, session) == [
        {**update("v3.0.3"), "name": None, "contentHtml": "<h1>Notes</h1>"}
    ]


async def test_who_tries_versions_out_hears_of_the_next(
    resources: Resources,
    remote: Remote,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
):
    """And of the final one."""
    monkeypatch.setattr(updates, "VERSION", "3.0.0-rc.2")
    tags = ["v3.0.0-rc.1", "v3.0.0-rc.10", "v3.0.0"]
    remote.answers["/releases"] = answer_json(
        [release(tag, prerelease="-" in tag) for tag in tags]
    )

    assert await ask(resources, session) == [
        update("v3.0.0"),
        update("v3.0.0-rc.10"),
    ]


def test_versions_are_ordered_as_semver_says():
    """The example of its page, and what is no version."""
    tags = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta"]
    tags += ["1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "v1.0.0", "1.0.1"]
    versions = [read_version(tag) for tag in tags]

    assert versions == sorted(versions, key=lambda one: one or ())
    assert len(set(versions)) == len(versions)
    assert read_version("1.0.0+build") == read_version("v1.0.0")
    for tag in ("nightly", "1.0", "", "1.0.0-", "1.0.0 ", "9" * 5000):
        assert read_version(tag) is None


@pytest.mark.parametrize(
    "wrong",
    [answer(status=500), answer("<html>"), answer_json({"message": "rate limit"}), b""],
)
async def test_a_bad_answer_is_undefined_and_a_line_of_the_log(
    remote: Remote,
    resources: Resources,
    session: Session,
    caplog: pytest.LogCaptureFixture,
    wrong: bytes,
):
    """Every page of an administrator's asks; the next one may know more."""
    remote.answers["/releases"] = wrong

    assert await ask(resources, session) is superjson.UNDEFINED
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"no news of versions: 127.0.0.1:{remote.port}: " in caplog.text


async def test_only_administrators_ask(
    remote: Remote, resources: Resources, visitor: Session
):
    """Others are told so, and nobody is asked."""
    for session, code in ((None, "UNAUTHORIZED"), (visitor, "FORBIDDEN")):
        with pytest.raises(ProcedureError) as caught:
            await ask(resources, session)

        assert caught.value.code == code

    assert remote.requests == []


async def test_the_job_asks_anew(
    remote: Remote,
    resources: Resources,
    session: Session,
    caplog: pytest.LogCaptureFixture,
):
    """It names the newest; what it kept outlives a failure of the server."""
    caplog.set_level("INFO")
    await job.run(resources)
    remote.answers["/releases"] = answer(status=500)
    await job.run(resources)

    assert len(remote.requests) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "a newer version is there: 2.0.0",
        f"no news of versions: 127.0.0.1:{remote.port}: it answered 500",
    ]
    assert len(await ask(resources, session)) == 3
    assert len(remote.requests) == 2


async def test_nobody_is_asked_unless_wished(
    database: Database,
    remote: Remote,
    session: Session,
    caplog: pytest.LogCaptureFixture,
):
    """Neither without the setting nor without external connections, and quietly."""
    url = remote.url("/releases")
    for settings in ({}, {"update_check_url": url, "no_external_connection": True}):
        async with open_resources(database, remote, **settings) as resources:
            await job.run(resources)

            assert await ask(resources, session) == []

    assert remote.requests == []
    assert caplog.records == []
