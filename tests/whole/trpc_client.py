"""A real tRPC client, run by Node, driven by lines of JSON (tests/node/drive.mjs)."""

from __future__ import annotations

import fcntl
import itertools
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dashboard import superjson

NODE = Path(__file__).parents[1] / "node"
#: Seconds for anything that a client is asked to do; no test waits this long.
PATIENCE = 30.0
#: Seconds for npm to fetch half a dozen packages.
INSTALL_PATIENCE = 120.0


def install_clients() -> None:
    """Install the pinned packages, once; skip the test where npm cannot reach them."""

    lock = NODE / "package-lock.json"
    done = NODE / "node_modules" / ".installed"
    with (NODE / ".installing").open("w") as turn:
        # Another run of the tests may be at it.
        fcntl.flock(turn, fcntl.LOCK_EX)
        if done.exists() and done.read_bytes() == lock.read_bytes():
            return

        try:
            npm = subprocess.run(
                ["npm", "ci", "--no-progress", "--fetch-retries=1"],
                cwd=NODE,
                capture_output=True,
                text=True,
                timeout=INSTALL_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.skip("npm did not reach its registry in time")

        if npm.returncode:
            why = npm.stderr.strip().partition("\n")[0]
            pytest.skip(f"npm could not install the clients ({why})")

        done.write_bytes(lock.read_bytes())


class Client:
    """A client in a process of its own; whatever it tells is kept, in order."""

    def __init__(self, version: str, url: str, cookie: str) -> None:
        self.process = subprocess.Popen(
            ["node", "drive.mjs", version, url, cookie],
            cwd=NODE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events: list[dict[str, Any]] = []
        self._ids = itertools.count(1)
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def query(self, link: str, path: str, given: Any = superjson.UNDEFINED) -> Any:
        """Ask for one thing; the value, or the error as the client sees it."""

        return self.call(link, ("query", path, given))[0]

    def mutate(self, link: str, path: str, given: Any = superjson.UNDEFINED) -> Any:
        """Change one thing."""

        return self.call(link, ("mutation", path, given))[0]

    def call(self, link: str, *calls: tuple[str, str, Any]) -> list[Any]:
        """Make calls at once, as the parts of a page do: links may batch them.

        Each ends as its value, or as {"error": …} with what TRPCClientError has.
        """

        number = self._send(
            do="call",
            link=link,
            calls=[
                {"type": kind, "path": path, "input": _serialise(given)}
                for kind, path, given in calls
            ],
        )
        ended = self.wait("called", id=number)
        return [
            one if "error" in one else superjson.decode(json.dumps(one["value"]))
            for one in ended["results"]
        ]

    def upload(self, path: str, *files: dict[str, str]) -> Any:
        """Send files (field, name, type, text) as a form, as the browser does.

        What has no name is a text.
        """

        calls = [{"type": "mutation", "path": path, "files": files}]
        number = self._send(do="call", link="split", calls=calls)
        (one,) = self.wait("called", id=number)["results"]
        return one if "error" in one else superjson.decode(json.dumps(one["value"]))

    def subscribe(self, link: str, path: str, given: Any = superjson.UNDEFINED) -> int:
        """Subscribe; what is heard arrives as events "subscription" of this id."""

        return self._send(do="subscribe", link=link, path=path, input=_serialise(given))

    def echo(self, value: Any) -> bytes:
        """What SuperJSON makes of a value that it has read: its own document."""

        number = self._send(do="echo", value=_serialise(value))
        return json.dumps(self.wait("echoed", id=number)["value"]).encode()

    def unsubscribe(self, number: int) -> None:
        """End a subscription from this side."""

        self._write({"do": "unsubscribe", "id": number})

    def open_socket(self, **options: Any) -> None:
        """Open the socket with options of its own, before anything uses it."""

        self._send(do="socket", **options)

    def close_socket(self) -> None:
        """Close the socket as a page does that is left."""

        self.wait("closed", id=self._send(do="close"))

    def wait(self, event: str, *, after: int = 0, **facts: Any) -> dict[str, Any]:
        """Wait for an event with these facts, among those from number `after` on."""

        def find() -> dict[str, Any] | None:
            for one in self.events[after:]:
                same = all(one.get(key) == value for key, value in facts.items())
                if one["event"] == event and same:
                    return one

            return None

        with self._grown:
            self._grown.wait_for(
                lambda: find() or not self._reader.is_alive(), timeout=PATIENCE
            )

        found = find()
        assert found is not None, f"no {event} {facts} in {self.events}"
        return found

    def told(self, event: str, **facts: Any) -> list[dict[str, Any]]:
        """The events so far that have these facts."""

        return [
            one
            for one in self.events
            if one["event"] == event
            and all(one.get(key) == value for key, value in facts.items())
        ]

    def close(self) -> None:
        """Leave nothing running."""

        self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def _send(self, **command: Any) -> int:
        number = next(self._ids)
        self._write({"id": number, **command})
        return number

    def _write(self, command: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._grown:
                self.events.append(json.loads(line))
                self._grown.notify_all()

        with self._grown:
            self._grown.notify_all()


@contextmanager
def open_client(version: str, url: str, cookie: str = "") -> Iterator[Client]:
    """Run a client of this version ("trpc-11.7" or "trpc-11.18") beside the body."""

    client = Client(version, url, cookie)
    try:
        client.wait("ready")
        yield client
    finally:
        client.close()


def _serialise(given: Any) -> Any:
    return json.loads(superjson.encode(given))
