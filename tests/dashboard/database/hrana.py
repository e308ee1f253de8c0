"""A libSQL server in a thread: Hrana 3 over HTTP, as far as aiolibsql speaks it.

What it answers is what sqld 0.24 was seen to answer to the same requests:
https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class HranaServer(ThreadingHTTPServer):
    """Streams are connections of SQLite; `expire` drops them as idle ones are."""

    daemon_threads = True

    def __init__(self, path: Path, *, token: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.path = path
        self.token = token
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.streams: dict[str, sqlite3.Connection] = {}
        self.silent = threading.Event()

    def expire(self) -> None:
        while self.streams:
            self.streams.popitem()[1].close()

    def open_stream(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=0.2
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


class Handler(BaseHTTPRequestHandler):
    """One request: its baton names the stream, and the answer's the next."""

    protocol_version = "HTTP/1.1"
    # Head and body in one packet: else each answer waits 40 ms for an ACK.
    wbufsize = -1
    server: HranaServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.server.silent.wait(0):
            threading.Event().wait()

        if self.headers["authorization"] != f"Bearer {self.server.token}":
            self._answer(401, b'{"error":"Unauthorized: `"}')
            return

        baton = body["baton"]
        if baton is not None and baton not in self.server.streams:
            told = {"message": "The stream has expired", "code": "STREAM_EXPIRED"}
            self._answer(400, json.dumps(told).encode())
            return

        stream = self.server.streams.pop(baton, None) or self.server.open_stream()
        if self.path == "/v3/cursor":
            lines = list(run_cursor(stream, body["batch"]))
            closed = False
        else:
            results, closed = run_pipeline(stream, body["requests"])
            lines = [{"results": results}]

        baton = None
        if closed:
            stream.close()
        else:
            baton = secrets.token_hex(8)
            self.server.streams[baton] = stream

        head = {"baton": baton, "base_url": None}
        if self.path == "/v3/cursor":
            lines.insert(0, head)
        else:
            lines[0] = {**head, **lines[0]}

        self._answer(200, b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def run_pipeline(
    stream: sqlite3.Connection, requests: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], bool]:
    """The results of the requests, and whether the stream was closed."""
    results: list[dict[str, Any]] = []
    closed = False
    for request in requests:
        kind = request["type"]
        response: dict[str, Any] = {"type": kind}
        try:
            if kind == "close":
                closed = True
            elif kind == "get_autocommit":
                response["is_autocommit"] = not stream.in_transaction
            elif kind == "describe":
                response["result"] = describe(stream, request["sql"])
            else:
                assert kind == "batch"
                response["result"] = run_batch(stream, request["batch"])
        except sqlite3.Error as error:
            results.append({"type": "error", "error": as_error(error)})
        else:
            results.append({"type": "ok", "response": response})

    return results, closed


def run_batch(stream: sqlite3.Connection, batch: dict[str, Any]) -> dict[str, Any]:
    """Run the only step that aiolibsql sends."""
    (step,) = batch["steps"]
    try:
        found = run(stream, step["stmt"])
    except sqlite3.Error as error:
        return {"step_results": [None], "step_errors": [as_error(error)]}

    return {"step_results": [found], "step_errors": [None]}


def run_cursor(
    stream: sqlite3.Connection, batch: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The same, a row a line."""
    (step,) = batch["steps"]
    try:
        found = run(stream, step["stmt"])
    except sqlite3.Error as error:
        yield {"type": "step_error", "step": 0, "error": as_error(error)}
        return

    yield {"type": "step_begin", "step": 0, "cols": found["cols"]}
    yield from ({"type": "row", "row": row} for row in found["rows"])
    yield {
        "type": "step_end",
        "affected_row_count": found["affected_row_count"],
        "last_insert_rowid": None,
    }


def run(stream: sqlite3.Connection, statement: dict[str, Any]) -> dict[str, Any]:
    """A statement's result, whose values are of the protocol."""
    cursor = stream.execute(
        statement["sql"], [decode(one) for one in statement["args"]]
    )
    return {
        "cols": [
            {"name": name, "decltype": None} for name, *_ in cursor.description or ()
        ],
        "rows": [[encode(value) for value in row] for row in cursor],
        "affected_row_count": max(cursor.rowcount, 0),
        "last_insert_rowid": None,
        "rows_read": 0,
        "rows_written": 0,
        "query_duration_ms": 0.0,
    }


def describe(stream: sqlite3.Connection, sql: str) -> dict[str, Any]:
    """The columns that it would have: sqlite3 tells them of what has run only."""
    first = sql.split()[0].upper()
    returning = sql.upper().find(" RETURNING ")
    if first == "SELECT":
        names = name_columns(stream, f"SELECT * FROM ({sql}) LIMIT 0")  # noqa: S608
    elif first == "PRAGMA":
        names = name_columns(stream, sql)
    elif first in {"INSERT", "UPDATE", "DELETE"} and returning > 0:
        names = [name.strip() for name in sql[returning + 11 :].split(",")]
    else:
        names = []
        if first not in {"BEGIN", "COMMIT", "ROLLBACK"}:
            name_columns(stream, f"EXPLAIN {sql}")

    cols = [{"name": name, "decltype": None} for name in names]
    return {"params": [], "cols": cols, "is_explain": False, "is_readonly": False}


def name_columns(stream: sqlite3.Connection, sql: str) -> list[str]:
    """The names of a statement's columns; its parameters are all NULL."""
    marks = re.sub(r"'[^']*'", "", sql).count("?")
    return [name for name, *_ in stream.execute(sql, [None] * marks).description or ()]


def encode(value: Any) -> dict[str, Any]:
    """A value of SQLite as the protocol's."""
    match value:
        case None:
            return {"type": "null"}
        case int():
            return {"type": "integer", "value": str(value)}
        case float():
            return {"type": "float", "value": value}
        case bytes():
            content = base64.b64encode(value).decode().rstrip("=")
            return {"type": "blob", "base64": content}
        case _:
            return {"type": "text", "value": value}


def decode(value: dict[str, Any]) -> Any:
    """The other way."""
    match value["type"]:
        case "null":
            return None
        case "integer":
            return int(value["value"])
        case "blob":
            content: str = value["base64"]
            return base64.b64decode(content + "=" * (-len(content) % 4))
        case _:
            return value["value"]


def as_error(error: sqlite3.Error) -> dict[str, Any]:
    """With the primary code's name, or none: sqld knows no more."""
    names = {5: "SQLITE_BUSY", 19: "SQLITE_CONSTRAINT"}
    code = names.get(error.sqlite_errorcode & 0xFF, "SQLITE_UNKNOWN")
    return {"message": f"SQLite error: {error}", "code": code}


@contextmanager
def serving(path: Path, *, token: str) -> Iterator[HranaServer]:
    """A server on a free port, until the end."""
    server = HranaServer(path, token=token)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        server.expire()
        thread.join()
