"""The service's own life: readiness, drain, and the lane of the database."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import anyio
import pytest
import trio
from trio_websocket import ConnectionClosed

from services.ws import Hub, serve


async def _start(house: Any, tasks: trio.Nursery, stopping: anyio.Event) -> None:
    ready = trio.Event()

    class Status:
        def started(self, hub: Hub) -> None:
            house.hub = hub
            ready.set()

    async def run() -> None:
        await serve(
            resources=house.resources,
            lane=house.lane,
            lanes={"asyncio": house.lane},
            task_status=Status(),
            stopping=stopping,
        )

    tasks.start_soon(run)
    await ready.wait()


async def test_a_drain_says_reconnect_and_closes_everybody_with_1001(
    house: Any,
) -> None:
    """Each client hears both, also the one that is amid a subscription."""
    stopping = anyio.Event()
    async with trio.open_nursery() as tasks:
        await _start(house, tasks, stopping)
        clients = [await house.connect() for _ in range(20)]
        await house.subscribe(clients[0])
        stopping.set()
        for client in clients:
            assert await client.get_message() == '{"id":null,"method":"reconnect"}'

            with pytest.raises(ConnectionClosed) as closed:
                await client.get_message()

            assert closed.value.reason.code == 1001

    assert house.hub.statistics()["accepted"] == 20


async def test_a_drain_does_not_wait_for_a_client_that_is_stuck(house: Any) -> None:
    """It is bounded, whatever the clients do."""
    stopping = anyio.Event()
    async with trio.open_nursery() as tasks:
        await _start(house, tasks, stopping)
        stuck, well = await house.connect(), await house.connect()
        stuck._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck._wsproto.send = lambda event: b""  # it will not answer a close frame
        begin = trio.current_time()
        stopping.set()

        assert "reconnect" in await well.get_message()

    assert trio.current_time() - begin <= 5


async def test_nobody_is_let_in_while_draining(house: Any) -> None:
    """A new client is told 503 before its upgrade."""
    house.hub.draining = True
    client = house.knock(
        b"GET /websockets HTTP/1.1\r\nHost: dash.test:3000\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Origin: http://dash.test:3000\r\n\r\n"
    )
    answer = b"".join([bytes(data) async for data in client])

    assert answer.startswith(b"HTTP/1.1 503 ")


async def test_a_logout_closes_sockets_while_the_service_runs(house: Any) -> None:
    """The service listens for closed sessions from its start to its end."""
    stopping = anyio.Event()
    async with trio.open_nursery() as tasks:
        await _start(house, tasks, stopping)
        client = await house.connect()
        house.bus.publish("session-closed", {"userId": "user1"})
        with pytest.raises(ConnectionClosed) as closed:
            await client.get_message()

        assert closed.value.reason.code == 1008
        stopping.set()

    assert house.bus._listeners == {}


async def test_statistics_count_what_was_done(house: Any) -> None:
    """The counters are plain numbers, for the event `stopped`."""
    client = await house.connect()
    await house.subscribe(client)
    received = ['{"id":1,"result":{"type":"started"}}']
    house.bus.publish("news", 1)
    received.append(await client.get_message())
    await client.send_message("nonsense")
    received.append(await client.get_message())
    statistics: Mapping[str, int] = house.hub.statistics()

    assert statistics == {
        "accepted": 1,
        "refused": 0,
        "messages": 2,
        "calls": 0,
        "subscriptions": 1,
        "pushes": 1,
        "sent_bytes": sum(map(len, received)),
        "errors": 1,
        "dropped": 0,
    }


async def test_every_byte_of_every_message_is_counted_for_each_who_reads_it(
    house: Any,
) -> None:
    """Pushes, their replays, answers, keep-alives and the last word, as UTF-8."""
    stopping = anyio.Event()
    received: list[str] = []
    async with trio.open_nursery() as tasks:
        await _start(house, tasks, stopping)
        clients = [await house.connect() for _ in range(3)]
        for number, client in enumerate(clients):
            await house.subscribe(client, number=1 + number // 2)
            received.append(f'{{"id":{1 + number // 2},"result":{{"type":"started"}}}}')

        house.bus.publish("news", "größer " * 300)
        house.bus.publish("news", "ß")
        late = await house.connect()
        received += [await client.get_message() for client in clients * 2]
        await late.send_message("PING")
        received.append(await late.get_message())
        await house.subscribe(late)
        received += ['{"id":1,"result":{"type":"started"}}', await late.get_message()]
        await late.send_message('{"id":1,"method":"subscription.stop"}')
        received.append(await late.get_message())
        stopping.set()
        received += [await client.get_message() for client in (*clients, late)]

    size = sum(len(text.encode()) for text in received)
    assert house.hub.statistics()["sent_bytes"] == size > 6_000
