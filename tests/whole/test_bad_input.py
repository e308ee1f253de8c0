"""Bad input has one answer each; here it is sent to a whole house that runs.

`docs/trpc.md` has the answers as a table. What takes its time, or no client can send,
is shown by other tests: SHOWN names those of each kind.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from .launch import PATIENCE, ROOT, launched
from .visitor import Visitor, receive

MIB = 1024 * 1024
KEY = "the key of the tests"

#: kind of bad input: where the tests are that show its answer.
SHOWN = {
    "not JSON": """
        tests/whole/test_bad_input.py::test_what_is_not_json_is_refused
        tests/services/web/trpc/test_bad_input.py::test_what_is_not_json_is_refused
        tests/services/web/rest/test_inputs.py::test_what_is_no_json_is_refused
        tests/services/ws/test_connection.py::test_nonsense_is_a_parse_error_and_the_socket_stays
        tests/services/tasks/test_api.py::test_a_body_that_is_no_json_is_a_bad_request
    """,
    "no `id`": """
        tests/whole/test_bad_input.py::test_a_message_without_an_id_is_answered_without_one
        tests/services/ws/test_connection.py::test_a_request_without_an_id_is_answered_without_one
        tests/services/ws/test_connection.py::test_nonsense_is_a_parse_error_and_the_socket_stays
    """,
    "wrong types": """
        tests/whole/test_bad_input.py::test_wrong_types_are_told_in_zods_words
        tests/dashboard/test_issues.py::test_every_mistake_of_an_object_is_told
        tests/dashboard/trpc/routers/test_zods_words.py::test_a_broken_rule_is_told_as_homarr_tells_it
        tests/services/tasks/test_api.py::test_an_interval_needs_a_name_and_a_cron_expression
    """,
    "unknown path": """
        tests/whole/test_bad_input.py::test_an_unknown_path_is_not_found
        tests/services/web/trpc/test_bad_input.py::test_odd_paths_are_not_found
        tests/services/ws/test_calls.py::test_a_call_that_fails_is_one_error_and_the_socket_stays
        tests/services/tasks/test_api.py::test_other_paths_are_no_route
    """,
    "a message of 1 MiB": """
        tests/whole/test_bad_input.py::test_a_mebibyte_is_too_much
        tests/services/web/trpc/test_bad_input.py::test_a_body_has_a_bound
        tests/services/ws/test_chaos.py::test_a_message_of_a_mebibyte_is_closed_with_1009
        tests/services/tasks/test_api.py::test_errors_carry_their_code_and_path
    """,
    "10 000 messages at once": """
        tests/whole/test_bad_input.py::test_ten_thousand_calls_in_one_are_refused
        tests/services/ws/test_chaos.py::test_ten_thousand_messages_at_once_are_all_answered
        tests/services/ws/test_chaos.py::test_ten_thousand_messages_in_one_are_a_parse_error
    """,
    "a frame, head or body that never ends": """
        tests/services/ws/test_chaos.py::test_a_frame_that_never_ends_is_cut_off
        tests/services/ws/test_chaos.py::test_a_frame_that_trickles_for_ever_is_closed
        tests/runner/test_http.py::test_a_head_that_drips_does_not_renew_its_time
        tests/runner/test_http.py::test_a_body_that_does_not_come_is_not_waited_for
        tests/services/tasks/test_api.py::test_a_body_that_never_ends_is_too_slow
    """,
    "a half-closed socket": """
        tests/whole/test_bad_input.py::test_a_half_closed_socket_is_let_go
        tests/services/ws/test_chaos.py::test_a_half_closed_socket_is_closed
        tests/runner/test_http.py::test_a_client_that_closes_its_half_gets_its_answer
    """,
    "a cron expression that never ticks": """
        tests/whole/test_bad_input.py::test_a_cron_expression_that_never_ticks_changes_nothing
        tests/services/tasks/test_cron.py::test_what_cannot_tick_is_refused_with_its_reason
        tests/services/tasks/test_scheduler.py::test_a_wrong_interval_changes_nothing
    """,
    "a job that never returns": """
        tests/services/tasks/test_scheduler.py::test_a_job_that_takes_too_long_is_cancelled
        tests/services/tasks/test_runs.py::test_a_job_that_does_not_obey_is_left_to_itself
        tests/services/tasks/test_service.py::test_a_job_that_does_not_end_does_not_hold_up_the_stop
    """,
    "a job that raises `SystemExit`": """
        tests/services/tasks/test_runs.py::test_whatever_a_job_raises_stays_in_its_run
    """,
}


@pytest.fixture(name="visitor", scope="module")
def _visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """An administrator in a house that runs for all tests, and is well after them."""

    path = tmp_path_factory.mktemp("bad") / "db.sqlite"
    env = {"DB_URL": str(path), "REDIS_URL": "", "CRON_JOB_API_KEY": KEY}
    with launched("--port", "0", NO_EXTERNAL_CONNECTION="true", **env) as roof:
        visitor = Visitor(roof.wait_ready()["web"])
        visitor.make_first_account()
        yield visitor

        assert visitor.get("/api/health/live").status == 200
        assert roof.stop() == 0
        assert not [one for one in roof.events if one["event"] == "crashed"]


@pytest.fixture(name="client")
def _client(visitor: Visitor) -> Iterator[ClientConnection]:
    """A socket of theirs."""

    with visitor.connect(visitor.url.replace("http", "ws") + "/websockets") as client:
        yield client


def post(visitor: Visitor, path: str, body: bytes) -> tuple[int, Any]:
    """Send a body as JSON, to the cron API with its key; the status and the answer."""

    address = urlsplit(visitor.url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
    headers = {
        "Content-Type": "application/json",
        "Cookie": visitor.cookie,
        "cron-job-api-key": KEY,
    }
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def tell(client: ClientConnection, text: str) -> tuple[Any, str]:
    """Send a text; the id and the code of the error that it is answered with."""

    client.send(text)
    answer = receive(client)
    return answer["id"], answer["error"]["json"]["data"]["code"]


def ask(path: str, given: Any = None, *, kind: str = "query") -> str:
    """A request as text, with the id 1."""

    params = {"path": path, "input": {"json": given}}
    return json.dumps({"id": 1, "method": kind, "params": params})


def code_of(answer: Any) -> str:
    """The code of an error over HTTP."""

    error = answer["error"]
    return str(error.get("json", error)["data"]["code"])


def test_every_kind_of_the_page_has_its_tests():
    """Each row of the table is shown by tests that there are."""

    page = (ROOT / "docs/trpc.md").read_text()
    table = page.partition("\n## Bad input\n")[2].partition("\n## ")[0]
    kinds = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)[1:]

    assert kinds == list(SHOWN)
    for tests in SHOWN.values():
        for path, name in (test.split("::") for test in tests.split()):
            assert f"def {name}(" in (ROOT / path).read_text(), (path, name)


def test_what_is_not_json_is_refused(visitor: Visitor, client: ClientConnection):
    """Over HTTP and by the cron API with 400; the socket stays."""

    for path in ("/api/trpc/apiKeys.delete", "/trpc/trigger"):
        status, answer = post(visitor, path, b"{nonsense")

        assert (status, code_of(answer)) == (400, "BAD_REQUEST")

    assert tell(client, "{nonsense") == (None, "PARSE_ERROR")
    assert tell(client, ask("no.such")) == (1, "NOT_FOUND")


def test_a_message_without_an_id_is_answered_without_one(client: ClientConnection):
    """As by tRPC's own server; null is no id."""

    client.send('{"method":"query","params":{"path":"no.such","input":{"json":1}}}')
    answer = receive(client)
    nobody = '{"id":null,"method":"query","params":{"path":"a","input":{"json":1}}}'

    assert list(answer) == ["error"]
    assert code_of(answer) == "NOT_FOUND"
    assert tell(client, nobody) == (None, "PARSE_ERROR")


