"""Places that the report has to work in: without root's rights, or in a container."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Whoever may start this may start services.
_TRIAL = "import subprocess, sys, trio; subprocess.run([sys.executable, '-c', ''])"

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
    """Return the words before a command that lead there; skip where none may."""

    for words in homes:
        trial = run_in(words, "-c", _TRIAL)
        if trial.returncode == 0:
            return words

    pytest.skip(f"{what} is not to be had here: {trial.stderr.strip()[-100:]}")


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
