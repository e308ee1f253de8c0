"""Launching real processes of the runner, for the tests of the whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: Seconds for anything that a process is asked to do; no test waits this long.
PATIENCE = 30.0


class Launched:
    """A process of the runner whose event lines are read as they come."""

    def __init__(self, *words: str, env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "runner", "--log-format", "json", *words],
            cwd=ROOT,
            env={**os.environ, **env},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events: list[dict[str, Any]] = []
        self.lines: list[str] = []
        #: Its last line has been read: the end of the process comes before that.
        self._read_all = False
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_event(self, event: str, **facts: Any) -> dict[str, Any]:
        """Wait for an event that has these facts; None means that it lacks one."""

        def find() -> dict[str, Any] | None:
            for one in self.events:
                same = all(one.get(key) == value for key, value in facts.items())
                if one["event"] == event and same:
                    return one

            return None

        with self._grown:
            self._grown.wait_for(lambda: find() or self._read_all, timeout=PATIENCE)

        found = find()
        assert found is not None, f"no {event} {facts} in:\n" + "\n".join(self.lines)
        return found

    def wait_ready(self) -> dict[str, str]:
        """Wait until the whole is ready; return the services' URLs."""

        self.wait_event("ready", service=None)
        return {
            one["service"]: one["url"]
            for one in self.events
            if one["event"] == "ready" and one.get("url")
        }

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""

        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end and return the exit code."""

        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def close(self) -> None:
        """Leave nothing running, whatever the test did."""

        if self.process.poll() is None:
            self.process.kill()

        self.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None

        for line in self.process.stderr:
            with self._grown:
                self.lines.append(line.rstrip())
                try:
                    self.events.append(json.loads(line))
                except ValueError:
                    self.events.append({"event": "text", "line": line.rstrip()})

                self._grown.notify_all()

        with self._grown:
            self._read_all = True
            self._grown.notify_all()


@contextmanager
def launched(*words: str, **env: str) -> Iterator[Launched]:
    """Launch `python -m runner` beside the body; kill it after, if it still runs."""

    process = Launched(*words, env=env)

    try:
        yield process
    finally:
        process.close()


def wait_until(condition: Any) -> None:
    """Look at a condition of another process until it holds."""

    deadline = time.monotonic() + PATIENCE

    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
