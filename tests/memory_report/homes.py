"""Places that the report has to work in: without root's rights, or in a container."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Whoever may start this may start services.
_TRIAL = "import subprocess, sys, trio; subprocess.run([sys.executable, '-c', ''])"
#: Makes the namespaces without the programs below: ends with 0 where it may.
_KERNEL = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
user, processes, mounts = 0x10000000, 0x20000000, 0x20000
if libc.unshare(user | processes | mounts):
    sys.exit(1)

child = os.fork()
if not child:
    os._exit(libc.mount(b"proc", b"/proc", b"proc", 0, None) != 0)

sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
#: An ordinary user: we are one already; or uid 1000 of a user namespace, without any
#: capability but with access to this interpreter; or nobody.
USERS = (
    *([()] if os.geteuid() else []),
    (*_USER, "--"),
    ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"),
)
_NAMESPACES = ("--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--")
#: Root among processes of its own, on mounts of its own, as in a container.
CONTAINERS = (("unshare", "--user", "--map-root-user", *_NAMESPACES),)
#: An ordinary user there.
CELLS = ((*_USER, *_NAMESPACES),)


def find_home(homes: tuple[tuple[str, ...], ...], *, what: str) -> tuple[str, ...]:
    """Return the words before a command that lead there; skip where none may.

    Where CI is set, and the kernel would allow it, that is a failure.
    """

    reason = ""
    for words in homes:
        if words and shutil.which(words[0]) is None:
            reason = f"{words[0]} is missing; install it with: apt install util-linux"
            continue

        trial = run_in(words, "-c", _TRIAL)
        if trial.returncode == 0:
            return words

        reason = trial.stderr.strip()[-100:]

    message = f"{what} is not to be had here: {reason}"
    if os.environ.get("CI") and run_in((), "-c", _KERNEL).returncode == 0:
        pytest.fail(message)

    pytest.skip(message)


def run_in(words: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in a home, in the project's folder."""

    return subprocess.run(
        [*words, sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
