"""The bundled plan as its users meet it: one process, one port."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close
from websockets.sync.client import ClientConnection

from .launch import ROOT, Launched, launched, wait_until
from .visitor import Visitor, receive_data, subscribe

KEY = "the-key-of-the-tests"


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    """Name a database that does not exist yet, in folders that do not either."""

    return tmp_path / "made" / "by" / "itself" / "db.sqlite"


@pytest.fixture(name="roof")
def _roof(path: Path):
    """Run everything under one roof."""

    env = {
        "DB_URL": str(path),
        "CRON_JOB_API_KEY": KEY,
        "REDIS_URL": "",
        "NO_EXTERNAL_CONNECTION": "true",
    }

    with launched("--port", "0", **env) as process:
        process.urls = process.wait_ready()
        yield process


def call_tasks(url: str, procedure: str, body: object = None) -> tuple[int, object]:
    """Call the tasks API with its key; return the status and the answer."""

    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    method, text = ("GET", None) if body is None else ("POST", json.dumps(body))
    headers = {"cron-job-api-key": KEY, "content-type": "application/json"}
    connection.request(method, f"{parts.path}/{procedure}", text, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def trigger(url: str, job: str) -> int:
    """Have a job run; return the status. The clock may be running it right now: 409."""

    status = 409

    def is_taken() -> bool:
        nonlocal status
        status, _ = call_tasks(url, "trigger", job)
        return status != 409

    wait_until(is_taken)
    return status


def stop_clock(url: str, job: str) -> None:
    """Have a job run only when it is triggered: a minute may begin at any moment."""

    status, _ = call_tasks(url, "stop", job)
    assert status == 200


def read_to_the_end(ws: ClientConnection) -> Close:
    """Read until the server closes; return its close frame."""

    with suppress(ConnectionClosed):
        while True:
            ws.recv(timeout=30)

    assert ws.protocol.close_rcvd is not None, "the connection was cut"
    return ws.protocol.close_rcvd


def test_three_services_are_ready_in_one_process_on_one_port(roof: Launched):
    """One `ready` line each with its URL, one for the whole; no child process."""

    ports = {urlsplit(url).port for url in roof.urls.values()}
    whole = roof.wait_event("ready", service=None)
    pid = roof.process.pid

    assert {name: urlsplit(url).path for name, url in roof.urls.items()} == {
        "web": "",
        "ws": "/websockets",
        "tasks": "/trpc",
    }
    assert len(ports) == 1
    assert whole["pid"] == pid
    assert Path(f"/proc/{pid}/task/{pid}/children").read_text() == ""
    assert roof.stop() == 0


def test_a_stranger_becomes_a_user_with_live_updates(roof: Launched):
    """First account, board, subscriptions, a job that is seen to run, logout."""

    visitor = Visitor(roof.urls["web"])
    assert visitor.get("/").status == 302
    visitor.make_first_account()
    assert visitor.get("/").status == 200

    with visitor.connect(roof.urls["ws"]) as ws:
        subscribe(ws, 1, "widget.memory.updatedSample")
        assert receive_data(ws)["process"] == "web+ws+tasks"
        ws.send(json.dumps({"id": 1, "method": "subscription.stop"}))
        while json.loads(ws.recv(timeout=30))["result"]["type"] != "stopped":
            pass

        status, answer = call_tasks(roof.urls["tasks"], "getAll")
        names = [one["name"] for one in answer["result"]["data"]]  # type: ignore[index]
        assert status == 200
        assert names[:2] == ["iconsUpdater", "ping"]  # Homarr's order, then our own
        assert names[-2:] == ["databaseMaintenance", "backup"]
        assert len(names) == 9

        stop_clock(roof.urls["tasks"], "ping")
        subscribe(ws, 2, "cronJobs.subscribeToStatusUpdates")
        # What ran when it started is told first, each by its end.
        eager = ("iconsUpdater", "ping", "updateChecker", "sessionCleanup")
        replayed: dict[str, str] = {}
        while replayed != dict.fromkeys(eager, "idle"):
            one = receive_data(ws)
            replayed[one["name"]] = one["status"]

        assert trigger(roof.urls["tasks"], "ping") == 200
        states = [receive_data(ws) for _ in range(2)]

        assert [(one["name"], one["status"]) for one in states] == [
            ("ping", "running"),
            ("ping", "idle"),
        ]
        assert states[-1]["lastExecutionStatus"] == "success"

        visitor.get("/")
        assert visitor.post("/auth/logout").status == 303
        assert read_to_the_end(ws).code == 1008

    assert visitor.get("/").status == 302


def test_strangers_are_refused_before_the_upgrade(roof: Launched):
    """No cookie or a wrong one is 401, another site's page 403."""

    visitor = Visitor(roof.urls["web"])
    visitor.make_first_account()
    stranger = Visitor(roof.urls["web"])
    forger = Visitor(roof.urls["web"])
    forger.cookies["homarr.session-token"] = "0" * 96

    for who, headers, status in [
        (stranger, {}, 401),
        (forger, {}, 401),
        (visitor, {"Origin": "https://evil.example"}, 403),
        (visitor, {"Origin": "null"}, 403),
    ]:
        with pytest.raises(InvalidStatus) as refused:
            who.connect(roof.urls["ws"], **headers)

        assert refused.value.response.status_code == status


