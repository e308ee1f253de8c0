"""What the router user has about a user's picture, their home and what they like."""

from __future__ import annotations

from typing import Any

from dashboard import superjson
from dashboard.accounts import inputs, profiles
from dashboard.accounts.profiles import Preferences
from dashboard.boards.access import require_session
from dashboard.trpc.accounts import answering, require_self
from dashboard.trpc.guards import member
from dashboard.trpc.procedure import Context, Rest, Router

router = Router()


@router.mutation(
    "setProfileImage",
    guard=member,
    input=inputs.ProfileImage,
    rest=Rest("PUT", "/users/profileImage"),
)
async def set_profile_image(context: Context, given: inputs.ProfileImage) -> Any:
    """Give a user a picture, or none."""
    return await _prefer(
        context,
        given.user_id,
        Preferences(image=given.image),
        otherwise="You are not allowed to change other users profile images",
    )


@router.mutation(
    "changeHomeBoards",
    guard=member,
    input=inputs.HomeBoards,
    rest=Rest("PATCH", "/users/changeHome"),
)
async def change_home_boards(context: Context, given: inputs.HomeBoards) -> Any:
    """Choose what "/" shows to a user, of what the caller may see."""
    session = require_self(context, given.user_id)
    with answering():
        await profiles.set_home_boards(
            context.resources.database,
            given.user_id,
            home=given.home_board_id,
            mobile_home=given.mobile_home_board_id,
            session=session,
        )

    return superjson.UNDEFINED


@router.mutation(
    "changeDefaultSearchEngine",
    guard=member,
    input=inputs.DefaultSearchEngine,
    rest=Rest("PATCH", "/users/changeSearchEngine"),
)
async def change_default_search_engine(
    context: Context, given: inputs.DefaultSearchEngine
) -> Any:
    """Choose where a user's searches go."""
    chosen = Preferences(default_search_engine_id=given.default_search_engine_id)
    return await _prefer(context, given.user_id, chosen)


@router.mutation(
    "changeSearchPreferences",
    guard=member,
    input=inputs.SearchPreferences,
    rest=Rest("PATCH", "/users/search-preferences"),
)
async def change_search_preferences(
    context: Context, given: inputs.SearchPreferences
) -> Any:
    """The same, and whether in a new tab."""
    chosen = Preferences(
        default_search_engine_id=given.default_search_engine_id,
        open_search_in_new_tab=given.open_in_new_tab,
    )
    return await _prefer(context, given.user_id, chosen)


@router.mutation(
    "changeColorScheme",
    guard=member,
    input=inputs.ColorScheme,
    rest=Rest("PATCH", "/users/changeScheme"),
)
async def change_color_scheme(context: Context, given: inputs.ColorScheme) -> Any:
    """Choose light or dark for oneself."""
    chosen = Preferences(color_scheme=given.color_scheme)
    return await _prefer(context, require_session(context.session).user_id, chosen)


@router.mutation("changePingIconsEnabled", guard=member, input=inputs.PingIcons)
async def change_ping_icons(context: Context, given: inputs.PingIcons) -> Any:
    """Choose whether a user's pings are icons."""
    chosen = Preferences(ping_icons_enabled=given.ping_icons_enabled)
    return await _prefer(context, given.id, chosen)


@router.mutation(
    "changeFirstDayOfWeek",
    guard=member,
    input=inputs.FirstDayOfWeek,
    rest=Rest("PATCH", "/users/firstDayOfWeek"),
)
async def change_first_day_of_week(
    context: Context, given: inputs.FirstDayOfWeek
) -> Any:
    """Choose on which day a user's weeks begin."""
    chosen = Preferences(first_day_of_week=given.first_day_of_week)
    return await _prefer(context, given.id, chosen)


async def _prefer(
    context: Context, user_id: str, chosen: Preferences, *, otherwise: str = ""
) -> Any:
    """Store what a user likes, asked for by themselves or by an administrator.

    Raises ProcedureError as `require_self` does.
    """
    require_self(context, user_id, otherwise=otherwise)
    with answering():
        await profiles.set_preferences(context.resources.database, user_id, chosen)

    return superjson.UNDEFINED
