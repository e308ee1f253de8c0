"""The events of a run, and the words of their log lines.

One fact, two renderings: `render_text` for people, `record` for programs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to the runner or to one of its services."""

    name: ClassVar[str]
    #: It is told at this log level and those that say more.
    level: ClassVar[str] = "info"

    def record(self) -> dict[str, Any]:
        """Return the event as JSON-able facts, absent ones left out."""

        facts = {item.name: getattr(self, item.name) for item in fields(self)}
        return {"event": self.name} | {k: v for k, v in facts.items() if v is not None}

    def render_text(self) -> str:
        """Return the event as one line of `key=value` words."""

        words = [self.name]

        for key, value in self.record().items():
            if isinstance(value, Mapping):
                words += [f"{name}={number}" for name, number in value.items()]
            elif key == "seconds":
                words.append(f"after={value:.3f}s")
            elif key == "freed":
                words.append(f"freed={value / 2**20:.1f}MiB")
            elif key != "event":
                words.append(f"{key}={_quote(value)}")

        return " ".join(words)


Emit = Callable[[Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting(Event):
    """The runner begins; says what it set for the whole interpreter."""

    name: ClassVar[str] = "starting"

    pid: int
    services: tuple[str, ...]
    lanes: tuple[str, ...]
    #: The main lane's event loop: uvloop, asyncio or trio.
    loop: str | None = None
    #: sys.setswitchinterval() in seconds; None where it was left alone.
    switch_interval: float | None = None
    #: glibc's arena limit; None where it was left alone.
    arenas: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(Event):
    """A service is ready or, without a service's name, all of them are."""

    name: ClassVar[str] = "ready"

    service: str | None = None
    url: str | None = None
    #: Since the runner's process began.
    seconds: float
    pid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed(Event):
    """A service failed."""

    name: ClassVar[str] = "crashed"
    level: ClassVar[str] = "error"

    service: str
    #: What it was doing: import, start, mount, run; `after` where it waited for one
    #: that is down, and `listen` for the front door.
    phase: str
    error: str
    #: The file and line that raised it, where it was an exception.
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarting(Event):
    """A crashed service will be started again after `delay` seconds."""

    name: ClassVar[str] = "restarting"
    level: ClassVar[str] = "warning"

    service: str
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFailed(Event):
    """One connection ended in an error; nobody else noticed."""

    name: ClassVar[str] = "connection_failed"
    level: ClassVar[str] = "warning"

    service: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptPaused(Event):
    """New connections wait because the system has no more descriptors for us."""

    name: ClassVar[str] = "accept_paused"
    level: ClassVar[str] = "warning"

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected(Event):
    """Garbage was collected because SIGUSR1 asked for it."""

    name: ClassVar[str] = "collected"

    #: Objects that nobody could reach.
    objects: int
    #: How long every event loop of the interpreter waited.
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed(Event):
    """The allocator's free pages were given back because SIGUSR2 asked for it."""

    name: ClassVar[str] = "trimmed"

    #: Bytes that went; None where the allocator cannot.
    freed: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draining(Event):
    """The runner stops: nothing new is taken, what is in flight is finished."""

    name: ClassVar[str] = "draining"

    #: SIGTERM, SIGINT, `finished`, `crashed NAME`, or `no port`.
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainTimedOut(Event):
    """Services that were cancelled because their drain deadline passed."""

    name: ClassVar[str] = "drain_timed_out"
    level: ClassVar[str] = "error"

    services: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(Event):
    """A service has stopped or, with an exit code, the runner has."""

    name: ClassVar[str] = "stopped"

    service: str | None = None
    #: What the service and the front door counted during the run.
    statistics: Mapping[str, int] | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine(Event):
    """A line that some library or service wrote through `logging`."""

    name: ClassVar[str] = "log"

    #: In the place of `level`: each line brings its own.
    severity: str
    logger: str
    message: str

    def render_text(self) -> str:
        """Return `severity logger: message`, as people know log lines."""

        return f"{self.severity} {self.logger}: {self.message}"


def _quote(value: Any) -> str:
    if isinstance(value, tuple):
        value = ",".join(value)

    text = str(value)
    return f'"{text}"' if " " in text or not text else text