def test_wrong_types_are_told_in_zods_words(visitor: Visitor, client: ClientConnection):
    """The same issues, however they came."""

    wanted = "Invalid input: expected string, received number"
    status, answer = post(
        visitor, "/api/trpc/apiKeys.delete", b'{"json":{"apiKeyId":5}}'
    )
    client.send(ask("apiKeys.delete", {"apiKeyId": 5}, kind="mutation"))
    over_socket = receive(client)["error"]["json"]
    cron_status, cron = post(
        visitor, "/trpc/updateInterval", b'{"name":"ping","cron":5}'
    )

    assert (status, cron_status) == (400, 400)
    assert answer["error"]["json"] == over_socket
    assert json.loads(over_socket["message"])[0]["message"] == wanted
    assert json.loads(cron["error"]["message"])[0]["message"] == wanted


def test_an_unknown_path_is_not_found(visitor: Visitor, client: ClientConnection):
    """404 of each."""

    for path in ("/api/trpc/no.such", "/trpc/no.such"):
        status, answer = post(visitor, path, b"{}")

        assert (status, code_of(answer)) == (404, "NOT_FOUND")

    for kind in ("query", "mutation", "subscription"):
        assert tell(client, ask("no.such", kind=kind)) == (1, "NOT_FOUND")


def test_a_mebibyte_is_too_much(visitor: Visitor, client: ClientConnection):
    """413, and 1009 for the socket that sent it; another one is let in."""

    body = b'{"json":"' + b"x" * MIB + b'"}'
    for path in ("/api/trpc/apiKeys.delete", "/trpc/trigger"):
        status, answer = post(visitor, path, body)

        assert (status, code_of(answer)) == (413, "PAYLOAD_TOO_LARGE")

    with suppress(ConnectionClosed):  # before all of it was sent
        client.send("x" * MIB)

    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=PATIENCE)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    with visitor.connect(visitor.url.replace("http", "ws") + "/websockets") as other:
        assert tell(other, ask("no.such")) == (1, "NOT_FOUND")


