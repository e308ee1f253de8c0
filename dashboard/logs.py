"""The log of this process on the bus, for those who read it from elsewhere.

Each line is what the terminal shows, without secrets. Nothing is kept: who listens
gets the lines from then on. A flood of lines is cut off, and nobody waits for it.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import fields
from urllib.parse import unquote, urlsplit

from dashboard.bus import Bus
from dashboard.settings import Settings

#: From the most to the least urgent, in Homarr's words.
LEVELS = ("error", "warn", "info", "debug")
#: Lines that one process passes on in a second; the rest is counted.
LINES_PER_SECOND = 200
#: Characters of a line; a traceback may be longer, and its end is what tells most.
LONGEST_LINE = 16 * 1024
#: Shorter than this is no secret, and would tear holes into ordinary words.
SHORTEST_SECRET = 4

_IN_URLS = re.compile(r"(?<=://)[^\s@/]+(?=@)")
_IN_QUERIES = re.compile(r"(?i)((?:token|secret|password|api-?key)=)[^\s&#\"']+")


def topic_of(level: str) -> str:
    """The topic of the lines of one of LEVELS."""
    return f"logging:{level}"


@contextmanager
def passing_on_log(bus: Bus, settings: Settings) -> Iterator[None]:
    """Publish what is logged, unless the settings say not to."""
    if not settings.passes_on_log:
        yield
        return

    transport = LogTransport(bus, secrets=find_secrets(settings))
    root = logging.getLogger()
    root.addHandler(transport)
    try:
        yield
    finally:
        root.removeHandler(transport)


class LogTransport(logging.Handler):
    """Publishes records in the thread that logs them; never waits, never raises."""

    def __init__(
        self,
        bus: Bus,
        *,
        secrets: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._bus = bus
        # The longest first: one may be part of another.
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._clock = clock
        self._busy = threading.local()
        self._second = 0.0
        self._lines = 0
        self._left_out = 0

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """Have none: the bus has its own, and calls back while it holds it.

        A listener that logs in one thread, and a line that is passed on in another,
        would wait for each other.
        """
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Publish one record, unless nobody listens or it came from publishing one."""
        if getattr(self._busy, "now", False):
            return

        self._busy.now = True
        try:
            level = level_of(record)
            if self._bus.heard(topic_of(level)) and self._may_pass():
                self._publish(level, render(record, self.format(record)))
        except Exception:  # noqa: BLE001
            # A record whose arguments do not fit: logging says so, on the terminal.
            self.handleError(record)
        finally:
            self._busy.now = False

    def _may_pass(self) -> bool:
        """Count a line; tell in a new second how many the last ones left out."""
        now = self._clock()
        if now - self._second >= 1:
            self._second, self._lines = now, 0
            left_out, self._left_out = self._left_out, 0
            if left_out:
                words = f"{left_out} lines came too quickly and are missing here"
                self._publish("warn", f"warning {__name__}: {words}")

        if self._lines >= LINES_PER_SECOND:
            self._left_out += 1
            return False

        self._lines += 1
        return True

    def _publish(self, level: str, line: str) -> None:
        line = hide(line, self._secrets)
        if len(line) > LONGEST_LINE:
            half = LONGEST_LINE // 2
            line = f"{line[:half]} … {line[-half:]}"

        message = {"message": line, "level": level}
        self._bus.publish(topic_of(level), message, keep=False)


def level_of(record: logging.LogRecord) -> str:
    """The one of LEVELS that a record belongs to."""
    if record.levelno >= logging.ERROR:
        return "error"

    if record.levelno >= logging.WARNING:
        return "warn"

    return "info" if record.levelno >= logging.INFO else "debug"


def render(record: logging.LogRecord, text: str) -> str:
    """The line as the terminal shows it."""
    severity = record.levelname.lower()
    known = severity in {"error", "warning", "info", "debug"}
    return f"{severity if known else 'error'} {record.name}: {text}"


def hide(line: str, secrets: Collection[str]) -> str:
    """A line without secrets: those given, and what stands where secrets stand."""
    for secret in secrets:
        line = line.replace(secret, "…")

    line = _IN_URLS.sub("…", line)
    return _IN_QUERIES.sub(r"\1…", line)


def find_secrets(settings: Settings) -> set[str]:
    """The values of the settings that are not shown anywhere, and their passwords."""
    values = {
        getattr(settings, one.name) or "" for one in fields(settings) if not one.repr
    }
    for value in list(values):
        password = (urlsplit(value).password if "://" in value else None) or ""
        values |= {password, unquote(password)}

    return {value for value in values if len(value) >= SHORTEST_SECRET}
