"""serverSettings: what administrators choose for everybody."""

from __future__ import annotations

from typing import Any

from dashboard import superjson
from dashboard.accounts.onboarding import choose_first_settings
from dashboard.errors import InvalidInputError
from dashboard.server_settings import (
    TYPES,
    FirstSettings,
    SavedSettings,
    change_server_setting,
    load_server_setting,
    load_server_settings,
)
from dashboard.trpc.accounts import answering
from dashboard.trpc.guards import anyone, permission, step
from dashboard.trpc.procedure import Context, Router
from dashboard.trpc.validation import read_input

router = Router()


@router.query("getCulture", guard=anyone)
async def get_culture(context: Context) -> dict[str, Any]:
    """The language for those who have not chosen theirs."""
    return await load_server_setting(context.resources.database, "culture")


@router.query("getAll", guard=permission("admin"))
async def get_all(context: Context) -> dict[str, dict[str, Any]]:
    """All settings by key."""
    return await load_server_settings(context.resources.database)


@router.mutation("saveSettings", guard=permission("admin"), input=SavedSettings)
async def save_settings(context: Context, given: SavedSettings) -> Any:
    """Change members of one setting; those that are left out stay as they are."""
    try:
        value = read_input(given.value, TYPES[given.settings_key])
    except InvalidInputError as error:
        raise InvalidInputError(
            [{**issue, "path": ["value", *issue["path"]]} for issue in error.issues]
        ) from error

    await change_server_setting(context.resources.database, given.settings_key, value)
    return superjson.UNDEFINED


@router.mutation("initSettings", guard=step("settings"), input=FirstSettings)
async def init_settings(context: Context, given: FirstSettings) -> Any:
    """Answer the questions of the last step, and finish."""
    resources = context.resources
    with answering():
        await choose_first_settings(
            resources.database, given, providers=resources.settings.auth_providers
        )

    return superjson.UNDEFINED
