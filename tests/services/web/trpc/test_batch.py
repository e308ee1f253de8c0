"""Several calls in one request: @trpc/client's httpBatchLink."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote

import pytest

from services.web.trpc import running
from services.web.trpc.reading import MAX_CALLS

from ..helpers import Browser
from .conftest import Gate


def batch(paths: str, inputs: object) -> str:
    """The address of a batch of queries."""

    return f"/api/trpc/{paths}?batch=1&input={quote(json.dumps(inputs))}"


async def test_results_come_in_the_order_of_the_calls(stranger: Browser):
    """Each with the input of its number; one that has none needs none."""

    page = await stranger.get(
        batch(
            "probe.echo,probe.null,probe.echo",
            {"0": {"json": {"id": "a"}}, "2": {"json": {"id": "c"}}},
        )
    )

    assert page.status == 200
    assert page.text == (
        '[{"result":{"data":{"json":{"id":"a"}}}},'
        '{"result":{"data":{"json":null}}},'
        '{"result":{"data":{"json":{"id":"c"}}}}]'
    )


async def test_mixed_ends_are_told_as_207(stranger: Browser):
    """Each error names its own path."""

    page = await stranger.get(batch("probe.null,no.such,probe.mine", {}))
    ends = json.loads(page.text)

    assert page.status == 207
    assert list(ends[0]) == ["result"]
    assert [end["error"]["json"]["data"]["path"] for end in ends[1:]] == [
        "no.such",
        "probe.mine",
    ]


async def test_equal_ends_have_their_own_status(stranger: Browser):
    """Two that are not found are not found."""

    page = await stranger.get(batch("no.such,neither.this", {}))

    assert page.status == 404
    assert len(json.loads(page.text)) == 2


async def test_mutations_come_as_one_object_by_number(stranger: Browser):
    """In the body, where queries have them in the address."""

    page = await stranger.post_json(
        "/api/trpc/probe.change,probe.change?batch=1",
        b'{"0":{"json":{"id":"a"}},"1":{"json":{"id":5}}}',
    )
    ends = json.loads(page.text)

    assert page.status == 207
    assert ends[0]["result"]["data"]["json"] is None
    assert ends[1]["error"]["json"]["data"]["code"] == "BAD_REQUEST"


async def test_a_batch_of_one_is_an_array(stranger: Browser):
    """The client looks for its number."""

    page = await stranger.get(batch("probe.null", {}))

    assert page.text == '[{"result":{"data":{"json":null}}}]'


async def test_calls_run_side_by_side_within_a_bound(stranger: Browser, gate: Gate):
    """One page does not take the whole house."""

    paths = ",".join(["probe.slow"] * 20)

    async def answer() -> None:
        await gate.entered.wait()
        gate.open.set()

    task = asyncio.create_task(answer())
    page = await stranger.get(batch(paths, {}))
    await task

    assert [one["result"]["data"]["json"] for one in json.loads(page.text)] == (
        ["late"] * 20
    )
    assert gate.most == running.MAX_RUNNING


async def test_a_call_that_takes_too_long_is_given_up(
    stranger: Browser, gate: Gate, monkeypatch: pytest.MonkeyPatch
):
    """It alone, and in words; it is cancelled, too."""

    monkeypatch.setattr(running, "CALL_TIMEOUT", 0.01)
    page = await stranger.get(batch("probe.slow,probe.null", {}))
    first, second = json.loads(page.text)

    assert page.status == 207
    assert first["error"]["json"]["code"] == -32008
    assert first["error"]["json"]["message"] == "The server took too long to answer"
    assert "result" in second
    assert gate.cancelled == 1


async def test_a_batch_has_a_bound(stranger: Browser):
    """No client of Homarr's comes near it."""

    most = ",".join(["probe.null"] * MAX_CALLS)
    page = await stranger.get(batch(f"{most},probe.null", {}))

    assert (await stranger.get(batch(most, {}))).status == 200
    assert page.status == 400
    assert "More than 64 calls" in page.text


@pytest.mark.parametrize("given", [[], "x", 5, None, True])
async def test_inputs_of_a_batch_are_an_object(stranger: Browser, given: object):
    """tRPC's own words, for each call that takes one."""

    page = await stranger.get(batch("probe.echo,probe.null,probe.echo", given))
    first, second, third = json.loads(page.text)

    assert page.status == 207
    assert first == third
    assert first["error"]["json"]["message"] == (
        '"input" needs to be an object when doing a batch call'
    )
    assert second == {"result": {"data": {"json": None}}}


async def test_queries_and_mutations_do_not_mix(stranger: Browser):
    """tRPC's own words; what does not exist is of no kind."""

    page = await stranger.get(batch("probe.null,probe.change,no.such", {}))
    error = json.loads(page.text)["error"]["json"]

    assert page.status == 400
    assert error["message"] == "Cannot mix procedure types in call: query, mutation"
    assert "path" not in error["data"]
    assert (await stranger.get(batch("probe.null,no.such", {}))).status == 207


async def test_subscriptions_are_not_batched(stranger: Browser):
    """tRPC's own words."""

    page = await stranger.get(batch("probe.heard", {}))

    assert page.status == 400
    assert "Cannot batch subscription calls" in page.text


async def test_numbers_that_no_call_has_are_passed_over(stranger: Browser):
    """As by tRPC."""

    page = await stranger.get(
        batch("probe.null", {"0": {"json": None}, "7": "x", "constructor": 1})
    )

    assert page.status == 200
