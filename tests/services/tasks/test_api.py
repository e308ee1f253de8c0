"""Homarr's cron API: each answer as it was captured."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import anyio
import pytest

from dashboard.jobs import JOBS, Job, load_job_configuration
from dashboard.settings import Settings
from services.tasks import api, create_app

KEY = (b"cron-job-api-key", b"the key")
JSON = (b"content-type", b"application/json")


class Client:
    """Calls the application as a server does."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (KEY, JSON),
        chunk: int = 10_000,
    ) -> tuple[int, bytes]:
        chunks = [body[at : at + chunk] for at in range(0, len(body), chunk)] or [b""]
        sent: list[Any] = []

        async def receive() -> Any:
            if not chunks:
                return {"type": "http.disconnect"}

            part = chunks.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(chunks)}

        async def send(message: Any) -> None:
            sent.append(message)

        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": list(headers),
        }
        await self.application(scope, receive, send)
        start, end = sent
        if start["status"] != 204:
            lengths = dict(start["headers"])[b"content-length"]
            assert int(lengths) == len(end["body"])

        return start["status"], end["body"]


@pytest.fixture(name="client")
async def _client(desk: Any) -> Client:
    desk.make(
        Job(name="ping", cron="* * * * *", timeout=30.0),
        Job(
            name="sessionCleanup",
            cron="0 * * * *",
            timeout=30.0,
            prevent_manual_execution=True,
        ),
    )
    return Client(create_app(resources=desk.resources, tasks=desk.scheduler))


async def test_get_all_lists_the_jobs(client: Client) -> None:
    """To the byte."""
    assert await client.request("GET", "/trpc/getAll") == (
        200,
        (
            b'{"result":{"data":[{"name":"ping","cron":"* * * * *",'
            b'"preventManualExecution":false,"isEnabled":true},'
            b'{"name":"sessionCleanup","cron":"0 * * * *",'
            b'"preventManualExecution":true,"isEnabled":true}]}}'
        ),
    )


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"cron-job-api-key", b""),),
        ((b"cron-job-api-key", b"the ke"),),
        ((b"cron-job-api-key", b"the key "),),
        ((b"cron-job-api-key", "the kéy".encode()),),
        (KEY, KEY),
    ],
)
@pytest.mark.parametrize(("method", "name"), [("GET", "getAll"), ("POST", "trigger")])
async def test_without_the_key_nothing_is_told_or_done(
    client: Client, desk: Any, headers: Any, method: str, name: str
) -> None:
    """The answer is FORBIDDEN, and the body is not even looked at."""
    answer = await client.request(
        method, f"/trpc/{name}", b'"ping"', headers=(*headers, JSON)
    )

    assert answer == (
        403,
        b'{"error":{"message":"Missing or invalid API key","code":-32003,"data":'
        b'{"code":"FORBIDDEN","httpStatus":403,"path":"' + name.encode() + b'"}}}',
    )
    assert desk.calls == []


@pytest.mark.parametrize("headers", [(), ((b"cron-job-api-key", b""),)])
async def test_a_key_that_is_not_set_lets_nobody_in(
    client: Client, desk: Any, headers: Any
) -> None:
    """An empty setting is no key, so an empty header does not match it."""
    resources = dataclasses.replace(desk.resources, settings=Settings())
    client.application = create_app(resources=resources, tasks=desk.scheduler)

    status, _ = await client.request("GET", "/trpc/getAll", headers=headers)

    assert status == 403


async def test_trigger_runs_the_job(client: Client, desk: Any) -> None:
    """A void result has no member data; when it comes, the job has run."""
    answer = await client.request("POST", "/trpc/trigger", b'"ping"')

    assert answer == (200, b'{"result":{}}')
    assert desk.calls == [("ping", 0)]


