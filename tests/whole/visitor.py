"""A person with a browser, as far as HTTP and WebSocket go."""

from __future__ import annotations

import json
import re
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit

from websockets.sync.client import ClientConnection, connect

from .launch import PATIENCE

NAME = "admin"
PASSWORD = "correct horse battery"


class Visitor:
    """Keeps cookies, finds the token in forms, and speaks tRPC on a socket."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies: dict[str, str] = {}
        self.body = ""

    def get(self, path: str) -> HTTPResponse:
        """Ask for a page; its text is in `body`."""

        return self._request("GET", path, None)

    def post(self, path: str, **fields: str) -> HTTPResponse:
        """Send a form with the token of the page that was last seen."""

        token = re.search(r'name="csrf_token" value="([^"]+)"', self.body)
        if token is not None:
            fields["csrf_token"] = token[1]

        return self._request("POST", path, urlencode(fields))

    def make_first_account(self) -> None:
        """Go through the first visit; the visitor is logged in afterwards."""

        self.get("/init")
        passwords = {"password": PASSWORD, "confirmPassword": PASSWORD}
        response = self.post("/init", name=NAME, **passwords)
        assert response.status == 303, self.body

        if "session" not in " ".join(self.cookies):
            self.log_in()

    def log_in(self) -> None:
        """Log in with the first account's name and password."""

        self.get("/auth/login")
        response = self.post("/auth/login", name=NAME, password=PASSWORD)
        assert response.status == 303, self.body

    def connect(self, url: str, **headers: str) -> ClientConnection:
        """Open a WebSocket with the visitor's cookies, from their own page."""

        origin = urlsplit(url)._replace(scheme="http", path="").geturl()
        return connect(
            url,
            origin=headers.pop("Origin", origin),  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookie, **headers},
            open_timeout=PATIENCE,
            proxy=None,
        )

    def _request(self, method: str, path: str, body: str | None) -> HTTPResponse:
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        headers = {"Cookie": self.cookie, "Origin": self.url}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"

        with closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            self.body = response.read().decode()

        for header, value in response.getheaders():
            if header.lower() == "set-cookie":
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0]

        return response

    @property
    def cookie(self) -> str:
        """The header with all cookies of the visitor."""

        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


def subscribe(socket: ClientConnection, number: int, path: str, **input_: Any) -> None:
    """Begin a subscription and wait until the server says so."""

    params = {"path": path, "input": {"json": input_ or None}}
    socket.send(json.dumps({"id": number, "method": "subscription", "params": params}))
    # What others on this socket are told meanwhile is passed over.
    while (answer := receive(socket)).get("id") != number:
        pass

    assert answer == {"id": number, "result": {"type": "started"}}


def receive(socket: ClientConnection) -> Any:
    """Return the next message that is not a keep-alive."""

    while (text := socket.recv(timeout=PATIENCE)) == "PING":
        socket.send("PONG")

    return json.loads(text)


def receive_data(socket: ClientConnection) -> Any:
    """Return what the next message of a subscription carries."""

    return receive(socket)["result"]["data"]["json"]
