"""Small real processes that take memory when told to, for the proofs of the report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

MIB = 1024 * 1024

#: `share` touches the whole map that all have in common, `drop` frees it again, and
#: `own` takes a MiB that nobody else has.
_PROGRAM = """
import mmap, sys
common = mmap.mmap(int(sys.argv[1]), 0)
kept = []
print("up", flush=True)
for word in map(str.strip, sys.stdin):
    if word == "drop":
        common.madvise(mmap.MADV_REMOVE)
    else:
        block = common
        if word == "own":
            block = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE)
            kept.append(block)
        for start in range(0, len(block), mmap.PAGESIZE):
            block[start] = 1
    print("done", flush=True)
"""


class Peer:
    """One of the processes; a word is obeyed when the call returns."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.pid = process.pid
        self._process = process
        self._expect("up")

    def share(self) -> None:
        """Touch all of the map that the peers have in common."""

        self._obey("share")

    def drop(self) -> None:
        """Give the common map's memory back, everybody's."""

        self._obey("drop")

    def own(self) -> None:
        """Take a MiB that nobody else has."""

        self._obey("own")

    def _obey(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        self._expect("done")

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == f"{word}\n"


@contextmanager
def open_peers(count: int, *, common: int) -> Iterator[list[Peer]]:
    """Start peers with a map of so many bytes in common; nobody has touched it yet."""

    descriptor = os.memfd_create("common")
    with ExitStack() as stack:
        stack.callback(os.close, descriptor)
        os.truncate(descriptor, common)
        peers = []
        for _ in range(count):
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _PROGRAM, str(descriptor)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=[descriptor],
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            peers.append(Peer(process))

        yield peers