async def test_the_other_calls_reach_the_scheduler(client: Client, desk: Any) -> None:
    """Each of them answers with a void result."""
    void = (200, b'{"result":{}}')
    body = b'{"name":"ping","cron":"*/5 * * * *"}'

    assert await client.request("POST", "/trpc/updateInterval", body) == void
    assert await client.request("POST", "/trpc/disable", b'"ping"') == void
    stored = await load_job_configuration(desk.resources.database)
    assert stored["ping"] == ("*/5 * * * *", False)
    _, listed = await client.request("GET", "/trpc/getAll")
    assert json.loads(listed)["result"]["data"][0] == {
        "name": "ping",
        "cron": "*/5 * * * *",
        "preventManualExecution": False,
        "isEnabled": False,
    }

    assert await client.request("POST", "/trpc/enable", b'"ping"') == void
    assert desk.scheduler.jobs["ping"].started
    assert await client.request("POST", "/trpc/stop", b'"ping"') == void
    assert not desk.scheduler.jobs["ping"].started
    assert await client.request("POST", "/trpc/start", b'"ping"') == void
    assert desk.scheduler.jobs["ping"].started


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("trigger", b'"pong"'),
        ("trigger", b"7"),
        ("trigger", b"null"),
        ("start", b"{}"),
        ("stop", b"[]"),
        ("enable", b'"PING"'),
        ("disable", b"true"),
    ],
)
async def test_an_unknown_job_is_a_bad_request(
    client: Client, desk: Any, name: str, body: bytes
) -> None:
    """The message is the validator's issues, as JSON in JSON."""
    status, answer = await client.request("POST", f"/trpc/{name}", body)
    error = json.loads(answer)["error"]

    assert (status, error["code"]) == (400, -32600)
    assert error["data"] == {"code": "BAD_REQUEST", "httpStatus": 400, "path": name}
    assert json.loads(error["message"]) == [
        {
            "code": "invalid_value",
            "values": ["ping", "sessionCleanup"],
            "path": [],
            "message": 'Invalid option: expected one of "ping"|"sessionCleanup"',
        }
    ]
    assert desk.calls == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"7", {"": "Invalid input: expected object, received number"}),
        (b"null", {"": "Invalid input: expected object, received null"}),
        (b"[]", {"": "Invalid input: expected object, received array"}),
        (
            b'{"name":"ping"}',
            {"cron": "Invalid input: expected string, received undefined"},
        ),
        (
            b'{"name":"ping","cron":7}',
            {"cron": "Invalid input: expected string, received number"},
        ),
        (
            b'{"name":"x","cron":[]}',
            {
                "name": 'Invalid option: expected one of "ping"|"sessionCleanup"',
                "cron": "Invalid input: expected string, received array",
            },
        ),
    ],
)
async def test_an_interval_needs_a_name_and_a_cron_expression(
    client: Client, body: bytes, told: dict[str, str]
) -> None:
    """Each issue names its path, in Zod's words."""
    status, answer = await client.request("POST", "/trpc/updateInterval", body)
    issues = json.loads(json.loads(answer)["error"]["message"])

    assert status == 400
    assert {".".join(one["path"]): one["message"] for one in issues} == told


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "number", "code", "message"),
    [
        (
            "GET",
            "nothing",
            b"",
            404,
            -32004,
            "NOT_FOUND",
            'No procedure found on path "nothing"',
        ),
        ("GET", "", b"", 404, -32004, "NOT_FOUND", 'No procedure found on path ""'),
        (
            "GET",
            "trigger",
            b"",
            405,
            -32005,
            "METHOD_NOT_SUPPORTED",
            'Unsupported GET-request to mutation procedure at path "trigger"',
        ),
        (
            "POST",
            "getAll",
            b"",
            405,
            -32005,
            "METHOD_NOT_SUPPORTED",
            'Unsupported POST-request to query procedure at path "getAll"',
        ),
        (
            "POST",
            "trigger",
            b'"sessionCleanup"',
            500,
            -32603,
            "INTERNAL_SERVER_ERROR",
            'The job "sessionCleanup" can not be executed manually.',
        ),
        (
            "POST",
            "updateInterval",
            b'{"name":"ping","cron":"nonsense"}',
            500,
            -32603,
            "INTERNAL_SERVER_ERROR",
            "Invalid cron expression: nonsense",
        ),
        (
            "POST",
            "trigger",
            b'"' + b"x" * 16384 + b'"',
            413,
            -32013,
            "PAYLOAD_TOO_LARGE",
            "PAYLOAD_TOO_LARGE",
        ),
    ],
)
async def test_errors_carry_their_code_and_path(
    client: Client,
    method: str,
    path: str,
    body: bytes,
    status: int,
    number: int,
    code: str,
    message: str,
) -> None:
    """The shape is tRPC's, without a stack."""
    answer = await client.request(method, f"/trpc/{path}", body)
    data = {"code": code, "httpStatus": status, "path": path}

    assert answer[0] == status
    assert json.loads(answer[1]) == {
        "error": {"message": message, "code": number, "data": data}
    }


