"""board, what changes them: making, naming, showing, arranging and deleting."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dashboard.boards.access import tell_access_changed
from dashboard.boards.edit import add_item
from dashboard.boards.grants import save_group_grants, save_user_grants
from dashboard.boards.inputs import (
    BoardSettings,
    Columns,
    Content,
    Grant,
    LayoutInput,
    Name,
)
from dashboard.boards.kinds import NAMES
from dashboard.boards.layouts import save_layouts
from dashboard.boards.manage import (
    create_board,
    delete_board,
    rename_board,
    save_settings,
    set_home_board,
    set_visibility,
)
from dashboard.boards.save import save_board
from dashboard.inputs import ById, Id, Input
from dashboard.superjson import UNDEFINED
from dashboard.trpc.guards import member, permission
from dashboard.trpc.procedure import Context, Rest, Router

router = Router()

#: One of the kinds' names, which a type checker cannot know.
KindName: Any = Literal.__getitem__(NAMES)


class NewBoard(Input, frozen=True, kw_only=True):
    """A board to be made."""

    name: Name
    column_count: Columns
    is_public: bool


class NamedBoard(Input, frozen=True, kw_only=True):
    """A board, and its new name or that of its copy."""

    id: Id
    name: Name


class Visibility(Input, frozen=True, kw_only=True):
    """Who shall see a board."""

    id: Id
    visibility: Literal["public", "private"]


class NewSettings(BoardSettings, frozen=True, kw_only=True):
    """How a board shall look; what is left out stays."""

    id: Id


class NewContent(Content, frozen=True, kw_only=True):
    """All that shall be on a board."""

    id: Id


class NewLayouts(Input, frozen=True, kw_only=True):
    """All layouts that a board shall have."""

    id: Id
    layouts: Annotated[list[LayoutInput], Meta(max_length=1000)]


class NewGrants(Input, frozen=True, kw_only=True):
    """All permissions of users, or of groups, on a board."""

    entity_id: Id
    permissions: Annotated[list[Grant], Meta(max_length=10_000)]


class NewItem(Input, frozen=True, kw_only=True):
    """An item that goes where there is room."""

    board_id: Id
    kind: KindName
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    integration_ids: Annotated[list[Id], Meta(max_length=1000)] = msgspec.field(
        default_factory=list
    )


@router.mutation(
    "createBoard",
    guard=permission("board-create"),
    input=NewBoard,
    rest=Rest("POST", "/boards"),
)
async def create(context: Context, given: NewBoard) -> dict[str, Any]:
    """Make a board with an empty section and one layout."""
    board_id = await create_board(
        context.resources.database,
        given.name,
        columns=given.column_count,
        is_public=given.is_public,
        session=context.session,
    )
    return {"boardId": board_id}


@router.mutation(
    "duplicateBoard",
    guard=permission("board-create"),
    input=NamedBoard,
    rest=Rest("POST", "/boards/{id}/duplicate"),
)
async def duplicate(context: Context, given: NamedBoard) -> dict[str, Any]:
    """Copy a board; newer Homarrs tell the copy's id, and the older ones nothing."""
    from dashboard.boards.duplicate import duplicate_board

    board_id = await duplicate_board(
        context.resources.database, given.id, given.name, session=context.session
    )
    return {"boardId": board_id}


@router.mutation(
    "renameBoard",
    guard=member,
    input=NamedBoard,
    rest=Rest("PATCH", "/boards/{id}/name"),
)
async def rename(context: Context, given: NamedBoard) -> Any:
    """Give a board another name."""
    await rename_board(
        context.resources.database, given.id, given.name, session=context.session
    )
    return UNDEFINED


@router.mutation(
    "changeBoardVisibility",
    guard=member,
    input=Visibility,
    rest=Rest("PATCH", "/boards/{id}/visibility"),
)
async def change_visibility(context: Context, given: Visibility) -> Any:
    """Show a board to everybody, or to those with a permission."""
    await set_visibility(
        context.resources.database,
        given.id,
        is_public=given.visibility == "public",
        session=context.session,
    )
    tell_access_changed(context.resources.bus)
    return UNDEFINED


@router.mutation(
    "deleteBoard", guard=member, input=ById, rest=Rest("DELETE", "/boards/{id}")
)
async def delete(context: Context, given: ById) -> Any:
    """Delete a board with all that is on it."""
    await delete_board(context.resources.database, given.id, session=context.session)
    tell_access_changed(context.resources.bus)
    return UNDEFINED


@router.mutation(
    "setHomeBoard", guard=member, input=ById, rest=Rest("PATCH", "/boards/{id}/home")
)
async def set_home(context: Context, given: ById) -> Any:
    """Make a board the caller's home."""
    await set_home_board(context.resources.database, given.id, session=context.session)
    return UNDEFINED


@router.mutation(
    "setMobileHomeBoard",
    guard=member,
    input=ById,
    rest=Rest("PATCH", "/boards/{id}/mobile-home"),
)
async def set_mobile_home(context: Context, given: ById) -> Any:
    """Make a board the caller's home on phones."""
    await set_home_board(
        context.resources.database, given.id, mobile=True, session=context.session
    )
    return UNDEFINED


@router.mutation("saveLayouts", guard=member, input=NewLayouts)
async def change_layouts(context: Context, given: NewLayouts) -> Any:
    """Make these the layouts of a board."""
    await save_layouts(
        context.resources.database, given.id, given.layouts, session=context.session
    )
    return UNDEFINED


@router.mutation(
    "savePartialBoardSettings",
    guard=member,
    input=NewSettings,
    rest=Rest("PATCH", "/boards/{id}/settings"),
)
async def change_settings(context: Context, given: NewSettings) -> Any:
    """Change how a board looks."""
    await save_settings(
        context.resources.database, given.id, given, session=context.session
    )
    return UNDEFINED


@router.mutation("saveBoard", guard=member, input=NewContent)
async def save(context: Context, given: NewContent) -> Any:
    """Make this the content of a board."""
    await save_board(
        context.resources.database, given.id, given, session=context.session
    )
    tell_access_changed(context.resources.bus)
    return UNDEFINED


@router.mutation("saveUserBoardPermissions", guard=member, input=NewGrants)
async def save_user_permissions(context: Context, given: NewGrants) -> Any:
    """Make these the users' permissions on a board."""
    await save_user_grants(
        context.resources.database,
        given.entity_id,
        given.permissions,
        session=context.session,
    )
    tell_access_changed(context.resources.bus)
    return UNDEFINED


@router.mutation("saveGroupBoardPermissions", guard=member, input=NewGrants)
async def save_group_permissions(context: Context, given: NewGrants) -> Any:
    """Make these the groups' permissions on a board."""
    await save_group_grants(
        context.resources.database,
        given.entity_id,
        given.permissions,
        session=context.session,
    )
    tell_access_changed(context.resources.bus)
    return UNDEFINED


@router.mutation(
    "addItem", guard=member, input=NewItem, rest=Rest("POST", "/boards/items")
)
async def add(context: Context, given: NewItem) -> dict[str, Any]:
    """Put an item in the first free place; of newer Homarrs."""
    item_id = await add_item(
        context.resources.database,
        given.board_id,
        kind=given.kind,
        options=given.options,
        integration_ids=given.integration_ids,
        session=context.session,
    )
    return {"itemId": item_id}
