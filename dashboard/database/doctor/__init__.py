"""Facts about the database and what it lives on, each with its verdict and a remedy.

Changes nothing: no file is made, and none migrated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dashboard.database.doctor.findings import Finding, Verdict
from dashboard.database.doctor.inside import look_inside
from dashboard.database.doctor.surroundings import (
    free_bytes,
    look_at_backups,
    look_at_file,
    look_at_log,
    look_at_permissions,
    look_at_processes,
    look_at_room,
)

__all__ = ["Finding", "Verdict", "examine_database"]


async def examine_database(
    path: Path,
    *,
    driver: str,
    journal_mode: str = "wal",
    clock: Callable[[], float] = time.time,
    measure_room: Callable[[Path], int] = free_bytes,
) -> list[Finding]:
    """Look at everything that can be looked at, whatever state the file is in.

    Args:
        path: the file; it may be absent, damaged or no database at all.
        driver: the one of the settings; its SQLite library is judged.
        journal_mode: the one of the settings, "wal" or "delete".
        clock: Unix seconds.
        measure_room: the free bytes of a file's disk.
    """
    found = [look_at_file(path)]
    if found[0].verdict is Verdict.PROBLEM:
        return found

    inside = await look_inside(path, driver=driver, journal_mode=journal_mode)
    if inside[0].foreign:
        # Whether it can be written is no matter either.
        return [replace(found[0], verdict=Verdict.OK, advice=None), *inside]

    damaged = any(
        one.verdict is Verdict.PROBLEM and one.name in {"contents", "integrity"}
        for one in inside
    )
    return [
        *found,
        look_at_permissions(path),
        *inside,
        look_at_log(path),
        look_at_room(path, measure_room(path)),
        look_at_processes(path),
        look_at_backups(path, clock(), damaged=damaged),
    ]
