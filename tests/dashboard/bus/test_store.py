from __future__ import annotations

import threading
import tracemalloc

import pytest

from dashboard.bus.store import MAX_BYTES, SWEEP_INTERVAL, Store


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("name", "length"),
    [("cache:", 0), ("cache:", 50), ("cache:", 3000), ("кэш" * 99, 0), ("🏠" * 99, 0)],
    ids=["empty", "small", "large", "two bytes", "four bytes"],
)
def test_the_bound_is_one_of_memory_as_measured(name: str, length: int):
    """Whatever the size of the values, and whatever letters are in the names.

    Small ones count with what they cost beside.
    """
    limit = 4 * 1024 * 1024
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        store = Store(max_bytes=limit)
        for number in range(2 * limit // (length + 300)):
            store.set(f"{name}{number}", b"%d" % number + b"x" * length)

        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert len(store) < number
    assert 0.9 * limit < store.size <= limit
    assert 0.7 * limit < taken <= limit


def test_its_bound_is_that_of_the_shipped_configuration():
    """64 MiB, as deploy/redis.conf gives to Redis."""
    assert Store().max_bytes == MAX_BYTES == 64 * 1024 * 1024


def test_what_was_used_longest_ago_goes_first():
    """Reading is using."""
    store = Store(max_bytes=3 * 1000, largest=1000)
    for name in "abc":
        store.set(name, bytes(600))

    store.get("a")
    store.set("d", bytes(600))

    assert [store.get(name) is not None for name in "abcd"] == [True, False, True, True]


def test_a_value_that_would_push_out_all_others_is_not_kept():
    """Nor is the one that it was to replace."""
    store = Store(max_bytes=8000)
    store.set("a", b"small")
    store.set("b", b"small")
    store.set("a", bytes(1000))

    assert store.get("a") is None
    assert store.get("b") == b"small"
    assert len(store) == 1


def test_a_value_lives_for_its_time(clock: Clock):
    """At its end it is gone, also from the size."""
    store = Store(clock=clock)
    store.set("a", b"1", ttl=10)
    store.set("b", b"1")
    size = store.size
    clock.now += 9.9

    assert store.get("a") == b"1"

    clock.now += 0.1

    assert store.get("a") is None
    assert store.get("b") == b"1"
    assert store.size == size / 2


def test_what_has_expired_goes_though_nobody_asks_for_it(clock: Clock):
    """With the next value that comes after a while."""
    store = Store(clock=clock)
    for number in range(100):
        store.set(f"{number}", bytes(1000), ttl=5)

    clock.now += SWEEP_INTERVAL
    store.set("new", b"1")

    assert len(store) == 1
    assert store.size < 1000


def test_deleting_and_replacing_keep_the_size_right():
    """An empty store takes nothing."""
    store = Store()
    store.set("a", bytes(100))
    store.set("a", bytes(50))
    store.set("b", b"1", ttl=0)
    store.delete("a")
    store.delete("a")

    assert len(store) == store.size == 0


def test_every_thread_may_use_it():
    """The bound and the count of bytes hold."""
    store = Store(max_bytes=50_000)

    def work(number: int) -> None:
        for index in range(500):
            store.set(f"{(number * index) % 97}", bytes(index % 200), ttl=index % 3)
            store.get(f"{index % 97}")
            store.delete(f"{index % 13}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    for number in range(97):
        store.delete(f"{number}")

    assert len(store) == store.size == 0
