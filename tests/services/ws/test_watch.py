"""Sessions that end, and permissions that change, while a socket is open."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest
import trio
from trio_websocket import ConnectionClosed

from dashboard.identity import Session
from dashboard.trpc import Context, ProcedureError
from dashboard.trpc.guards import anyone, permission
from dashboard.trpc.procedure import Router
from services.ws import limits, serve
from services.ws.connection import Connection
from services.ws.requests import Requests


@pytest.fixture(name="allowed")
def _allowed(add_router: Callable[[str, Router], None]) -> dict[str, bool]:
    """What the subscription `watched.shared` asks before it lets somebody hear."""
    allowed = {"everybody": True}
    router = Router()

    @router.subscription("shared", guard=anyone)
    async def _(_context: Context) -> list[str]:
        if not allowed["everybody"]:
            raise ProcedureError("NOT_FOUND", "App not found")

        return ["shared"]

    @router.subscription("admins", guard=permission("admin"))
    async def _(_context: Context) -> list[str]:
        return ["secret"]

    add_router("watched", router)
    return allowed


@pytest.fixture(name="open_house")
async def _open_house(house: Any, allowed: dict[str, bool]) -> AsyncIterator[Any]:
    """The house with its service running, watch and all."""
    stopping, ready = anyio.Event(), trio.Event()

    class Status:
        def started(self, hub: Any) -> None:
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

    async with trio.open_nursery() as tasks:
        tasks.start_soon(run)
        await ready.wait()
        yield house
        stopping.set()


async def _subscribe(client: Any, path: str, number: int = 1) -> None:
    await client.send_message(
        f'{{"id":{number},"method":"subscription","params":'
        f'{{"input":{{"json":null}},"path":"{path}"}}}}'
    )
    started = f'{{"id":{number},"result":{{"type":"started"}}}}'

    assert started == await client.get_message()


async def _is_alive(client: Any) -> bool:
    await client.send_message("PING")
    return bool(await client.get_message() == "PONG")


async def _expect_closed(client: Any) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    return closed.value.reason.code, closed.value.reason.reason


async def test_a_session_that_another_process_ended_closes_its_sockets(
    open_house: Any,
) -> None:
    """Nothing is said on the bus: the database alone tells it, within a second."""
    open_house.add_session("b" * 96, user_id="user2")
    ended, stays = await open_house.connect(), await open_house.connect(token="b" * 96)
    await trio.sleep(2)  # both have been looked at
    del open_house.lane.sessions["a" * 96]
    open_house.lane.version += 1
    begin = trio.current_time()

    assert await _expect_closed(ended) == (1008, "the session was closed")
    assert trio.current_time() - begin <= 1
    assert await _is_alive(stays)


async def test_a_session_that_ended_during_its_handshake_is_noticed(
    open_house: Any,
) -> None:
    """Who joins after the last look is looked at, though nothing is written again."""
    await open_house.connect()
    await trio.sleep(2)
    open_house.add_session("b" * 96)
    client = await open_house.connect(token="b" * 96)
    del open_house.lane.sessions["b" * 96]
    begin = trio.current_time()

    assert (await _expect_closed(client))[0] == 1008
    assert trio.current_time() - begin <= 1


async def test_sessions_are_read_only_when_something_was_written(
    open_house: Any,
) -> None:
    """One query for all sockets, once; then only the version is asked for."""
    for number in range(5):
        open_house.add_session(str(number) * 96, user_id=f"user{number}")
        await open_house.connect(token=str(number) * 96)

    await trio.sleep(10)
    before = open_house.lane.rechecks
    await trio.sleep(15)
    quiet = open_house.lane.rechecks
    open_house.lane.version += 1
    await trio.sleep(2)

    assert before <= 5
    assert quiet == before
    assert open_house.lane.rechecks == before + 1


async def test_a_write_of_something_else_is_told_to_no_socket(
    open_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job's run is written every few seconds; what changes a session is told."""
    told: list[str] = []
    refresh = Connection.refresh

    def noted(connection: Connection, session: Session, *, recheck: bool) -> None:
        told.append(session.user_name)
        refresh(connection, session, recheck=recheck)

    monkeypatch.setattr(Connection, "refresh", noted)
    await open_house.connect()
    await trio.sleep(10)
    # The first write after a while has every subscription asked about.
    for _ in range(3):
        open_house.lane.version += 1
        await trio.sleep(0.6)

    assert len(told) == 2  # that one's, and before it the look after the handshake

    session = open_house.lane.sessions["a" * 96]
    open_house.lane.sessions["a" * 96] = replace(session, user_name="new")
    open_house.lane.version += 1
    await trio.sleep(1)

    assert told[2:] == ["new"]


