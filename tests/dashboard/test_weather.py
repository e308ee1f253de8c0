"""The weather of a place: from the server, from the cache, and on the bus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from dashboard.database import Database
from dashboard.errors import OutgoingError, ProcedureError
from dashboard.resources import Resources
from dashboard.trpc import Context, call, find_procedure
from dashboard.weather import list_places, load_weather, name_topic, refresh_weather
from services.tasks.jobs import weather as job
from tests.dashboard.remote import (
    Remote,
    add_item,
    answer,
    answer_json,
    open_remote,
    open_resources,
)

FORECAST: dict[str, Any] = {
    "latitude": 48.86,
    "current_weather": {
        "time": "2026-01-01T12:00",
        "temperature": 3.5,
        "windspeed": 11,
        "winddirection": 200,
        "weathercode": 61,
    },
    "daily": {
        "time": ["2026-01-01", "2026-01-02", "2026-01-03"],
        "weathercode": [61, None],
        "temperature_2m_max": [4.5, 6, 7],
        "temperature_2m_min": [-1.5, 0, 1],
        "sunrise": ["2026-01-01T08:44", "2026-01-02T08:44", None],
        "sunset": ["2026-01-01T17:03", "2026-01-02T17:04", "2026-01-03T17:05"],
        "wind_speed_10m_max": [20, 21.5, 22],
        "wind_gusts_10m_max": [40, None, 42],
    },
}
WEATHER = {
    "current": {"weathercode": 61, "temperature": 3.5, "windspeed": 11},
    "daily": [
        {
            "time": "2026-01-01",
            "weatherCode": 61,
            "maxTemp": 4.5,
            "minTemp": -1.5,
            "sunrise": "2026-01-01T08:44",
            "sunset": "2026-01-01T17:03",
            "maxWindSpeed": 20,
            "maxWindGusts": 40,
        },
        {
            "time": "2026-01-02",
            "weatherCode": 404,
            "maxTemp": 6,
            "minTemp": 0,
            "sunrise": "2026-01-02T08:44",
            "sunset": "2026-01-02T17:04",
            "maxWindSpeed": 21.5,
        },
        {
            "time": "2026-01-03",
            "weatherCode": 404,
            "maxTemp": 7,
            "minTemp": 1,
            "sunset": "2026-01-03T17:05",
            "maxWindSpeed": 22,
            "maxWindGusts": 42,
        },
    ],
}
PARIS = {"latitude": 48.85341, "longitude": 2.3488}


@pytest.fixture(name="remote")
async def _remote() -> AsyncIterator[Remote]:
    async with open_remote() as remote:
        remote.answers["/weather"] = answer_json(FORECAST)
        yield remote


@pytest.fixture(name="resources")
async def _resources(database: Database, remote: Remote) -> AsyncIterator[Resources]:
    async with open_resources(database, remote) as resources:
        yield resources


async def ask(resources: Resources, given: Any) -> Any:
    """Call the query as an anonymous visitor."""
    procedure = find_procedure("widget.weather.atLocation")
    assert procedure is not None
    return await call(procedure, Context(resources=resources, session=None), given)


async def test_the_weather_has_homarrs_shape(remote: Remote, resources: Resources):
    """What the server leaves out of a day is left out, and never made up."""
    assert await ask(resources, PARIS) == WEATHER

    query = parse_qs(remote.targets[0].partition("?")[2])

    assert query == {
        "latitude": ["48.85341"],
        "longitude": ["2.3488"],
        "daily": [",".join(list(FORECAST["daily"])[1:])],
        "current_weather": ["true"],
        "timezone": ["auto"],
    }


async def test_a_place_is_asked_for_once(remote: Remote, resources: Resources):
    """The next who asks gets what is kept; another place is another question."""
    await ask(resources, PARIS)
    await ask(resources, PARIS)
    await ask(resources, {"latitude": -33.5, "longitude": 151})

    assert len(remote.requests) == 2


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"latitude": 1},
        {"latitude": "1", "longitude": 2},
        {"latitude": 91, "longitude": 2},
        {"latitude": 1, "longitude": -180.5},
        {"latitude": float("nan"), "longitude": 2},
        {"latitude": float("inf"), "longitude": 2},
    ],
)
async def test_what_is_no_place_is_not_asked_for(
    remote: Remote, resources: Resources, given: Any
):
    """It is the caller's fault."""
    with pytest.raises(ProcedureError) as caught:
        await ask(resources, given)

    assert caught.value.code == "BAD_REQUEST"
    assert remote.requests == []


