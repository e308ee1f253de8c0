"""The database: one SQLite file in Homarr's schema, reached through either driver."""

from __future__ import annotations

from dashboard.database.database import Database
from dashboard.database.transaction import Readable, Transaction
from dashboard.errors import DatabaseBusyError, DatabaseOpenError

__all__ = [
    "Database",
    "DatabaseBusyError",
    "DatabaseOpenError",
    "Readable",
    "Transaction",
]
