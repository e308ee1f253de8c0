"""The widgets that need no integration, but for notes (test_board_changes.py)."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from dashboard import pings

from .callers import RIGHTS, Callers

PING = "widget.app.ping"
UPDATED = "widget.app.updatedPing"


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs that were pinged; none of them is really asked."""
    asked: list[str] = []

    async def ping(url: str, **_: Any) -> dict[str, Any]:
        asked.append(url)
        return {"url": url, "statusCode": 200, "durationMs": 5}

    monkeypatch.setattr(pings, "ping", ping)
    return asked


@pytest.mark.parametrize("by", RIGHTS)
@pytest.mark.parametrize("given", [{"id": "app"}, {"url": "http://app/"}])
async def test_an_app_is_pinged_for_those_whose_boards_show_it(
    callers: Callers, asked: list[str], given: dict[str, str], by: str
):
    """By its id or by its URL, at once and from now on."""
    if not RIGHTS[by]:
        assert await callers.fail(PING, given, by=by) == "NOT_FOUND: App not found"
        assert await callers.fail(UPDATED, given, by=by) == "NOT_FOUND: App not found"
        assert asked == []
        await callers.run("UPDATE board SET is_public = 1")

    assert await callers.call(PING, given, by=by) == {
        "url": "http://app/",
        "statusCode": 200,
        "durationMs": 5,
    }
    assert await callers.call(UPDATED, given, by=by) == ["ping:app"]
    assert asked == ["http://app/"]


@pytest.mark.parametrize(
    "given",
    [
        {"id": "hidden"},
        {"id": "nothing"},
        {"url": "http://hidden/ping"},
        {"url": "http://169.254.169.254/"},
        {"url": "http://app"},
        {"url": ""},
    ],
)
async def test_no_other_url_is_ever_asked(
    callers: Callers, asked: list[str], given: dict[str, str]
):
    """Not even for an administrator."""
    assert await callers.fail(PING, given) == "NOT_FOUND: App not found"
    assert await callers.fail(UPDATED, given) == "NOT_FOUND: App not found"
    assert asked == []


@pytest.mark.parametrize("given", [{}, {"id": "app", "url": "http://app/"}])
async def test_an_app_is_named_in_one_way(callers: Callers, given: dict[str, str]):
    """By its id or by its URL."""
    assert await callers.answer(PING, given) == "BAD_REQUEST"


async def test_nobody_makes_us_ask_faster(callers: Callers, asked: list[str]):
    """An answer is told to all who ask within the next seconds."""
    for by in ("owner", "viewer", "owner"):
        await callers.call(PING, {"id": "app"}, by=by)

    assert asked == ["http://app/"]


async def test_an_app_without_a_url_is_told(callers: Callers, asked: list[str]):
    """And none is asked where the server forbids it."""
    await callers.run("UPDATE app SET href = NULL")

    assert await callers.fail(PING, {"id": "app"}) == (
        "CONFLICT: No URL to ping configured for this app"
    )

    await callers.run(
        """UPDATE "serverSetting" SET value = '{"json":{"forceDisableStatus":true}}'
        WHERE setting_key = 'board'"""
    )

    assert await callers.fail(PING, {"id": "app"}) == (
        "FORBIDDEN: Ping functionality is disabled by server settings"
    )
    assert asked == []


