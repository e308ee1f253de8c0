"""Cities by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dashboard.database import Database
from dashboard.errors import ProcedureError
from dashboard.resources import Resources
from dashboard.trpc import Context, call, find_procedure
from tests.dashboard.remote import (
    Remote,
    answer,
    answer_json,
    open_remote,
    open_resources,
)

PARIS = {
    "id": 2988507,
    "name": "Paris",
    "latitude": 48.85341,
    "longitude": 2.3488,
    "elevation": 42,
    "feature_code": "PPLC",
    "country_code": "FR",
    "timezone": "Europe/Paris",
    "population": 2138551,
    "country": "France",
}
NOWHERE = {"id": 1, "name": "Paris", "latitude": 1, "longitude": 2.5}


@pytest.fixture(name="remote")
async def _remote() -> AsyncIterator[Remote]:
    async with open_remote() as remote:
        remote.answers["/cities"] = answer_json({"results": [PARIS, NOWHERE]})
        yield remote


@pytest.fixture(name="resources")
async def _resources(database: Database, remote: Remote) -> AsyncIterator[Resources]:
    async with open_resources(database, remote) as resources:
        yield resources


async def search(resources: Resources, given: Any) -> Any:
    """Call the query as an anonymous visitor."""
    procedure = find_procedure("location.searchCity")
    assert procedure is not None
    return await call(procedure, Context(resources=resources, session=None), given)


async def test_cities_come_with_what_homarr_knows_of_them(resources: Resources):
    """The server's other members are left out, as are those that it does not say."""
    found = await search(resources, {"query": "Paris"})
    known = ("id", "name", "latitude", "longitude", "country", "country_code")

    assert found == {
        "results": [{name: PARIS[name] for name in (*known, "population")}, NOWHERE]
    }


async def test_what_is_typed_is_one_value_of_the_query(
    remote: Remote, resources: Resources
):
    """It cannot become a parameter of its own."""
    await search(resources, {"query": " São Paulo&count=100#x "})

    assert remote.targets == ["/cities?name=S%C3%A3o+Paulo%26count%3D100%23x"]


async def test_no_result_is_an_empty_list(remote: Remote, resources: Resources):
    """Open-Meteo leaves the member out; where nothing is typed, it is not asked."""
    remote.answers["/cities"] = answer_json({"generationtime_ms": 0.5})

    assert await search(resources, {"query": "xyz"}) == {"results": []}
    assert await search(resources, {"query": " "}) == {"results": []}
    assert len(remote.requests) == 1


async def test_the_same_letters_are_asked_once(remote: Remote, resources: Resources):
    """Whatever their case."""
    for query in ("paris", "Paris", "PARIS "):
        await search(resources, {"query": query})

    assert len(remote.requests) == 1


@pytest.mark.parametrize("given", [None, {}, {"query": 1}, {"query": "x" * 256}])
async def test_what_is_no_name_is_refused(
    remote: Remote, resources: Resources, given: Any
):
    """It is the caller's fault."""
    with pytest.raises(ProcedureError) as caught:
        await search(resources, given)

    assert caught.value.code == "BAD_REQUEST"
    assert remote.requests == []


@pytest.mark.parametrize(
    "wrong", [answer(status=500), answer("[]"), answer_json({"results": [{"id": 1}]})]
)
async def test_a_bad_answer_is_one_clear_error(
    remote: Remote, resources: Resources, wrong: bytes
):
    """It names the server, and is not kept."""
    remote.answers["/cities"] = wrong
    with pytest.raises(ProcedureError) as caught:
        await search(resources, {"query": "Paris"})

    assert caught.value.code == "BAD_GATEWAY"
    assert f"127.0.0.1:{remote.port}: " in caught.value.message

    remote.answers["/cities"] = answer_json({"results": [NOWHERE]})

    assert await search(resources, {"query": "Paris"}) == {"results": [NOWHERE]}


async def test_nobody_is_asked_without_external_connections(
    database: Database, remote: Remote
):
    """The error says why."""
    async with open_resources(
        database, remote, no_external_connection=True
    ) as resources:
        with pytest.raises(ProcedureError, match="NO_EXTERNAL_CONNECTION"):
            await search(resources, {"query": "Paris"})

    assert remote.requests == []
