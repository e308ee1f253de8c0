from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard import superjson
from dashboard.bus import MemoryBus
from dashboard.logs import (
    LINES_PER_SECOND,
    LONGEST_LINE,
    LogTransport,
    find_secrets,
    passing_on_log,
)
from dashboard.settings import Settings, load_settings

logger = logging.getLogger("tests.logs")


class Clock:
    """Stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Ears:
    """What the listeners of all levels hear."""

    def __init__(self, bus: MemoryBus, *levels: str) -> None:
        self.heard: list[tuple[str, Any]] = []
        for level in levels or ("error", "warn", "info", "debug"):
            bus.listen(f"logging:{level}", self._hear)

    def _hear(self, topic: str, encoded: bytes) -> None:
        self.heard.append((topic, superjson.decode(encoded)))

    @property
    def lines(self) -> list[str]:
        return [message["message"] for _, message in self.heard]


@pytest.fixture(name="bus")
def _bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="transport")
def _transport(bus: MemoryBus, clock: Clock) -> Iterator[LogTransport]:
    secrets = {"open sesame", "sesame", "s3cret-key"}
    transport = LogTransport(bus, secrets=secrets, clock=clock)
    root = logging.getLogger()
    level = root.level
    root.addHandler(transport)
    root.setLevel(logging.DEBUG)
    yield transport
    root.removeHandler(transport)
    root.setLevel(level)


@pytest.mark.parametrize(
    ("level", "name", "line"),
    [
        (logging.DEBUG, "debug", "debug tests.logs: 1 and 2"),
        (logging.INFO, "info", "info tests.logs: 1 and 2"),
        (logging.WARNING, "warn", "warning tests.logs: 1 and 2"),
        (logging.ERROR, "error", "error tests.logs: 1 and 2"),
        (logging.CRITICAL, "error", "error tests.logs: 1 and 2"),
    ],
)
def test_a_line_goes_to_the_topic_of_its_level(
    bus: MemoryBus, transport: LogTransport, level: int, name: str, line: str
):
    """As the terminal shows it, with Homarr's word for the level."""
    ears = Ears(bus)
    logger.log(level, "%d and %d", 1, 2)

    assert ears.heard == [(f"logging:{name}", {"message": line, "level": name})]


def test_an_exception_comes_with_its_traceback(bus: MemoryBus, transport: LogTransport):
    """Below the line, as on the terminal."""
    ears = Ears(bus)
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("it failed")

    assert ears.lines[0].startswith("error tests.logs: it failed\nTraceback")
    assert ears.lines[0].endswith("ValueError: broken")


def test_lines_are_for_those_who_listen_now(bus: MemoryBus, transport: LogTransport):
    """Nothing is kept, and what nobody hears is not even published."""
    logger.info("before")
    ears = Ears(bus, "info")
    logger.info("after")
    logger.debug("of no interest")

    assert ears.lines == ["info tests.logs: after"]
    assert bus.last("logging:info") is None
    assert bus.statistics()["published"] == 1


def test_a_listener_that_logs_does_not_hear_itself(
    bus: MemoryBus, transport: LogTransport
):
    """Nor does one that fails: its own error goes to the terminal alone."""
    ears = Ears(bus)

    def log(topic: str, encoded: bytes) -> None:
        logger.error("I heard %s", topic)
        raise ValueError("broken")

    bus.listen("logging:info", log)
    logger.info("once")

    assert ears.lines == ["info tests.logs: once"]
    assert bus.statistics()["failed"] == 1


def test_a_listener_that_logs_and_a_line_do_not_wait_for_each_other(
    bus: MemoryBus, transport: LogTransport
):
    """One thread holds the bus and logs, another logs and wants the bus."""
    ears = Ears(bus, "info")
    inside, logging_elsewhere = threading.Event(), threading.Event()

    def log(topic: str, encoded: bytes) -> None:
        inside.set()
        logging_elsewhere.wait(30)
        logger.info("from a listener")

    bus.listen("news", log)
    original = transport.emit

    def emit(record: logging.LogRecord) -> None:
        if threading.current_thread().name == "elsewhere":
            logging_elsewhere.set()

        original(record)

    transport.emit = emit  # type: ignore[method-assign]
    threads = [
        threading.Thread(target=bus.publish, args=("news", 1), daemon=True),
        threading.Thread(
            target=logger.info, args=("hello",), name="elsewhere", daemon=True
        ),
    ]
    threads[0].start()
    inside.wait(30)
    threads[1].start()
    for thread in threads:
        thread.join(30)

    assert sorted(ears.lines) == [
        "info tests.logs: from a listener",
        "info tests.logs: hello",
    ]


