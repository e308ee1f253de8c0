"""What users are besides their login: their picture, their home, what they like."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from dashboard.accounts.passwords import check_new_name
from dashboard.accounts.rows import check_name_free, check_user
from dashboard.boards.access import Access, require_access
from dashboard.database import Database, Transaction
from dashboard.errors import ForeignAccountError, ProcedureError, UnknownUserError
from dashboard.identity import Session
from dashboard.search_engines import find_search_engine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_COLUMNS = (
    "id, name, email, email_verified, image, provider, home_board_id,"
    " mobile_home_board_id, default_search_engine_id, open_search_in_new_tab,"
    " color_scheme, first_day_of_week, ping_icons_enabled"
)


class Profile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A user in Homarr's words."""

    id: str
    #: None where a provider gave none.
    name: str | None
    email: str | None
    email_verified: datetime | None
    image: str | None
    #: "credentials", "oidc" or "ldap".
    provider: str
    home_board_id: str | None
    mobile_home_board_id: str | None
    default_search_engine_id: str | None
    open_search_in_new_tab: bool
    color_scheme: str
    #: 0 is Sunday.
    first_day_of_week: int
    ping_icons_enabled: bool


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What a user likes; what is left out stays as it is."""

    image: str | UnsetType | None = UNSET
    default_search_engine_id: str | UnsetType | None = UNSET
    open_search_in_new_tab: bool | UnsetType = UNSET
    color_scheme: str | UnsetType = UNSET
    first_day_of_week: int | UnsetType = UNSET
    ping_icons_enabled: bool | UnsetType = UNSET


async def list_profiles(
    database: Database,
    *,
    query: str = "",
    provider: str | None = None,
    limit: int = -1,
) -> list[Profile]:
    """Users by name: those with `query` in it, those of a provider; at most `limit`."""
    rows = await database.all(
        f'SELECT {_COLUMNS} FROM "user"'  # noqa: S608 - constants
        " WHERE (:provider IS NULL OR provider = :provider)"
        " AND (:query = '' OR instr(lower(name), lower(:query)))"
        " ORDER BY lower(name), id LIMIT :limit",
        {"provider": provider, "query": query, "limit": limit},
    )
    return [_profile(row) for row in rows]


async def find_profile(database: Database, user_id: str) -> Profile:
    """A user; raises UnknownUserError."""
    row = await database.one(
        f'SELECT {_COLUMNS} FROM "user" WHERE id = ?',  # noqa: S608 - constants
        (user_id,),
    )
    if row is None:
        raise UnknownUserError(user_id)

    return _profile(row)


async def edit_profile(
    database: Database, user_id: str, *, name: str, email: str | None = None
) -> None:
    """Give a user another name and, if one is given, another address.

    A new address counts as not verified. Raises UnknownUserError, ForeignAccountError
    where another provider keeps both, InvalidAccountError and NameTakenError.
    """
    name = check_new_name(name)
    async with database.write() as tx:
        row = await tx.one(
            'SELECT provider, email FROM "user" WHERE id = ?', (user_id,)
        )
        if row is None:
            raise UnknownUserError(user_id)

        if row["provider"] != "credentials":
            raise ForeignAccountError("name", row["provider"])

        await check_name_free(tx, name, except_id=user_id)
        values: dict[str, Any] = {"name": name}
        if email and email != row["email"]:
            values |= {"email": email, "email_verified": None}

        await _update(tx, user_id, values)


async def set_preferences(
    database: Database, user_id: str, preferences: Preferences
) -> None:
    """Change what a user likes.

    Raises UnknownUserError, and ProcedureError (NOT_FOUND) for a search engine that
    does not exist.
    """
    values = {
        column: value
        for column in Preferences.__struct_fields__
        if (value := getattr(preferences, column)) is not UNSET
    }
    async with database.write() as tx:
        await check_user(tx, user_id)
        engine_id = values.get("default_search_engine_id")
        if engine_id is not None and await find_search_engine(tx, engine_id) is None:
            raise ProcedureError("NOT_FOUND", "Search engine not found")

        await _update(tx, user_id, values)


async def set_home_boards(
    database: Database,
    user_id: str,
    *,
    home: str | None,
    mobile_home: str | None,
    session: Session,
) -> None:
    """Choose what "/" shows to a user, and on phones; None for no choice.

    Raises UnknownUserError, and ProcedureError (NOT_FOUND) for a board that whoever
    chooses cannot see.
    """
    async with database.write() as tx:
        await check_user(tx, user_id)
        for board_id in (home, mobile_home):
            if board_id is not None:
                await require_access(tx, board_id, session, needed=Access.VIEW)

        await _update(
            tx, user_id, {"home_board_id": home, "mobile_home_board_id": mobile_home}
        )


def read_time(seconds: float) -> datetime:
    """A time of the file, which may hold any number: at most our calendar's ends."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return _LAST if seconds > 0 else _FIRST


async def _update(tx: Transaction, user_id: str, values: Mapping[str, Any]) -> None:
    if values:
        columns = ", ".join(f"{column} = :{column}" for column in values)
        await tx.execute(
            f'UPDATE "user" SET {columns} WHERE id = :user',  # noqa: S608 - ours
            {**values, "user": user_id},
        )


def _profile(row: sqlite3.Row) -> Profile:
    verified = row["email_verified"]
    return Profile(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        email_verified=None if verified is None else read_time(verified / 1000),
        image=row["image"],
        provider=row["provider"],
        home_board_id=row["home_board_id"],
        mobile_home_board_id=row["mobile_home_board_id"],
        default_search_engine_id=row["default_search_engine_id"],
        open_search_in_new_tab=bool(row["open_search_in_new_tab"]),
        color_scheme=row["color_scheme"],
        first_day_of_week=row["first_day_of_week"],
        ping_icons_enabled=bool(row["ping_icons_enabled"]),
    )