def test_an_upgrade_later_on_a_kept_alive_connection_works(roof: Launched):
    """A page and then a WebSocket over the same TCP connection."""

    visitor = Visitor(roof.urls["web"])
    visitor.make_first_account()
    parts = urlsplit(roof.urls["ws"])
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    page = b"GET /api/health/ready HTTP/1.1\r\nHost: x\r\n\r\n"
    upgrade = (
        f"GET /websockets HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Origin: http://{parts.netloc}\r\n\r\n"
    ).encode()
    masked_ping = b"\x81\x84\x00\x00\x00\x00PING"

    with socket.create_connection((parts.hostname, parts.port), timeout=30) as sock:
        sock.sendall(page + upgrade + masked_ping)
        received = b""
        while b"PONG" not in received:
            data = sock.recv(65536)
            assert data, received
            received += data

    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 101 " in received
    assert received.endswith(b"\x81\x04PONG")


def test_what_was_acknowledged_survives_kill_9(path: Path):
    """Every note that was answered with success is there after the next start."""

    env = {"DB_URL": str(path), "REDIS_URL": ""}
    acknowledged: list[str] = []

    with launched("--port", "0", **env) as process:
        visitor = Visitor(process.wait_ready()["web"])
        visitor.make_first_account()
        visitor.get("/?edit=1")
        board = path and _home_board(path)
        killer = threading.Timer(1.0, process.process.send_signal, [signal.SIGKILL])

        try:
            for number in range(100_000):
                name = f"app-{number}"
                fields = {"kind": "app", "name": name, "href": "http://a.example"}
                response = visitor.post(f"/boards/{board}/items", **fields)
                assert response.status == 303, visitor.body
                acknowledged.append(name)
                if number == 0:
                    killer.start()

                visitor.get("/?edit=1")
        except (OSError, HTTPException):
            pass  # it was killed, maybe amid an answer

        killer.join()

    with launched("--port", "0", **env) as process:
        process.wait_ready()
        assert process.stop() == 0

    with sqlite3.connect(path) as database:
        kept = {name for (name,) in database.execute("SELECT name FROM app")}
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    database.close()
    assert acknowledged
    assert set(acknowledged) <= kept


def _home_board(path: Path) -> str:
    database = sqlite3.connect(path)
    (board,) = database.execute("SELECT id FROM board").fetchone()
    database.close()
    return str(board)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"SQLite format 3\x00" + b"\xff" * 5000, "db.sqlite"),
        (b"this is a letter, not a database\n" * 200, "it is not an SQLite database"),
    ],
)
def test_a_file_that_is_no_database_is_named_and_left_alone(
    path: Path, content: bytes, cause: str
):
    """Exit 1 with the path and the cause; not one byte is changed."""

    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    with launched("--port", "0", DB_URL=str(path)) as process:
        code = process.wait()

    crashed = process.wait_event("crashed", service="resources")
    assert code == 1
    assert str(path) in crashed["error"]
    assert cause in crashed["error"]
    assert crashed["error"].startswith("cannot open the database")
    assert "at" not in crashed
    assert path.read_bytes() == content


