"""Results line by line, as they come: @trpc/client's httpBatchStreamLink."""

from __future__ import annotations

import asyncio
import json

import pytest
from quart import Quart

from ..helpers import Browser
from .conftest import Gate

STREAM = {"trpc_accept": "application/jsonl"}


async def test_the_lines_are_those_that_trpcs_server_sends(stranger: Browser):
    """Promises, then what becomes of each: captured from @trpc/server 11.7.2."""

    page = await stranger.get("/api/trpc/probe.echo?batch=1", **STREAM)
    good = await stranger.get(
        '/api/trpc/probe.echo?batch=1&input={"0":{"json":{"id":"x"}}}', **STREAM
    )

    assert good.status == page.status == 200
    assert good.text == (
        '{"json":{"0":[[0],[null,0,0]]}}\n'
        '{"json":[0,0,[[{"result":0}],["result",0,1]]]}\n'
        '{"json":[1,0,[[{"data":0}],["data",0,2]]]}\n'
        '{"json":[2,0,[[{"id":"x"}]]]}\n'
    )
    head, error = page.text.splitlines()
    assert json.loads(head) == {"json": {"0": [[0], [None, 0, 0]]}}
    assert error.startswith('{"json":[0,0,[[{"error":{"message":"[\\n')


@pytest.mark.parametrize(
    ("headers", "streams"),
    [
        ({"Accept": "application/jsonl"}, True),
        ({"Accept": "application/json, application/jsonl"}, True),
        ({"Accept": "application/jsonl;q=1"}, False),
        ({"Accept": "*/*"}, False),
        ({"Accept": "application/jsonl", "trpc_accept": "application/json"}, False),
        ({"Accept": "application/json", "trpc_accept": "application/jsonl"}, True),
    ],
)
async def test_either_header_asks_for_a_stream(
    stranger: Browser, headers: dict[str, str], streams: bool
):
    """tRPC's own comes first, and Accept is read as getAcceptHeader of 11.18 does."""

    page = await stranger.get("/api/trpc/probe.null?batch=1", **headers)

    assert page.text.startswith('{"json":{"0":' if streams else '[{"result":')
    assert {"trpc-accept", "accept"} <= set(page.headers["Vary"].lower().split(", "))


async def test_annotations_lead_from_the_line(stranger: Browser):
    """The value stands at 2.0.0 of its line."""

    page = await stranger.get("/api/trpc/probe.when?batch=1", **STREAM)
    line = page.text.splitlines()[-1]

    assert json.loads(line)["meta"] == {
        "values": {
            "2.0.0.at": ["Date"],
            "2.0.0.list.0": ["Date"],
            "2.0.0.list.2": ["undefined"],
            "2.0.0.a\\.b": ["undefined"],
        },
        "v": 1,
    }


async def test_no_result_is_an_empty_place(stranger: Browser):
    """And null is not."""

    nothing = await stranger.get("/api/trpc/probe.nothing?batch=1", **STREAM)
    null = await stranger.get("/api/trpc/probe.null?batch=1", **STREAM)

    assert nothing.text.splitlines()[-1] == '{"json":[2,0,[[]]]}'
    assert null.text.splitlines()[-1] == '{"json":[2,0,[[null]]]}'


async def test_chunks_have_numbers_of_their_own(stranger: Browser):
    """Those of the calls come first; errors have no inner ones."""

    page = await stranger.get(
        "/api/trpc/probe.null,no.such,probe.null?batch=1", **STREAM
    )
    head, *lines = [json.loads(line)["json"] for line in page.text.splitlines()]
    numbers = sorted(line[0] for line in lines)
    (error,) = [line for line in lines if line[0] == 1]

    assert head == {str(i): [[0], [None, 0, i]] for i in range(3)}
    assert numbers == [0, 1, 2, 3, 4, 5, 6]
    assert error[2][0][0]["error"]["data"]["path"] == "no.such"


async def test_it_says_that_it_is_a_stream_that_nobody_may_hold_back(
    stranger: Browser,
):
    """Neither a cache nor whoever compresses."""

    page = await stranger.get(
        "/api/trpc/probe.null?batch=1", Accept_Encoding="gzip, br, zstd", **STREAM
    )

    assert page.headers["Content-Type"] == "application/json"
    assert page.headers["Cache-Control"] == "no-store, no-transform"
    assert "trpc-accept" in page.headers["Vary"]
    assert "Content-Encoding" not in page.headers


async def test_what_is_ready_does_not_wait_for_what_is_slow(app: Quart, gate: Gate):
    """The first result is there while the other one still runs."""

    headers = {"trpc-accept": "application/jsonl"}
    path = "/api/trpc/probe.slow,probe.null?batch=1"
    async with app.test_client().request(path, headers=headers) as connection:
        await connection.send_complete()
        text = b""
        while b'{"json":[3,0,[[null]]]}\n' not in text:
            text += await connection.receive()

        assert gate.inside == 1
        assert b"late" not in text

        gate.open.set()
        while b"late" not in text:
            text += await connection.receive()


async def test_a_client_that_leaves_takes_its_calls_along(app: Quart, gate: Gate):
    """Nothing goes on for nobody."""

    headers = {"trpc-accept": "application/jsonl"}
    path = "/api/trpc/probe.slow,probe.slow?batch=1"
    async with app.test_client().request(path, headers=headers) as connection:
        await connection.send_complete()
        await connection.receive()
        await gate.entered.wait()
        await connection.disconnect()

    await asyncio.wait_for(gate.left.wait(), 30)
    assert gate.cancelled == 2


async def test_a_stream_is_a_batch(stranger: Browser):
    """tRPC's own words."""

    page = await stranger.get("/api/trpc/probe.null", **STREAM)

    assert page.status == 400
    assert "Streaming requests must be batched (you can do a batch of 1)" in page.text


async def test_a_result_that_cannot_be_sent_spoils_its_line_only(stranger: Browser):
    """The stream goes on."""

    page = await stranger.get("/api/trpc/probe.strange,probe.null?batch=1", **STREAM)

    assert page.status == 200
    assert '{"json":[0,0,[[{"error":{"message":"INTERNAL_SERVER_ERROR"' in page.text
    assert page.text.count("\n") == 5