@pytest.mark.parametrize(
    "wrong",
    [
        answer(status=500),
        answer("<html>"),
        answer_json({"error": True, "reason": "no"}, status=400),
        answer_json({**FORECAST, "current_weather": None}),
        answer_json({**FORECAST, "daily": {"time": "soon"}}),
        b"",
    ],
)
async def test_a_bad_answer_is_one_clear_error(
    remote: Remote, resources: Resources, wrong: bytes
):
    """It names the server, and is not kept."""
    remote.answers["/weather"] = wrong
    with pytest.raises(ProcedureError) as caught:
        await ask(resources, PARIS)

    assert caught.value.code == "BAD_GATEWAY"
    assert f"127.0.0.1:{remote.port}: " in caught.value.message

    remote.answers["/weather"] = answer_json(FORECAST)

    assert await ask(resources, PARIS) == WEATHER


async def test_nobody_is_asked_without_external_connections(
    database: Database, remote: Remote, caplog: pytest.LogCaptureFixture
):
    """The query says why, and the job is quiet."""
    await add_item(database, "weather", {"location": PARIS})
    async with open_resources(
        database, remote, no_external_connection=True
    ) as resources:
        with pytest.raises(ProcedureError, match="NO_EXTERNAL_CONNECTION") as caught:
            await ask(resources, PARIS)

        await job.run(resources)

    assert caught.value.code == "PRECONDITION_FAILED"
    assert caplog.records == []
    assert remote.requests == []


async def test_the_job_asks_for_each_place_of_any_board(
    remote: Remote, resources: Resources
):
    """Once, however many items show it; those without a place get Homarr's."""
    database = resources.database
    sydney = {"name": "Sydney", "latitude": -33.5, "longitude": 151}
    for board in ("one", "two"):
        await add_item(database, "weather", {"location": sydney}, board=board)

    await add_item(database, "weather", {})
    for wrong in ({"location": None}, {"location": {"latitude": "x"}}):
        await add_item(database, "weather", wrong)

    await add_item(database, "clock", {"location": {"latitude": 1, "longitude": 1}})

    assert sorted(await list_places(database)) == [(-33.5, 151.0), (48.85341, 2.3488)]

    await job.run(resources)

    assert len(remote.requests) == 2

    await load_weather(resources, latitude=-33.5, longitude=151.0)

    assert len(remote.requests) == 2


async def test_the_job_tells_the_boards(remote: Remote, resources: Resources):
    """Subscribers hear it on the topic of their place."""
    await add_item(resources.database, "weather", {"location": PARIS})
    procedure = find_procedure("widget.weather.subscribeAtLocation")
    assert procedure is not None
    context = Context(resources=resources, session=None)
    topics = await call(procedure, context, PARIS)
    heard: list[Any] = []
    resources.bus.listen(
        topics[0], lambda _, text: heard.append(msgspec.json.decode(text)["json"])
    )
    await job.run(resources)

    assert heard == [WEATHER]


async def test_the_topic_is_the_same_for_whole_numbers():
    """A client sends 2, the options hold 2.0: it is one place."""
    assert name_topic(1, 2) == name_topic(1.0, 2.0)
    assert name_topic(-0.0, 0) == name_topic(0, -0.0)


async def test_the_job_asks_anew(remote: Remote, resources: Resources):
    """What is kept is replaced; where the server fails, it stays."""
    place = {"latitude": 1.5, "longitude": 2.5}
    assert await load_weather(resources, **place) == WEATHER

    remote.answers["/weather"] = answer_json(
        {**FORECAST, "current_weather": {**FORECAST["current_weather"], "windspeed": 0}}
    )
    await refresh_weather(resources, **place)

    assert (await load_weather(resources, **place))["current"]["windspeed"] == 0

    remote.answers["/weather"] = answer(status=500)
    with pytest.raises(OutgoingError):
        await refresh_weather(resources, **place)

    assert (await load_weather(resources, **place))["current"]["windspeed"] == 0


async def test_one_place_that_fails_leaves_the_others(
    remote: Remote, resources: Resources, caplog: pytest.LogCaptureFixture
):
    """One line of the log says which and why."""
    for latitude in (1, 2, 3):
        location = {"latitude": latitude, "longitude": 0}
        await add_item(resources.database, "weather", {"location": location})

    await job.run(resources)
    failing = next(one for one in remote.targets if "latitude=2.0" in one)
    remote.answers[failing] = answer("<html>")
    remote.requests.clear()
    caplog.clear()
    await job.run(resources)

    assert len(remote.requests) == 3
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "no weather of 2, 0: 127.0.0.1" in caplog.text