def test_a_wrong_setting_exits_2_with_its_name(path: Path):
    """The variable, its value and what it may be are in the line."""

    env = {"DB_URL": str(path), "AUTH_SESSION_EXPIRY_TIME": "30x"}

    with launched("--port", "0", **env) as process:
        code = process.wait()

    crashed = process.wait_event("crashed", service="resources")
    assert code == 2
    assert crashed["error"].startswith("AUTH_SESSION_EXPIRY_TIME='30x'")
    assert "at" not in crashed


def test_a_user_whose_browser_is_killed_disturbs_nobody(roof: Launched):
    """Half of the sockets vanish without a word; the others get their pushes."""

    visitor = Visitor(roof.urls["web"])
    visitor.make_first_account()

    with ExitStack() as stack:
        sockets = [
            stack.enter_context(visitor.connect(roof.urls["ws"])) for _ in range(8)
        ]

        for ws in sockets:
            subscribe(ws, 1, "cronJobs.subscribeToStatusUpdates")

        for ws in sockets[::2]:
            linger_zero = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            ws.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
            ws.socket.close()

        assert trigger(roof.urls["tasks"], "ping") == 200

        for ws in sockets[1::2]:
            seen = ""
            while seen != "ping":
                seen = receive_data(ws)["name"]

    assert visitor.get("/").status == 200
    assert roof.stop() == 0


def test_a_drain_says_1001_to_every_socket(roof: Launched):
    """Real clients read it as `going away` and come back."""

    visitor = Visitor(roof.urls["web"])
    visitor.make_first_account()

    with ExitStack() as stack:
        sockets = [
            stack.enter_context(visitor.connect(roof.urls["ws"])) for _ in range(5)
        ]
        code = roof.stop()
        codes = [read_to_the_end(ws).code for ws in sockets]

    assert codes == [1001] * 5

    assert code == 0


def test_two_runs_cannot_have_one_port(roof: Launched, path: Path):
    """The second says whose the port is, and leaves the first alone."""

    port = urlsplit(roof.urls["web"]).port

    with launched("--port", str(port), DB_URL=str(path)) as second:
        code = second.wait()

    assert code == 1
    assert f"port {port} is in use by" in second.lines[-1]
    assert f"pid {roof.process.pid}" in second.lines[-1]
    wait_until(lambda: Visitor(roof.urls["web"]).get("/api/health/live").status == 200)


def test_two_runs_that_start_together_cannot_have_one_port(tmp_path: Path):
    """Whoever comes second is told, at whatever moment, and ends."""

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])

    for turn in range(3):
        with ExitStack() as stack:
            runs = [
                stack.enter_context(
                    launched("--port", port, DB_URL=str(tmp_path / f"{turn}-{one}.db"))
                )
                for one in range(2)
            ]
            wait_until(partial(_any_ended, runs))
            winner, loser = sorted(runs, key=lambda one: one.process.poll() is not None)

            assert loser.wait() == 1
            assert f"port {port}" in loser.lines[-1]
            winner.wait_ready()
            assert winner.stop() == 0


def _any_ended(runs: list[Launched]) -> bool:
    return any(one.process.poll() is not None for one in runs)


def test_running_out_of_descriptors_ends_nobody(path: Path):
    """New clients wait, samples are left out, and all is well again after."""

    env = {"DB_URL": str(path), "REDIS_URL": ""}

    with launched("--port", "0", **env) as process:
        url = urlsplit(process.wait_ready()["web"])
        pid = process.process.pid
        used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 5, used + 5))

        with ExitStack() as stack:
            for _ in range(20):
                sock = socket.create_connection((url.hostname, url.port), timeout=30)
                stack.enter_context(sock)

            process.wait_event("accept_paused")

        visitor = Visitor(f"http://{url.netloc}")
        wait_until(lambda: visitor.get("/api/health/live").status == 200)
        assert process.stop() == 0


def test_a_log_that_nobody_reads_does_not_keep_from_draining(path: Path):
    """The reader of standard error has gone; the services stop in order."""

    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "DB_URL": str(path), "REDIS_URL": ""},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None

    for line in process.stderr:
        if line.startswith("ready after="):
            break

    process.stderr.close()
    process.terminate()

    assert process.wait(30) == 0
