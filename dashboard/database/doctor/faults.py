"""Faults that some versions of the SQLite library are known to carry."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.database.doctor.findings import Finding, ok, warning

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault of the library that can cost data."""

    about: str
    #: The first version that has it, and the first that has it no more.
    first: Version
    fixed: Version
    #: Versions before `fixed` that were mended as well, and with each those after it
    #: of the same minor version.
    also_fixed: tuple[Version, ...] = ()
    #: Whether only files in WAL mode are at risk.
    wal_only: bool = False
    #: Why it does no harm here; None where it may.
    avoided: str | None = None
    advice: str

    def is_in(self, version: Version) -> bool:
        """Whether this version of the library has the fault."""
        if not self.first <= version < self.fixed:
            return False

        return not any(
            version[:2] == mended[:2] and version >= mended
            for mended in self.also_fixed
        )


FAULTS = (
    Fault(
        # https://sqlite.org/wal.html#walresetbug
        about="the WAL-reset bug",
        first=(3, 7, 0),
        fixed=(3, 51, 3),
        also_fixed=((3, 44, 6), (3, 50, 7)),
        wal_only=True,
        # docs/backup.md says what it does, and what is left of the risk.
        avoided="avoided here, where one connection alone moves the log",
        advice="use SQLite 3.51.3 or newer (3.50.7 or 3.44.6 will do); until then keep"
        " backups, and set DB_JOURNAL_MODE=delete where several programs write",
    ),
    Fault(
        # https://sqlite.org/releaselog/3_51_3.html
        about="it was withdrawn by its makers",
        first=(3, 52, 0),
        fixed=(3, 52, 1),
        advice="use SQLite 3.51.3, or one newer than 3.52.0",
    ),
)


def judge_library(version: str, *, wal: bool) -> Finding:
    """What this version of SQLite ("3.40.1") means for a file in WAL mode, or not."""
    numbers = tuple(int(part) for part in version.split("."))
    faults = [
        fault
        for fault in FAULTS
        if fault.is_in(numbers) and (wal or not fault.wal_only)
    ]
    if not faults:
        return ok("library", f"SQLite {version}: no known fault that matters here")

    if all(fault.avoided for fault in faults):
        told = "; ".join(f"{fault.about} ({fault.avoided})" for fault in faults)
        return ok("library", f"SQLite {version}: {told}")

    return warning(
        "library",
        f"SQLite {version}: " + "; ".join(fault.about for fault in faults),
        "; ".join(fault.advice for fault in faults),
    )
