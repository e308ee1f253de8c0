"""The real @trpc/client, of both ends of Homarr's history, against a real runner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dashboard import superjson
from dashboard.javascript import BigInt, Fault, Map, RegExp, TypedArray, Url
from dashboard.superjson import UNDEFINED
from tests.dashboard.oldmarr.files import medium

from .launch import launched
from .trpc_client import Client, install_clients, open_client
from .visitor import Visitor

pytestmark = [
    pytest.mark.node,
    # npm is given two minutes to fetch the clients, the first time.
    pytest.mark.timeout(240),
]

#: Homarr 1.46 has the first, the newest Homarr the second.
VERSIONS = ["trpc-11.7", "trpc-11.18"]
HTTP_LINKS = ["http", "batch", "stream"]
LINKS = [*HTTP_LINKS, "ws", "split"]
KEY = "the-key-of-the-tests"
MEMORY = "widget.memory.updatedSample"


@pytest.fixture(name="home", scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients")


@pytest.fixture(name="visitor", scope="module")
def _visitor(home: Path) -> Iterator[Visitor]:
    """An administrator who has logged in to a house that runs for all tests."""

    install_clients()
    with run(home) as roof:
        visitor = Visitor(roof.wait_ready()["web"])
        visitor.make_first_account()
        yield visitor


@pytest.fixture(name="client", params=VERSIONS)
def _client(visitor: Visitor, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of that administrator's browser."""

    with open_client(request.param, visitor.url, visitor.cookie) as client:
        yield client


def run(home: Path, *, port: int = 0) -> Any:
    """A runner whose database is in this folder."""

    env = {
        "DB_URL": str(home / "db.sqlite"),
        "REDIS_URL": "",
        "CRON_JOB_API_KEY": KEY,
    }
    return launched("--port", str(port), **env)


def error_of(answer: Any) -> dict[str, Any]:
    """What TRPCClientError has."""

    error: dict[str, Any] = answer["error"]
    assert error["name"] == "TRPCClientError"
    return error


@pytest.mark.parametrize("link", LINKS)
def test_a_query_is_answered_over_every_link(client: Client, link: str):
    """The same value, whichever way it came."""

    jobs = client.query(link, "cronJobs.getJobs")

    assert {"name", "cron", "isEnabled"} <= set(jobs[0])


@pytest.mark.parametrize("link", LINKS)
def test_dates_go_there_and_come_back(client: Client, link: str):
    """A Date of the client's is a Date again when it reads it."""

    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    made = client.mutate(link, "invite.createInvite", {"expirationDate": ends})
    listed = client.query(link, "invite.getAll")
    removed = client.mutate(link, "invite.deleteInvite", {"id": made["id"]})

    assert (
        next(one for one in listed if one["id"] == made["id"])["expirationDate"] == ends
    )
    assert removed is None
    # That it was undefined and not null, as the client saw it:
    assert client.told("called")[-1]["results"] == [
        {"value": {"json": None, "meta": {"values": ["undefined"], "v": 1}}}
    ]


def test_every_type_that_we_write_is_read_and_written_by_the_original():
    """By the package itself: the same annotations at the same places."""

    install_clients()
    value = {
        "dates": [datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)],
        "odd.key": {"back\\slash": UNDEFINED, "none": None},
        "numbers": [float("inf"), float("-inf"), -0.0, 2**53 - 1, 0.5],
        "nan": float("nan"),
        "set": {datetime(2026, 1, 2, tzinfo=UTC)},
        "": [UNDEFINED, True, "é😀"],
        "bigint": BigInt(2**70),
        "map": Map([("a.b", datetime(2026, 1, 2, tzinfo=UTC)), (1, Map())]),
        "bytes": TypedArray("Uint8Array", [0, 255]),
        "odd": [
            RegExp("/a.b/gi"),
            Url("https://a.test/?y=1"),
            Fault({"name": "TypeError", "message": "x is no list", "cause": "x"}),
        ],
    }
    with open_client(VERSIONS[0], "http://127.0.0.1") as client:
        written = client.echo(value)

    assert json.loads(written) == json.loads(superjson.encode(value))
    read = superjson.decode(written)
    for name in ("set", "dates", "bigint", "map", "bytes", "odd"):
        assert read[name] == value[name]


