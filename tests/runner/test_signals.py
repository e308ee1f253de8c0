"""The signals for memory: ignored until somebody can answer them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from runner.signals import (
    COLLECT,
    TRIM,
    ignore_memory_signals,
    watch_memory_signals,
)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Give the signals back as they were."""

    before = {number: signal.getsignal(number) for number in (COLLECT, TRIM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_an_early_signal_ends_nothing():
    """Python's default would end the process, and this test with it."""

    ignore_memory_signals()
    signal.raise_signal(COLLECT)
    signal.raise_signal(TRIM)

    assert signal.getsignal(COLLECT) is signal.getsignal(TRIM) is signal.SIG_IGN


def test_each_signal_has_its_work():
    """SIGUSR1 is not SIGUSR2."""

    done: list[str] = []
    watch_memory_signals(
        collect=lambda: done.append("collect"), trim=lambda: done.append("trim")
    )
    signal.raise_signal(signal.SIGUSR2)
    signal.raise_signal(signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR2)

    assert done == ["trim", "collect", "trim"]
