"""Reading a board: one look at who may see it, and one read where it is not cached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from dashboard.boards.access import (
    ASK_BY_ID,
    Access,
    ask_access,
    is_id,
    judge_access,
)
from dashboard.boards.assemble import PARTS, Rows, assemble
from dashboard.boards.cache import BoardCache
from dashboard.boards.models import Board
from dashboard.boards.shared import TTL
from dashboard.database import Database
from dashboard.identity import Session

#: How often a load looks again after it waited for somebody else's.
LOOKS = 3

#: In SQL: the id of the board of this name; one that is written just so comes first.
NAMED = (
    "(SELECT id FROM board WHERE lower(name) = lower(:name)"
    " ORDER BY name = :name DESC, id LIMIT 1)"
)
_COLLAPSED = (
    "SELECT section_id FROM section_collapse_state WHERE user_id = :user AND collapsed"
)


def _home(column: str) -> str:
    """In SQL: the user's own, else of their first group, everyone's, the server's."""
    setting = "homeBoardId" if column == "home_board_id" else "mobileHomeBoardId"
    return (
        "coalesce("  # noqa: S608 - constants
        f'(SELECT coalesce({column}, home_board_id) FROM "user" WHERE id = :user),'
        f' (SELECT g.{column} FROM "groupMember" AS m'
        ' JOIN "group" AS g ON g.id = m.group_id'
        f" WHERE m.user_id = :user AND g.name <> 'everyone'"
        f" AND g.{column} IS NOT NULL AND g.home_board_id IS NOT NULL"
        " ORDER BY g.position, g.id LIMIT 1),"
        f' (SELECT coalesce({column}, home_board_id) FROM "group"'
        " WHERE name = 'everyone' AND :user IS NOT NULL),"
        " (SELECT CASE WHEN json_valid(value) THEN"
        f" coalesce(json_extract(value, '$.json.{setting}'),"
        " json_extract(value, '$.json.homeBoardId')) END"
        " FROM \"serverSetting\" WHERE setting_key = 'board'))"
    )


_ASK_BY_NAME = ask_access(NAMED)
_ASK_HOME = ask_access(_home("home_board_id"))
_ASK_MOBILE_HOME = ask_access(_home("mobile_home_board_id"))


async def find_home_board(
    database: Database,
    session: Session | None,
    *,
    mobile: bool = False,
    cache: BoardCache | None = None,
) -> Board | None:
    """The board that "/" shows to this viewer, None if there is none for them.

    On a phone (`mobile`) another may be set; where it is not, it is the same.
    """
    ask = _ASK_MOBILE_HOME if mobile else _ASK_HOME
    return await _load(database, ask, {}, session, cache)


async def load_board(
    database: Database,
    board_id: str,
    session: Session | None,
    *,
    cache: BoardCache | None = None,
) -> Board | None:
    """The whole board; None if it does not exist or the viewer may not see it."""
    if not is_id(board_id):
        return None

    return await _load(database, ASK_BY_ID, {"board": board_id}, session, cache)


async def find_board(
    database: Database,
    name: str,
    session: Session | None,
    *,
    cache: BoardCache | None = None,
) -> Board | None:
    """The whole board of this name, large letters or small; None as `load_board`."""
    if not is_id(name):
        return None

    return await _load(database, _ASK_BY_NAME, {"name": name}, session, cache)


async def _load(
    database: Database,
    ask: str,
    names: Mapping[str, Any],
    session: Session | None,
    cache: BoardCache | None,
) -> Board | None:
    if cache is None:
        cache = BoardCache(max_bytes=0)

    names = {**names, "user": session.user_id if session else None}
    if (
        session is not None
        and "board" in names
        and not cache.may_find(names["board"], database.last_commit())
    ):
        # All in one go. Strangers look first: else the time that it takes would tell
        # them that there is such a board.
        async with cache.loading(names["board"]) as first:
            if first:
                return await _load_missing(database, names, session, cache)

    for look in range(LOOKS + 1):
        # Who may see it and what they collapsed is read anew each time, together with
        # the version that says whether what is cached still stands.
        version, (granted, collapsed) = await database.versioned_read(
            (ask, names), (_COLLAPSED, names), remember=True
        )
        found = judge_access(granted, session)
        if found is None or not found[1]:
            return None

        board = cache.find(found[0], version)
        if board is not None:
            return _show(board, found[1], collapsed)

        async with cache.loading(found[0]) as first:
            if first or look == LOOKS:
                names["board"] = found[0]
                return await _load_missing(database, names, session, cache)

    raise AssertionError("the last look always loads")


async def _load_missing(
    database: Database,
    names: Mapping[str, Any],
    session: Session | None,
    cache: BoardCache,
) -> Board | None:
    board = await _load_shared(database, names, session, cache)
    return board or await _load_whole(database, names, session, cache)


async def _load_shared(
    database: Database,
    names: Mapping[str, Any],
    session: Session | None,
    cache: BoardCache,
) -> Board | None:
    """The board as another process has read it, where nobody has written since."""
    if cache.shared is None:
        return None

    fingerprint = database.fingerprints.read()
    if fingerprint is None:
        return None

    kept = await cache.shared.find(names["board"], fingerprint)
    if kept is None:
        return None

    commit = database.last_commit()
    # Who may see it, once the board is here: if nobody has written when that is read
    # either, both are of one state.
    version, (granted, collapsed) = await database.versioned_read(
        (ASK_BY_ID, names), (_COLLAPSED, names), remember=True
    )
    if database.fingerprints.read() != fingerprint:
        return None

    found = judge_access(granted, session)
    if found is None or not found[1]:
        return None

    if not await cache.shared.trust(fingerprint, version):
        return None

    # What was decoded shares no options with what is stored.
    size = 2 * kept.size
    cache.keep(kept.board, version, size=size, ttl=TTL, commit=commit)
    return _show(kept.board, found[1], collapsed)


async def _load_whole(
    database: Database,
    names: Mapping[str, Any],
    session: Session | None,
    cache: BoardCache,
) -> Board | None:
    """Read all of it, and once more who may see it: of the same moment."""
    commit = database.last_commit()
    access = (ASK_BY_ID, names), (_COLLAPSED, names)
    version, (granted, collapsed, *parts) = await database.versioned_read(
        *access, *((part, names) for part in PARTS)
    )
    database.remember(*access, answer=(version, [granted, collapsed]), since=commit)
    found = judge_access(granted, session)
    if found is None or not found[1]:
        return None

    board, size = assemble(parts)
    cache.keep(board, version, size=size, commit=commit)
    if cache.shared is not None:
        await cache.shared.keep(database, board, version, size=size)

    return _show(board, found[1], collapsed)


def _show(board: Board, access: Access, collapsed: Rows) -> Board:
    """The board as this viewer sees it."""
    sections = board.sections
    if collapsed:
        ids = {row[0] for row in collapsed}
        sections = tuple(
            msgspec.structs.replace(section, collapsed=True)
            if section.id in ids
            else section
            for section in sections
        )

    return msgspec.structs.replace(
        board,
        sections=sections,
        may_modify=access >= Access.MODIFY,
        may_own=access >= Access.OWN,
    )