@pytest.mark.parametrize("body", [b"ping", b"[" * 5000, b'"\xff"', b"{", b""])
async def test_a_body_that_is_no_json_is_a_bad_request(
    client: Client, body: bytes
) -> None:
    """As tRPC tells it, and never a fault of ours."""
    status, answer = await client.request("POST", "/trpc/trigger", body)

    assert (status, json.loads(answer)["error"]["code"]) == (400, -32600)


async def test_a_body_that_never_ends_is_too_slow(
    client: Client, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """408 after a while, and nothing is done."""
    monkeypatch.setattr(api, "BODY_TIMEOUT", 0.01)
    sent: list[Any] = []
    begun = [{"type": "http.request", "body": b'"pi', "more_body": True}]

    async def receive() -> Any:
        return begun.pop() if begun else await anyio.sleep_forever()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/trpc/trigger",
        "query_string": b"",
        "headers": [KEY, JSON],
    }
    await client.application(scope, receive, send)

    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["error"]["data"]["code"] == "TIMEOUT"
    assert desk.calls == []


async def test_an_input_that_nobody_takes_is_not_looked_at(client: Client) -> None:
    """As in tRPC: the list takes none, so there is none that could be wrong."""
    status, _ = await client.request("GET", "/trpc/getAll?input=%7B")

    assert status == 200


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ((KEY,), "Missing content-type header"),
        (
            (KEY, (b"content-type", b"text/plain")),
            r"Unsupported content-type \"text/plain",
        ),
        ((), "Missing content-type header"),
    ],
)
@pytest.mark.parametrize("path", ["trigger", "getAll", "nothing"])
async def test_a_body_has_to_be_declared_as_json(
    client: Client, path: str, headers: Any, message: str
) -> None:
    """Before all else, as in tRPC; a form of another site cannot do so unasked."""
    answer = await client.request("POST", f"/trpc/{path}", b'"ping"', headers=headers)

    assert answer == (
        415,
        b'{"error":{"message":"' + message.encode() + b'","code":-32015,'
        b'"data":{"code":"UNSUPPORTED_MEDIA_TYPE","httpStatus":415}}}',
    )


async def test_a_body_may_come_in_pieces(client: Client, desk: Any) -> None:
    """As many as the client likes."""
    answer = await client.request("POST", "/trpc/trigger", b'"ping"', chunk=1)

    assert answer == (200, b'{"result":{}}')


@pytest.mark.parametrize("path", ["/", "/trpc", "/trpcx/getAll"])
async def test_other_paths_are_no_route(client: Client, path: str) -> None:
    """They are answered in the words of Homarr's HTTP library."""
    expected = (
        f'{{"message":"Route GET:{path} not found","error":"Not Found",'
        '"statusCode":404}'
    )

    assert await client.request("GET", path) == (404, expected.encode())


async def test_head_is_answered_without_a_body(client: Client) -> None:
    """As tRPC does."""
    assert await client.request("HEAD", "/trpc/getAll", headers=()) == (204, b"")


async def test_a_fault_of_ours_is_logged_and_not_told(
    client: Client, desk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The client reads INTERNAL_SERVER_ERROR."""
    await desk.resources.database.close()
    status, answer = await client.request("POST", "/trpc/disable", b'"ping"')
    error = json.loads(answer)["error"]

    assert (status, error["message"]) == (500, "INTERNAL_SERVER_ERROR")
    assert "procedure 'disable' failed" in caplog.text


async def test_a_job_that_runs_and_a_service_that_stops_say_so(
    client: Client, desk: Any
) -> None:
    """CONFLICT and SERVICE_UNAVAILABLE."""
    never = anyio.Event()
    desk.work = never.wait
    desk.tasks.start_soon(desk.scheduler.trigger, "ping")
    await anyio.wait_all_tasks_blocked()
    status, _ = await client.request("POST", "/trpc/trigger", b'"ping"')

    assert status == 409

    desk.scheduler.stop()
    status, _ = await client.request("POST", "/trpc/trigger", b'"ping"')

    assert status == 503


async def test_the_lifespan_is_answered(client: Client) -> None:
    """The application has nothing to open or close."""
    steps = ["startup", "shutdown"]
    sent: list[str] = []

    async def receive() -> Any:
        return {"type": f"lifespan.{steps.pop(0)}"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await client.application({"type": "lifespan"}, receive, send)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_every_job_has_its_function() -> None:
    """The names of dashboard.jobs and of our functions are the same."""
    from services.tasks.jobs import FUNCTIONS

    assert list(FUNCTIONS) == [job.name for job in JOBS]
