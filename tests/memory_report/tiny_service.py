"""A runner that starts within milliseconds, says what a runner says, and waits.

Called as `tiny_service.py KIB …`, it has so much besides an interpreter; with a file's
path in its place it maps that file; and with the word `hidden` it keeps its memory from
other processes of its user.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys

_READY = b"""\
{"event": "ready", "service": "page", "url": "http://127.0.0.1:9/"}
{"event": "ready", "seconds": 0.0}
"""
_STOPPED = b'{"event": "stopped", "service": "page", "statistics": {"looks": 1}}\n'


def take(word: str) -> object:
    """Take the memory that a word stands for; it is kept with what this returns."""

    if word == "hidden":
        import ctypes

        # PR_SET_DUMPABLE: what programs with secrets do, ssh-agent for one.
        return ctypes.CDLL(None).prctl(4, 0)

    if word.isdigit():
        return b"\1" * (int(word) * 1024)

    descriptor = os.open(word, os.O_RDONLY)
    common = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
    return common, common[:: mmap.PAGESIZE]


def main() -> None:
    """Live until told to stop, then say what was counted."""

    # A handler would miss a signal that comes just before `signal.pause`.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    kept = take(sys.argv[1])
    os.write(2, _READY)
    signal.sigwait([signal.SIGTERM])
    del kept
    os.write(2, _STOPPED)


main()