def test_a_flood_is_cut_off_and_counted(
    bus: MemoryBus, transport: LogTransport, clock: Clock
):
    """The next second tells how much is missing."""
    ears = Ears(bus)
    for number in range(LINES_PER_SECOND + 50):
        logger.info("line %d", number)

    assert len(ears.lines) == LINES_PER_SECOND

    clock.now += 1
    logger.info("calm")

    assert ears.lines[LINES_PER_SECOND:] == [
        "warning dashboard.logs: 50 lines came too quickly and are missing here",
        "info tests.logs: calm",
    ]


def test_a_line_is_bounded_and_keeps_both_ends(bus: MemoryBus, transport: LogTransport):
    """What happened stands first, and where at the end."""
    ears = Ears(bus)
    logger.info("begin %s end", "x" * 1_000_000)

    assert len(ears.lines[0]) < LONGEST_LINE + 10
    assert ears.lines[0].startswith("info tests.logs: begin")
    assert ears.lines[0].endswith("end")


def test_a_record_that_cannot_be_formatted_reaches_nobody(
    bus: MemoryBus, transport: LogTransport, monkeypatch: pytest.MonkeyPatch
):
    """Whoever logged it goes on."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    ears = Ears(bus)
    record = logging.LogRecord("x", logging.INFO, "", 0, "%d", ("one",), None)
    transport.handle(record)
    transport.handle(logging.LogRecord("x", logging.INFO, "", 0, "two", None, None))

    assert ears.lines == ["info x: two"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("the key is s3cret-key, use it", "the key is …, use it"),
        ("say open sesame or sesame", "say … or …"),
        ("redis://user:pw@host/0 is away", "redis://…@host/0 is away"),
        ("GET /auth/invite/a?token=abc&x=1", "GET /auth/invite/a?token=…&x=1"),
        ("GET /?api-key=abc&ApiKey=def", "GET /?api-key=…&ApiKey=…"),
        ("nothing to hide, at 10:30", "nothing to hide, at 10:30"),
    ],
)
def test_secrets_never_leave(
    bus: MemoryBus, transport: LogTransport, line: str, shown: str
):
    """Those of the settings, and what stands where secrets stand."""
    ears = Ears(bus)
    logger.info("%s", line)

    assert ears.lines == [f"info tests.logs: {shown}"]


def test_every_hidden_setting_is_a_secret():
    """Also the password inside an address, as it is written and as it is meant."""
    settings = load_settings(
        {
            "AUTH_SECRET": "one-secret",
            "CRON_JOB_API_KEY": "two-secret",
            "LIBSQL_AUTH_TOKEN": "three-secret",
            "REDIS_URL": "redis://:p%40ssword@redis.example/1",
        }
    )

    assert find_secrets(settings) == {
        "one-secret",
        "two-secret",
        "three-secret",
        "redis://:p%40ssword@redis.example/1",
        "p%40ssword",
        "p@ssword",
    }


@pytest.mark.parametrize(
    ("environ", "on"),
    [
        ({}, True),
        ({"CI": ""}, True),
        ({"CI": "false"}, True),
        ({"CI": "true"}, False),
        ({"CI": "woodpecker"}, False),
        ({"DISABLE_REDIS_LOGS": "false"}, True),
        ({"DISABLE_REDIS_LOGS": "1"}, False),
        ({"DISABLE_REDIS_LOGS": "1", "REDIS_URL": "redis://localhost"}, False),
    ],
)
def test_it_is_off_in_ci_and_where_it_is_switched_off(
    bus: MemoryBus, environ: dict[str, str], on: bool
):
    """And it is gone when the service has stopped."""
    ears = Ears(bus, "error")
    handlers = list(logging.getLogger().handlers)
    with passing_on_log(bus, load_settings(environ)):
        logger.error("now")

    logger.error("afterwards")

    assert ears.lines == (["error tests.logs: now"] if on else [])
    assert logging.getLogger().handlers == handlers


def test_by_default_it_is_on():
    """Homarr's log page works without any setting."""
    assert Settings().passes_on_log