async def test_who_subscribes_to_a_new_app_has_it_pinged_once(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
):
    """Nobody waits for the answer; it is published, and known to who comes later."""
    asked: list[str] = []
    answer = anyio.Event()

    async def ping(url: str, **_: Any) -> dict[str, Any]:
        asked.append(url)
        await answer.wait()
        return {"url": url, "statusCode": 200, "durationMs": 5}

    monkeypatch.setattr(pings, "ping", ping)
    await callers.run(
        "UPDATE board SET is_public = 1",
        """INSERT INTO item (id, board_id, kind, options)
        VALUES ('two', 'lab', 'app', '{"json":{"appId":"hidden"}}')""",
    )
    for by in ("stranger", "viewer", "owner"):
        assert await callers.call(UPDATED, {"id": "app"}, by=by) == ["ping:app"]

    while not asked:
        await anyio.wait_all_tasks_blocked()

    bus = callers.resources.bus

    assert bus.last("ping:app") is None

    told: list[bytes] = []
    bus.listen("ping:app", lambda _, encoded: told.append(encoded))
    answer.set()
    while not told:
        await anyio.wait_all_tasks_blocked()

    assert told == [
        b'{"json":{"url":"http://app/","statusCode":200,"durationMs":5}}',
    ]

    await callers.call(UPDATED, {"id": "app"}, by="stranger")
    # As if others had needed the room, and somewhat later.
    bus.store.delete("last:ping:app")
    await callers.resources.cache.delete("ping:http://app/")
    await callers.call(UPDATED, {"id": "app"}, by="stranger")
    await _wait_for_background(callers)

    assert asked == ["http://app/"]


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE "serverSetting" SET value = '{"json":{"forceDisableStatus":true}}'
        WHERE setting_key = 'board'""",
        "UPDATE board SET disable_status = 1",
        """UPDATE item SET options = '{"json":{"appId":"app","pingEnabled":false}}'
        WHERE id = 'one'""",
        """INSERT INTO cron_job_configuration (name, cron_expression, is_enabled)
        VALUES ('ping', '* * * * *', 0)""",
        "UPDATE app SET href = NULL",
    ],
)
async def test_a_subscription_pings_nothing_that_the_job_does_not(
    callers: Callers, asked: list[str], statement: str
):
    """It waits for whatever comes."""
    await callers.run(statement)

    assert await callers.call(UPDATED, {"id": "app"}) == ["ping:app"]

    await _wait_for_background(callers)

    assert asked == []


async def test_a_subscription_leaves_a_known_state_alone(
    callers: Callers, asked: list[str]
):
    """It is replayed, and the job renews it."""
    callers.resources.bus.publish("ping:app", {"statusCode": 200})
    await callers.call(UPDATED, {"id": "app"})
    await _wait_for_background(callers)

    assert asked == []
    assert callers.resources.cache.statistics()["loads"] == 0


async def _wait_for_background(callers: Callers) -> None:
    """Wait until the cache loads nothing."""
    while callers.resources.cache._flights:
        await anyio.wait_all_tasks_blocked()


async def test_everybody_learns_the_server_s_options(callers: Callers):
    """With Homarr's defaults where nothing is stored."""
    path = "widget.options.getWidgetOptionSettings"
    await callers.run(
        """UPDATE "serverSetting" SET value = '{"json":{"forceDisableStatus":true}}'
        WHERE setting_key = 'board'"""
    )

    assert await callers.call(path, by="stranger") == {
        "server": {"board": {"enableStatusByDefault": True, "forceDisableStatus": True}}
    }

    await callers.run('DELETE FROM "serverSetting"')

    assert await callers.call(path, by="stranger") == {
        "server": {
            "board": {"enableStatusByDefault": True, "forceDisableStatus": False}
        }
    }


async def test_the_latest_samples_are_for_members(callers: Callers):
    """As many as are asked for."""
    samples = [SimpleNamespace(as_dict=lambda n=n: {"rss": n}) for n in range(3)]
    monitor = SimpleNamespace(label="web", samples=lambda count: samples[-count:])
    callers = replace(callers, resources=replace(callers.resources, monitor=monitor))
    path = "widget.memory.samples"

    assert await callers.call(path, by="other") == {
        "process": "web",
        "samples": [{"rss": 0}, {"rss": 1}, {"rss": 2}],
    }
    assert (await callers.call(path, {"count": 1}))["samples"] == [{"rss": 2}]
    assert await callers.answer(path, {"count": 0}) == "BAD_REQUEST"
    assert await callers.answer(path, by="stranger") == "UNAUTHORIZED"
    assert await callers.call("widget.memory.updatedSample", by="other") == ["memory"]
    assert await callers.answer("widget.memory.updatedSample", by="stranger") == (
        "UNAUTHORIZED"
    )
