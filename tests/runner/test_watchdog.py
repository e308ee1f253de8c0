"""Deadlines that are watched from outside the loops."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from runner.watchdog import Watchdog

from .helpers import PATIENCE


def test_a_deadline_that_passes_is_reported_once():
    """The name comes from another thread, so a blocked one does not matter."""

    reported: list[tuple[str, str]] = []
    done = threading.Event()

    def note(name: str) -> None:
        reported.append((name, threading.current_thread().name))
        done.set()

    watchdog = Watchdog(note)
    watchdog.watch("slow", 0.01)

    assert done.wait(PATIENCE)
    assert reported == [("slow", "watchdog")]


def test_a_released_deadline_is_not_reported(monkeypatch: pytest.MonkeyPatch):
    """What became ready in time is forgotten."""

    clock = SimpleNamespace(sleep=time.sleep, monotonic=lambda: 0.0)
    monkeypatch.setattr("runner.watchdog.time", clock)
    reported: list[str] = []
    done = threading.Event()

    def note(name: str) -> None:
        reported.append(name)
        done.set()

    watchdog = Watchdog(note)
    watchdog.watch("quick", 0.01)
    watchdog.release("quick")
    watchdog.watch("slow", 0.02)
    clock.monotonic = lambda: 1.0  # both have passed

    assert done.wait(PATIENCE)
    assert reported == ["slow"]