def test_ten_thousand_calls_in_one_are_refused(
    visitor: Visitor, client: ClientConnection
):
    """As a whole, before anything of it is done."""

    names = ",".join(["a.b"] * 1000)
    status, answer = post(visitor, f"/api/trpc/{names}?batch=1", b"{}")

    assert (status, code_of(answer)) == (400, "BAD_REQUEST")
    assert tell(client, "[" + ",".join(["1"] * 10_000) + "]") == (None, "PARSE_ERROR")
    # Of 1025 that would each be answered, none is.
    short = '{"id":1,"method":"query","params":{"path":"x","input":{}}}'
    whole = ",".join([short] * 1025)
    assert tell(client, f"[{whole}]") == (None, "PARSE_ERROR")


def test_a_half_closed_socket_is_let_go(visitor: Visitor):
    """Of HTTP after its answer, of a WebSocket at once."""

    address = urlsplit(visitor.url)
    place = (address.hostname, address.port)
    head = (
        f"GET {{}} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Origin: {visitor.url}\r\nCookie: {visitor.cookie}\r\n"
    )
    upgrade = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    for request, beginning in (
        (head.format("/api/health/ready"), b"HTTP/1.1 200"),
        (head.format("/websockets") + upgrade, b"HTTP/1.1 101"),
    ):
        with socket.create_connection(place, timeout=PATIENCE) as client:
            client.sendall(request.encode() + b"\r\n")
            received = client.recv(12)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass  # until we are let go

        assert received == beginning


@pytest.mark.parametrize(
    "cron", ["0 0 31 2 *", "61 * * * *", "* * *", "", "* * * * * * *", "@never"]
)
def test_a_cron_expression_that_never_ticks_changes_nothing(
    visitor: Visitor, client: ClientConnection, cron: str
):
    """400 with its reason by tRPC; the cron API has Homarr's answer."""

    given = {"name": "ping", "cron": cron}
    status, answer = post(visitor, "/trpc/updateInterval", json.dumps(given).encode())
    client.send(ask("cronJobs.updateJobInterval", given, kind="mutation"))
    over_socket = receive(client)["error"]["json"]
    visitor.get("/api/trpc/cronJobs.getJobs")
    jobs = json.loads(visitor.body)["result"]["data"]["json"]

    assert (status, code_of(answer)) == (500, "INTERNAL_SERVER_ERROR")
    assert answer["error"]["message"] == f"Invalid cron expression: {cron}"
    assert over_socket["message"].startswith(f"Invalid cron expression: {cron} (")
    assert over_socket["data"]["code"] == "BAD_REQUEST"
    assert next(job for job in jobs if job["name"] == "ping")["cron"] == "* * * * *"
