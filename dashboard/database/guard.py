"""One SQLite library per file per process, chosen by whoever opens the file first.

POSIX gives a file's locks to the process: closing any descriptor of the file drops
them all. SQLite works round it with a table that each copy of the library keeps for
itself. So a second copy (libSQL's beside the standard library's) gets locks that the
first one holds, and both commit over each other; and a plain open() of the file drops
the locks when it is closed. https://sqlite.org/howtocorrupt.html, 2.2
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dashboard.database.processes import (
    THIS,
    Identity,
    can_see_mappings,
    has_open,
    identify,
    is_doubled,
)
from dashboard.errors import DatabaseGuardError

#: What SQLite's files beside the database end in.
BESIDE = ("-wal", "-shm", "-journal")
#: The standard library's copy, whose connections the audit hook sees.
STANDARD = "sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A file that this process has open, and the library that it is open in."""

    path: str
    library: str
    version: str
    connections: int
    #: Whether the file is open in a second library all the same.
    doubled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardState:
    """What the guard holds and sees; `detects` where the system lets it look."""

    hooked: bool
    detects: bool
    claimed: tuple[Claimed, ...]


class Hold:
    """One connection's part in the claim on a file."""

    def __init__(self, claim: _Claim) -> None:
        self._claim: _Claim | None = claim

    def opened(self, *, version: str = "") -> None:
        """Note that the file is open, so that it is known under every name."""
        if self._claim is not None:
            self._claim.version = version or self._claim.version
            with _lock:
                self._claim.identity = identify(self._claim.path)
                _note_files()

    def release(self) -> None:
        """Give the part back, once the connection is closed; again does nothing."""
        claim, self._claim = self._claim, None
        if claim is not None:
            with _lock:
                claim.connections -= 1
                _forget_idle()


class _Claim:
    __slots__ = ("connections", "identity", "library", "path", "version")

    def __init__(self, path: str, library: str, version: str) -> None:
        self.path = path
        self.library = library
        self.version = version
        self.connections = 0
        self.identity = identify(path)


_lock = threading.Lock()
_claims: list[_Claim] = []
#: The claims by identity; replaced as a whole, so that the hook needs no lock.
_files: dict[Identity, _Claim] = {}
_hooked = False


def claim(path: Path, *, library: str, version: str = "") -> Hold:
    """Claim the file for a library, before a connection of it is opened.

    Raises DatabaseGuardError where another library has the file open already.
    """
    _install()
    name = os.path.realpath(path)
    with _lock:
        _forget_idle()
        identity = identify(name)
        mine = next((one for one in _claims if _is_same(one, name, identity)), None)
        if mine is None:
            if library != STANDARD and identity and has_open(THIS, identity):
                raise _refuse(name, "something else", library)

            mine = _Claim(name, library, version)
            _claims.append(mine)
        elif mine.library != library:
            raise _refuse(name, f"the library {mine.library}", library)
        elif is_doubled(name):
            raise DatabaseGuardError(
                name,
                "two SQLite libraries have it open in this process, and what they"
                " write overwrites each other; end the process, then check the file"
                " with: .venv/bin/python -m dashboard doctor",
            )

        mine.connections += 1
        _note_files()

    return Hold(mine)


def state() -> GuardState:
    """What is claimed by whom, and whether a second library is there all the same."""
    with _lock:
        return GuardState(
            hooked=_hooked,
            detects=can_see_mappings(),
            claimed=tuple(
                Claimed(
                    path=one.path,
                    library=one.library,
                    version=one.version,
                    connections=one.connections,
                    doubled=is_doubled(one.path),
                )
                for one in _claims
            ),
        )


def _refuse(path: str, owner: str, library: str) -> DatabaseGuardError:
    return DatabaseGuardError(
        path,
        f"{owner} has it open in this process, and its locks do not hold for"
        f" {library}: both would write, and rows would be lost; close it first, or"
        " use the same DB_DRIVER for both",
    )


def _is_same(claim: _Claim, path: str, identity: Identity | None) -> bool:
    if identity is not None and claim.identity is not None:
        return claim.identity == identity

    return claim.path == path


def _note_files() -> None:
    global _files
    _files = {one.identity: one for one in _claims if one.identity}


def _forget_idle() -> None:
    """Drop the claims of no connection, unless libsql has left the file open."""
    for one in [one for one in _claims if one.connections <= 0]:
        left = one.library != STANDARD and one.identity and has_open(THIS, one.identity)
        if not left:
            _claims.remove(one)

    _note_files()


def _install() -> None:
    global _hooked
    with _lock:
        if not _hooked:
            sys.addaudithook(_audit)
            os.register_at_fork(after_in_child=_start_anew)
            _hooked = True


def _start_anew() -> None:
    # A child has none of its parent's locks, and may not use its connections.
    global _lock
    _lock = threading.Lock()
    _claims.clear()
    _files.clear()


def _audit(event: str, args: tuple[Any, ...]) -> None:
    # For every event of the interpreter, thousands a second: these two comparisons
    # are what the guard costs.
    if event != "open" and event != "sqlite3.connect":
        return

    if not _files or type(args[0]) is int:
        return

    try:
        name = os.fsdecode(args[0])
    except TypeError:
        return

    if event == "open":
        _check_open(name)
    else:
        _check_connect(name)


def _check_open(name: str) -> None:
    file = name
    for suffix in BESIDE:
        if name.endswith(suffix):
            file = name[: -len(suffix)]

    identity = identify(file)
    if identity in _files:
        raise DatabaseGuardError(
            name,
            "it is in use in this process: closing it again would drop SQLite's locks,"
            " and writes would be lost; copy it with:"
            " .venv/bin/python -m dashboard backup FILE",
        )


def _check_connect(name: str) -> None:
    names = [name]
    if name.startswith("file:"):
        with suppress(ValueError):
            names.append(unquote(urlsplit(name).path))

    for one in names:
        owner = _files.get(identify(one) or (0, 0))
        if owner is not None and owner.library != STANDARD:
            raise _refuse(one, f"the library {owner.library}", STANDARD)
