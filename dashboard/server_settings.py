"""The settings that administrators choose in the application, as Homarr stores them.

Each is an object under its key, as SuperJSON text. Members that are not known here,
which a newer Homarr may have written, stay as they are.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dashboard import superjson
from dashboard.database import Database, Readable, Transaction
from dashboard.errors import ProcedureError
from dashboard.inputs import Id, Input
from dashboard.search_engines import find_search_engine
from dashboard.stored import EMPTY, read_options, read_server_setting

#: What counts where a member was never set. Homarr's, as clients of it expect them.
DEFAULTS: dict[str, dict[str, Any]] = {
    "analytics": {
        "enableGeneral": True,
        "enableWidgetData": False,
        "enableIntegrationData": False,
        "enableUserData": False,
    },
    "crawlingAndIndexing": {
        "noIndex": True,
        "noFollow": True,
        "noTranslate": True,
        "noSiteLinksSearchBox": False,
    },
    "board": {
        "homeBoardId": None,
        "mobileHomeBoardId": None,
        "enableStatusByDefault": True,
        "forceDisableStatus": False,
    },
    "appearance": {"defaultColorScheme": "light"},
    "culture": {"defaultLocale": "en"},
    "search": {"defaultSearchEngineId": None},
}
Key = Literal[
    "analytics", "crawlingAndIndexing", "board", "appearance", "culture", "search"
]
#: A language, and where it is spoken: "en", "de-CH".
Locale = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[A-Za-z]{2})?\Z")]


class Analytics(Input, frozen=True, kw_only=True):
    """What Homarr may tell its makers; nothing is told here, whatever is chosen."""

    enable_general: bool | UnsetType = UNSET
    enable_widget_data: bool | UnsetType = UNSET
    enable_integration_data: bool | UnsetType = UNSET
    enable_user_data: bool | UnsetType = UNSET


class Crawling(Input, frozen=True, kw_only=True):
    """What search engines are asked to leave alone."""

    no_index: bool | UnsetType = UNSET
    no_follow: bool | UnsetType = UNSET
    no_translate: bool | UnsetType = UNSET
    no_site_links_search_box: bool | UnsetType = UNSET


class FirstAnalytics(Input, frozen=True, kw_only=True):
    """The same, asked for once as a whole."""

    enable_general: bool
    enable_widget_data: bool
    enable_integration_data: bool
    enable_user_data: bool


class FirstCrawling(Input, frozen=True, kw_only=True):
    """The same, asked for once as a whole."""

    no_index: bool
    no_follow: bool
    no_translate: bool
    no_site_links_search_box: bool


class FirstSettings(Input, frozen=True, kw_only=True):
    """What is asked before the house is set up."""

    analytics: FirstAnalytics
    crawling_and_indexing: FirstCrawling


class SavedSettings(Input, frozen=True, kw_only=True):
    """What is to change; the key says which type the value has."""

    settings_key: Key
    value: dict[str, Any]


class Boards(Input, frozen=True, kw_only=True):
    """What strangers get to see first, and whether apps are pinged."""

    home_board_id: Id | UnsetType | None = UNSET
    mobile_home_board_id: Id | UnsetType | None = UNSET
    enable_status_by_default: bool | UnsetType = UNSET
    force_disable_status: bool | UnsetType = UNSET


class Appearance(Input, frozen=True, kw_only=True):
    """The colours for those who have not chosen theirs."""

    default_color_scheme: Literal["light", "dark", "auto"] | UnsetType = UNSET


class Culture(Input, frozen=True, kw_only=True):
    """The language for those who have not chosen theirs."""

    default_locale: Locale | UnsetType = UNSET


class SearchSettings(Input, frozen=True, kw_only=True):
    """Where searches go for those who have not chosen."""

    default_search_engine_id: Id | UnsetType | None = UNSET


TYPES: dict[str, type[Input]] = {
    "analytics": Analytics,
    "crawlingAndIndexing": Crawling,
    "board": Boards,
    "appearance": Appearance,
    "culture": Culture,
    "search": SearchSettings,
}


async def load_server_settings(source: Readable) -> dict[str, dict[str, Any]]:
    """All of them by key, with the defaults for what was never set."""
    rows = await source.all('SELECT setting_key, value FROM "serverSetting"')
    texts = {row["setting_key"]: row["value"] for row in rows}
    return {
        key: {**default, **read_options(texts.get(key), "server setting", key)}
        for key, default in DEFAULTS.items()
    }


async def load_server_setting(source: Readable, key: str) -> dict[str, Any]:
    """One of them, with the defaults for what was never set."""
    return {**DEFAULTS[key], **await read_server_setting(source, key)}


async def change_server_setting(database: Database, key: str, value: Input) -> None:
    """Set the members of one of them that are set here; raises as the next does."""
    async with database.write() as tx:
        await save_server_setting(tx, key, value)


async def save_server_setting(tx: Transaction, key: str, value: Input) -> None:
    """The same inside a transaction.

    Raises ProcedureError: NOT_FOUND for a board or a search engine that does not exist,
    BAD_REQUEST for a home board that strangers do not see.
    """
    changes: dict[str, Any] = msgspec.to_builtins(value)
    if key == "board":
        for member in ("homeBoardId", "mobileHomeBoardId"):
            await _check_home(tx, changes.get(member))

    if key == "search":
        engine_id = changes.get("defaultSearchEngineId")
        if engine_id is not None and await find_search_engine(tx, engine_id) is None:
            raise ProcedureError("NOT_FOUND", "Search engine not found")

    row = await tx.one(
        'SELECT value FROM "serverSetting" WHERE setting_key = ?', (key,)
    )
    text = superjson.merge(EMPTY if row is None else row["value"], changes)
    await tx.execute(
        'INSERT INTO "serverSetting" (setting_key, value) VALUES (?, ?)'
        " ON CONFLICT (setting_key) DO UPDATE SET value = excluded.value",
        (key, text),
    )


async def _check_home(tx: Transaction, board_id: str | None) -> None:
    if board_id is None:
        return

    row = await tx.one("SELECT is_public FROM board WHERE id = ?", (board_id,))
    if row is None:
        raise ProcedureError("NOT_FOUND", "Board not found")

    if not row["is_public"]:
        raise ProcedureError("BAD_REQUEST", "The home board has to be public")
