"""Whether sessions that were valid once still are: all open sockets in one query."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass

import msgspec

from dashboard.accounts.permissions import with_implied
from dashboard.database import Database
from dashboard.database.commits import wait_for_commit
from dashboard.identity import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A session as the database has it now."""

    session: Session
    #: What access to boards follows from, besides the permissions.
    group_ids: frozenset[str]


async def recheck_sessions(
    database: Database,
    tokens: Collection[str],
    since: Hashable,
    patience: float = 0.0,
    clock: Callable[[], float] = time.time,
) -> tuple[Hashable, Mapping[str, Standing] | None]:
    """The version of the data, and which of these sessions still stand, by token.

    Waits up to `patience` seconds for somebody, of this process or any other, to
    write something after the version `since`. None in place of the sessions where
    nobody has: then all of them do. Nothing is prolonged.
    """
    version = await wait_for_commit(database, since, patience=patience)
    if version == since:
        return version, None

    # One parameter, whatever their number: there is a limit to that of parameters.
    rows = await database.all(
        "SELECT s.session_token, s.expires, u.id, u.name, m.group_id, p.permission"
        ' FROM "session" AS s JOIN "user" AS u ON u.id = s.user_id'
        ' LEFT JOIN "groupMember" AS m ON m.user_id = u.id'
        ' LEFT JOIN "groupPermission" AS p ON p.group_id = m.group_id'
        " WHERE s.session_token IN (SELECT value FROM json_each(?)) AND s.expires > ?",
        (msgspec.json.encode(list(tokens)).decode(), round(clock() * 1000)),
    )
    permissions: dict[str, set[str]] = {}
    groups: dict[str, set[str]] = {}
    first = {}
    for row in rows:
        token = row["session_token"]
        first[token] = row
        groups.setdefault(token, set()).add(row["group_id"])
        permissions.setdefault(token, set()).add(row["permission"])

    return version, {
        token: Standing(
            session=Session(
                token=token,
                user_id=row["id"],
                user_name=row["name"] or "",
                permissions=with_implied(permissions[token] - {None}),
                expires=row["expires"] / 1000,
            ),
            group_ids=frozenset(groups[token] - {None}),
        )
        for token, row in first.items()
    }