async def test_quiet_sockets_are_asked_nothing(
    open_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only who hears something can have lost the right to."""
    asked = 0
    recheck = Requests._recheck_all

    async def counted(requests: Requests) -> None:
        nonlocal asked
        asked += 1
        await recheck(requests)

    monkeypatch.setattr(Requests, "_recheck_all", counted)
    await open_house.connect()
    hears = await open_house.connect()
    await _subscribe(hears, "watched.shared")
    await trio.sleep(2)
    asked = 0
    open_house.lane.version += 1
    await trio.sleep(limits.RECHECK_INTERVAL + 1)

    assert asked == 1


async def test_nobody_is_asked_about_while_there_are_no_sockets(
    open_house: Any,
) -> None:
    """A house without visitors sleeps."""
    await trio.sleep(60)

    assert open_house.lane.rechecks == 0


async def test_who_leaves_while_sessions_are_read_is_nobody_s_trouble(
    open_house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are still looked at, and closed if they have to be."""
    open_house.add_session("b" * 96, user_id="user2")
    leaves = [await open_house.connect() for _ in range(8)]
    ended = await open_house.connect(token="b" * 96)
    for client in leaves:
        await _subscribe(client, "watched.shared")

    await trio.sleep(7)  # they have been looked at, more than once

    async def leave() -> None:
        for client in leaves:
            await client.aclose()

        while len(open_house.hub.members) > 1:  # noqa: ASYNC110
            await trio.sleep(0.01)

        open_house.lane.before_recheck = trio.lowlevel.checkpoint

    open_house.lane.before_recheck = leave
    open_house.lane.groups["a" * 96] = frozenset({"family"})
    del open_house.lane.sessions["b" * 96]
    open_house.lane.version += 1

    assert (await _expect_closed(ended))[0] == 1008
    assert not [one for one in caplog.records if "cannot be checked" in one.message]


async def test_a_lost_permission_ends_the_subscription_that_needs_it(
    open_house: Any,
) -> None:
    """The client is told error and stopped; the socket and the others live on."""
    client = await open_house.connect()
    await _subscribe(client, "watched.admins")
    await open_house.subscribe(client, number=2)
    await trio.sleep(2)
    open_house.add_session(permissions=frozenset())
    open_house.lane.version += 1
    begin = trio.current_time()
    error = json.loads(await client.get_message())
    stopped = json.loads(await client.get_message())

    assert trio.current_time() - begin <= 1
    assert (error["id"], error["error"]["json"]["data"]["code"]) == (1, "FORBIDDEN")
    assert stopped == {"id": 1, "result": {"type": "stopped"}}

    open_house.bus.publish("secret", "for administrators")
    open_house.bus.publish("news", "for all")

    assert "for all" in await client.get_message()
    assert await _is_alive(client)


async def test_a_new_permission_counts_on_an_open_socket(open_house: Any) -> None:
    """Who is made an administrator need not connect again."""
    open_house.add_session(permissions=frozenset())
    client = await open_house.connect()
    await client.send_message(
        '{"id":1,"method":"subscription","params":'
        '{"input":{"json":null},"path":"watched.admins"}}'
    )
    refused = json.loads(await client.get_message())
    open_house.add_session(permissions=frozenset({"admin"}))
    open_house.lane.version += 1
    await trio.sleep(1)

    assert refused["error"]["json"]["data"]["code"] == "FORBIDDEN"

    await _subscribe(client, "watched.admins")


async def test_a_change_of_groups_asks_again_at_once(
    open_house: Any, allowed: dict[str, bool]
) -> None:
    """Access to a board may come from a group that gives no permission."""
    open_house.lane.groups["a" * 96] = frozenset({"family"})
    client = await open_house.connect()
    await trio.sleep(2)
    await _subscribe(client, "watched.shared")
    open_house.lane.groups["a" * 96] = frozenset()
    open_house.lane.version += 1
    allowed["everybody"] = False
    begin = trio.current_time()
    error = json.loads(await client.get_message())

    assert trio.current_time() - begin <= 1
    assert error["error"]["json"]["data"]["code"] == "NOT_FOUND"


async def test_whatever_was_written_is_followed_soon(
    open_house: Any, allowed: dict[str, bool]
) -> None:
    """A board that is closed to somebody goes silent, if not at once."""
    client = await open_house.connect()
    await _subscribe(client, "watched.shared")
    await trio.sleep(2)
    allowed["everybody"] = False
    open_house.lane.version += 1
    begin = trio.current_time()
    error = json.loads(await client.get_message())

    assert trio.current_time() - begin <= limits.RECHECK_INTERVAL + 1
    assert error["error"]["json"]["data"]["code"] == "NOT_FOUND"


async def test_what_closes_a_board_here_is_followed_at_once(
    open_house: Any, allowed: dict[str, bool]
) -> None:
    """Whoever changes access tells the bus; also twice within the same seconds."""
    client = await open_house.connect()
    for _ in range(2):
        allowed["everybody"] = True
        await _subscribe(client, "watched.shared")
        await trio.sleep(0.7)
        allowed["everybody"] = False
        open_house.lane.version += 1
        open_house.bus.publish("access-changed", None, keep=False)
        begin = trio.current_time()
        error, stopped = await client.get_message(), await client.get_message()

        assert trio.current_time() - begin <= 1
        assert json.loads(error)["error"]["json"]["data"]["code"] == "NOT_FOUND"
        assert stopped == '{"id":1,"result":{"type":"stopped"}}'


async def test_who_joins_while_access_is_looked_at_is_not_left_out(
    open_house: Any, allowed: dict[str, bool]
) -> None:
    """A second tab of the same session, of which nothing else says that it is new."""
    joined = trio.Event()
    tabs: list[Any] = []

    async def join() -> None:
        open_house.lane.before_recheck = trio.lowlevel.checkpoint
        tabs.append(await open_house.connect())
        await _subscribe(tabs[0], "watched.shared")
        allowed["everybody"] = False
        open_house.bus.publish("access-changed", None, keep=False)
        await trio.sleep(0.1)  # it has been heard
        joined.set()

    open_house.lane.before_recheck = join
    await open_house.connect()
    with trio.fail_after(30):
        await joined.wait()

    begin = trio.current_time()
    error = json.loads(await tabs[0].get_message())

    assert trio.current_time() - begin <= 1
    assert error["error"]["json"]["data"]["code"] == "NOT_FOUND"


async def test_a_change_of_access_is_not_waited_for_in_the_database(
    open_house: Any, allowed: dict[str, bool]
) -> None:
    """Whenever it is told, before its write is seen: also between two looks."""
    client = await open_house.connect()
    for number in range(10):
        allowed["everybody"] = True
        await _subscribe(client, "watched.shared")
        await trio.sleep(5.3 + number * 0.4)
        allowed["everybody"] = False
        open_house.bus.publish("access-changed", None, keep=False)
        begin = trio.current_time()
        await client.get_message(), await client.get_message()

        assert trio.current_time() - begin <= 1

    await trio.sleep(1)

    assert not open_house.hub.access_changed  # or every look would be thorough


async def test_a_subscription_that_is_still_allowed_hears_nothing_of_it(
    open_house: Any,
) -> None:
    """No message is lost, doubled or added by being asked about again."""
    client = await open_house.connect()
    await open_house.subscribe(client)
    for number in range(20):
        open_house.lane.version += 1
        await trio.sleep(1)
        open_house.bus.publish("news", number)

        expected = f'{{"id":1,"result":{{"type":"data","data":{{"json":{number}}}}}}}'
        assert expected == await client.get_message()


async def test_a_permission_lost_while_a_subscription_opens_is_not_missed(
    open_house: Any, add_router: Callable[[str, Router], None]
) -> None:
    """It was asked for with a session that has changed: it is asked for again."""
    router = Router()

    @router.subscription("admins", guard=permission("admin"))
    async def _(_context: Context) -> list[str]:
        await trio.sleep(3)
        return ["secret"]

    add_router("slow", router)
    client = await open_house.connect()
    await trio.sleep(2)
    await client.send_message(
        '{"id":1,"method":"subscription","params":'
        '{"input":{"json":null},"path":"slow.admins"}}'
    )
    await trio.sleep(1)
    open_house.add_session(permissions=frozenset())
    open_house.lane.version += 1
    answer = json.loads(await client.get_message())

    assert answer["error"]["json"]["data"]["code"] == "FORBIDDEN"


async def test_a_board_closed_while_a_subscription_opens_is_not_missed(
    open_house: Any, add_router: Callable[[str, Router], None]
) -> None:
    """The answer was found before: it is asked for again before the start."""
    allowed = [True]
    router = Router()

    @router.subscription("shared", guard=anyone)
    async def _(_context: Context) -> list[str]:
        found = allowed[0]
        await trio.sleep(2)
        if not found:
            raise ProcedureError("NOT_FOUND", "App not found")

        return ["shared"]

    add_router("slow", router)
    client = await open_house.connect()
    await trio.sleep(2)
    await client.send_message(
        '{"id":1,"method":"subscription","params":'
        '{"input":{"json":null},"path":"slow.shared"}}'
    )
    await trio.sleep(0.5)
    allowed[0] = False
    open_house.bus.publish("access-changed", None, keep=False)
    answer = json.loads(await client.get_message())

    assert answer["error"]["json"]["data"]["code"] == "NOT_FOUND"


async def test_a_database_that_does_not_answer_is_asked_again(
    open_house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Sockets stay meanwhile, the log says it once, and then it is noticed."""
    client = await open_house.connect()
    call = open_house.lane.call

    async def fail(*_: Any) -> Any:
        raise OSError("no answer")

    open_house.lane.call = fail
    await trio.sleep(10)
    failures = [record.getMessage() for record in caplog.records]
    alive = await _is_alive(client)
    open_house.lane.call = call
    open_house.lane.sessions.clear()
    open_house.lane.version += 1

    assert len(failures) == 1
    assert "cannot be checked now" in failures[0]
    assert alive
    assert (await _expect_closed(client))[0] == 1008


async def test_a_look_that_failed_is_made_up_for(open_house: Any) -> None:
    """Who joined before it is looked at after it, though nothing is written again."""
    await open_house.connect()
    await trio.sleep(2)
    open_house.add_session("b" * 96)
    client = await open_house.connect(token="b" * 96)
    call = open_house.lane.call

    async def fail(*_: Any) -> Any:
        raise OSError("no answer")

    open_house.lane.call = fail
    await trio.sleep(2)
    open_house.lane.call = call
    del open_house.lane.sessions["b" * 96]

    assert (await _expect_closed(client))[0] == 1008


async def test_a_subscription_that_cannot_be_asked_about_is_asked_about_again(
    open_house: Any, add_router: Callable[[str, Router], None]
) -> None:
    """A fault while asking is neither a yes nor a no."""
    outcomes: list[Exception] = []
    router = Router()

    @router.subscription("news", guard=anyone)
    async def _(_context: Context) -> list[str]:
        if outcomes:
            raise outcomes.pop(0)

        return ["news"]

    add_router("faulty", router)
    client = await open_house.connect()
    await _subscribe(client, "faulty.news")
    await trio.sleep(2)
    outcomes += [OSError("locked"), ProcedureError("NOT_FOUND", "gone")]
    open_house.lane.version += 1
    error = json.loads(await client.get_message())

    assert error["error"]["json"]["message"] == "gone"
    assert outcomes == []