@pytest.mark.parametrize("link", LINKS)
def test_errors_are_what_the_client_expects(client: Client, link: str):
    """The code, the status, the path and Zod's issues by field."""

    missing = error_of(client.query(link, "app.byId", {"id": "nobody"}))
    wrong = error_of(client.query(link, "app.byId", {"id": 5}))

    assert missing["message"] == "App not found"
    assert missing["shape"]["code"] == -32004
    assert missing["data"] == {
        "code": "NOT_FOUND",
        "httpStatus": 404,
        "path": "app.byId",
        "zodError": None,
        "error": None,
    }
    assert wrong["shape"]["code"] == -32600
    assert json.loads(wrong["message"]) == [
        {
            "expected": "string",
            "code": "invalid_type",
            "path": ["id"],
            "message": "Invalid input: expected string, received number",
        }
    ]
    assert wrong["data"]["zodError"]["fieldErrors"] == {
        "id": ["Invalid input: expected string, received number"]
    }


@pytest.mark.parametrize("link", LINKS)
def test_what_is_not_there_and_what_is_not_offered_are_told_apart(
    client: Client, link: str
):
    """tRPC has other words on a socket."""

    unknown = error_of(client.query(link, "no.such"))
    refused = error_of(client.query(link, "docker.getContainers"))

    assert unknown["message"] == (
        'No "query"-procedure on path "no.such"'
        if link == "ws"
        else 'No procedure found on path "no.such"'
    )
    assert unknown["data"]["code"] == "NOT_FOUND"
    assert refused["data"]["code"] == "NOT_IMPLEMENTED"
    assert "containers are not managed here" in refused["message"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("link", HTTP_LINKS)
def test_a_stranger_is_told_to_log_in(visitor: Visitor, version: str, link: str):
    """401, and what is for everybody is answered beside it."""

    with open_client(version, visitor.url) as client:
        steps, refused = client.call(
            link, ("query", "onboard.currentStep", None), ("query", "app.all", None)
        )

    assert "current" in steps
    assert error_of(refused)["data"]["httpStatus"] == 401
    assert error_of(refused)["data"]["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(("link", "status"), [("batch", 207), ("stream", 200)])
def test_calls_of_one_moment_share_a_request(client: Client, link: str, status: int):
    """Some succeed, some fail, each at its place."""

    apps, missing, steps = client.call(
        link,
        ("query", "app.all", None),
        ("query", "app.byId", {"id": "nobody"}),
        ("query", "onboard.currentStep", None),
    )
    (request,) = client.told("http")
    names = urlsplit(request["url"]).path.rpartition("/")[2]

    assert isinstance(apps, list)
    assert error_of(missing)["data"]["code"] == "NOT_FOUND"
    assert "current" in steps
    assert names == "app.all,app.byId,onboard.currentStep"
    assert request["status"] == status
    chunked = request["headers"].get("transfer-encoding") == "chunked"
    assert chunked == (link == "stream")


def test_a_newer_client_may_ask_for_a_stream_by_accept(visitor: Visitor):
    """11.7 does not know this option."""

    with open_client("trpc-11.18", visitor.url, visitor.cookie) as client:
        apps, steps = client.call(
            "accept",
            ("query", "app.all", None),
            ("query", "onboard.currentStep", None),
        )
        (request,) = client.told("http")

    assert isinstance(apps, list)
    assert "current" in steps
    assert request["headers"]["transfer-encoding"] == "chunked"


@pytest.mark.parametrize("link", ["batch", "stream"])
def test_more_calls_than_an_address_holds_are_several_requests(
    client: Client, link: str
):
    """As many as a page may make; the client divides them by its own rule."""

    answers = client.call(link, *[("query", "app.byId", {"id": "x" * 100})] * 40)

    assert {error_of(answer)["message"] for answer in answers} == {"App not found"}
    assert 1 < len(client.told("http")) < 40


def test_mutations_are_posted(client: Client):
    """And batched like queries."""

    answers = client.call(
        "stream",
        ("mutation", "user.changeColorScheme", {"colorScheme": "dark"}),
        ("mutation", "user.changeColorScheme", {"colorScheme": "neon"}),
    )
    (request,) = client.told("http")

    assert answers[0] is None
    (told,) = error_of(answers[1])["data"]["zodError"]["fieldErrors"]["colorScheme"]
    assert told.startswith('Invalid option: expected one of "light"|"dark"')
    assert (request["method"], request["status"]) == ("POST", 200)


def test_one_socket_carries_everything(client: Client):
    """Queries, mutations and subscriptions, each answer with its request's number."""

    number = client.subscribe("ws", MEMORY)
    client.wait("subscription", id=number, happened="data")
    client.call(
        "ws",
        ("query", "onboard.currentStep", None),
        ("mutation", "user.changeColorScheme", {"colorScheme": "light"}),
    )
    client.unsubscribe(number)
    client.wait("frame", text='{"id":1,"result":{"type":"stopped"}}')
    frames = [one["text"] for one in client.told("frame")]

    assert len(client.told("open")) == 1
    assert frames[0] == '{"id":1,"result":{"type":"started"}}'
    assert frames[1].startswith('{"id":1,"result":{"type":"data","data":{"json":{')
    assert (
        '{"id":3,"result":{"type":"data","data":'
        '{"json":null,"meta":{"values":["undefined"],"v":1}}}}'
    ) in frames


def test_a_subscription_that_is_refused_ends(client: Client):
    """The client has its error, and the socket goes on."""

    number = client.subscribe("ws", "widget.app.updatedPing", {"id": "nobody"})
    told = client.wait("subscription", id=number, happened="error")

    assert error_of(told)["data"]["code"] == "NOT_FOUND"
    assert isinstance(client.query("ws", "app.all"), list)
    assert len(client.told("open")) == 1


def test_homarrs_own_links_work_together(client: Client):
    """As in its browser: files alone, subscriptions by socket, all else streamed."""

    number = client.subscribe("split", MEMORY)
    client.wait("subscription", id=number, happened="data")
    uploaded = client.upload(
        "media.uploadMedia",
        {"field": "files", "name": "a.svg", "type": "image/svg+xml", "text": "<svg/>"},
        {"field": "files", "name": "b.gif", "type": "image/gif", "text": "GIF89a;"},
    )
    listed = client.query("split", "media.getPaginated", {"page": 1, "pageSize": 10})
    upload, query = client.told("http")
    kept = {one["id"]: one for one in listed["items"]}

    assert [
        (kept[key]["name"], kept[key]["contentType"], kept[key]["size"])
        for key in uploaded
    ] == [("a.svg", "image/svg+xml", 6), ("b.gif", "image/gif", 7)]
    assert upload["url"].endswith("/api/trpc/media.uploadMedia")
    assert "batch=1" in query["url"]


def test_a_board_of_an_old_homarr_is_brought_along(client: Client):
    """By the form that Homarr's own page sends; a second one of its name is told."""

    name = f"old-{len(client.query('http', 'board.getAllBoards'))}"
    form = (
        {
            "field": "file",
            "name": "default.json",
            "type": "application/json",
            "text": json.dumps(medium()),
        },
        {"field": "configuration", "text": json.dumps({"name": name})},
    )
    made = client.upload("board.importOldmarrConfig", *form)
    board = client.query("http", "board.getBoardByName", {"name": name})
    again = error_of(client.upload("board.importOldmarrConfig", *form))

    assert made is None
    assert {"app", "bookmarks", "notebook"} < {one["kind"] for one in board["items"]}
    assert again["data"]["code"] == "CONFLICT"


def test_connection_parameters_are_taken(client: Client):
    """Homarr sends none; a client that does has them as its first message."""

    client.open_socket(connectionParams={"token": "x"})
    apps = client.query("ws", "app.all")

    assert isinstance(apps, list)
    assert json.loads(client.told("sent")[0]["text"]) == {
        "data": {"token": "x"},
        "method": "connectionParams",
    }


def test_a_client_that_keeps_its_socket_alive_is_answered(client: Client):
    """With the bare text PONG, as often as it asks."""

    client.open_socket(
        keepAlive={"enabled": True, "intervalMs": 10, "pongTimeoutMs": 20_000}
    )
    first = client.wait("frame", text="PONG")
    client.wait("frame", text="PONG", after=client.events.index(first) + 1)

    assert isinstance(client.query("ws", "app.all"), list)
    assert len(client.told("open")) == 1


def test_reads_that_did_not_change_are_not_sent_again(client: Client):
    """They carry a tag for a browser's cache; streams and mutations carry none."""

    client.query("batch", "app.all")
    client.query("stream", "app.all")
    whole, streamed = [one["headers"] for one in client.told("http")]

    assert whole["cache-control"] == "private, no-cache"
    assert streamed["cache-control"] == "no-store, no-transform"
    assert "etag" in whole
    assert "etag" not in streamed


@pytest.mark.parametrize("version", VERSIONS)
def test_clients_come_back_after_a_restart(version: str, tmp_path: Path):
    """The drain tells them; they ask anew, in one message, for all that they heard."""

    install_clients()
    with run(tmp_path) as roof:
        visitor = Visitor(roof.wait_ready()["web"])
        visitor.make_first_account()
        with open_client(version, visitor.url, visitor.cookie) as client:
            # More than a page needs, and than there are calls in a request over HTTP.
            numbers = [client.subscribe("ws", MEMORY) for _ in range(100)]
            for number in numbers:
                client.wait("subscription", id=number, happened="data")

            assert roof.stop() == 0
            closed = client.wait("close", socket=1)
            before = len(client.events)
            with run(tmp_path, port=urlsplit(visitor.url).port or 0) as second:
                second.wait_ready()
                for number in numbers:
                    client.wait(
                        "subscription", after=before, id=number, happened="data"
                    )

            sent = [one["text"] for one in client.told("sent") if one["text"] != "PONG"]

    *first, again = map(json.loads, sent)

    assert client.told("frame", text='{"id":null,"method":"reconnect"}')
    # Told to come back, it hangs up by itself, and may be quicker than our goodbye:
    # then it has its own back, without a code. It is never cut off.
    assert closed["code"] in {1001, 1005}
    assert not client.told("subscription", happened="error")
    # The same requests with the same numbers.
    assert [one["id"] for one in again] == list(range(1, 101))
    flat = [
        one for some in first for one in (some if isinstance(some, list) else [some])
    ]
    assert again == flat


@pytest.mark.parametrize("version", VERSIONS)
def test_the_cron_api_serves_homarrs_own_client(visitor: Visitor, version: str):
    """All seven procedures, and Homarr's words where one does not do it."""

    with open_client(version, visitor.url, KEY) as client:

        def do(name: str, given: Any) -> Any:
            return client.mutate("cron", name, given)

        listed = client.query("cron", "getAll")
        changed = [
            do("updateInterval", {"name": "weather", "cron": "*/20 * * * *"}),
            do("disable", "weather"),
        ]
        (weather,) = [
            one for one in client.query("cron", "getAll") if one["name"] == "weather"
        ]
        changed += [do(name, "weather") for name in ("enable", "stop", "start")]
        changed.append(do("trigger", "sessionCleanup"))
        wrong = error_of(do("updateInterval", {"name": "weather", "cron": "61 * *"}))
        unknown = error_of(do("trigger", "nothing"))

    with open_client(version, visitor.url, "another key") as client:
        refused = error_of(client.query("cron", "getAll"))

    assert {"name", "cron", "preventManualExecution", "isEnabled"} == set(listed[0])
    assert weather == {
        "name": "weather",
        "cron": "*/20 * * * *",
        "preventManualExecution": False,
        "isEnabled": False,
    }
    assert changed == [None] * 6
    assert wrong["message"] == "Invalid cron expression: 61 * *"
    assert wrong["shape"]["code"] == -32603
    assert wrong["data"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "httpStatus": 500,
        "path": "updateInterval",
    }
    assert unknown["data"]["httpStatus"] == 400
    assert json.loads(unknown["message"])[0]["code"] == "invalid_value"
    assert refused["message"] == "Missing or invalid API key"
    assert refused["data"]["httpStatus"] == 403


def test_a_stranger_has_no_socket(visitor: Visitor):
    """It is refused before it opens; the client goes on trying, as for any refusal."""

    with open_client(VERSIONS[0], visitor.url) as client:
        client.subscribe("ws", MEMORY)
        closed = client.wait("close")

        assert closed["code"] == 1006
        assert not client.told("open")
