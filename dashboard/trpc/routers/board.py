"""board: what there is to see of them; what changes them is in the file beside."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from dashboard.boards import find_board, find_home_board
from dashboard.boards.grants import load_grants
from dashboard.boards.inputs import Name
from dashboard.boards.listing import (
    list_boards,
    list_boards_of_group,
    list_public_boards,
    load_shares,
)
from dashboard.boards.manage import is_name_taken
from dashboard.boards.models import Board
from dashboard.errors import ProcedureError
from dashboard.inputs import ById, Id, Input, ShortText
from dashboard.trpc.guards import anyone, member, permission
from dashboard.trpc.procedure import Context, Rest
from dashboard.trpc.routers.board_import import router
from dashboard.trpc.routers.board_shape import (
    show_board,
    show_found,
    show_grants,
    show_name,
    show_summary,
)

__all__ = ["router"]


class ByName(Input, frozen=True, kw_only=True):
    """A board is named as it is in its address."""

    name: Name


class OfGroup(Input, frozen=True, kw_only=True):
    """A group is named by its id."""

    group_id: Id


class BoardSearch(Input, frozen=True, kw_only=True):
    """The first boards with these words in their names."""

    query: ShortText
    limit: Annotated[int, Meta(ge=1, le=100)] = 10


@router.query("exists", guard=permission("board-create"), input=ShortText)
async def exists(context: Context, given: str) -> bool:
    """Whether there is a board of this name, large letters or small."""
    return await is_name_taken(context.resources.database, given)


@router.query("getPublicBoards", guard=anyone)
async def get_public_boards(context: Context) -> list[dict[str, Any]]:
    """The boards that everybody may see."""
    found = await list_public_boards(context.resources.database)
    return [show_name(board) for board in found]


@router.query("getBoardsForGroup", guard=permission("admin"), input=OfGroup)
async def get_boards_for_group(
    context: Context, given: OfGroup
) -> list[dict[str, Any]]:
    """The boards that all members of a group may see."""
    found = await list_boards_of_group(context.resources.database, given.group_id)
    return [show_name(board) for board in found]


@router.query("getAllBoards", guard=anyone, rest=Rest("GET", "/boards"))
async def get_all_boards(context: Context) -> list[dict[str, Any]]:
    """The boards that the caller may see."""
    user_id = None if context.session is None else context.session.user_id
    found = await list_boards(context.resources.database, context.session)
    return [show_summary(board, user_id) for board in found]


@router.query("search", guard=anyone, input=BoardSearch)
async def search(context: Context, given: BoardSearch) -> list[dict[str, Any]]:
    """The boards that the caller may see, with these words in their names."""
    found = await list_boards(
        context.resources.database,
        context.session,
        query=given.query,
        limit=given.limit,
    )
    return [show_found(board) for board in found]


@router.query("getHomeBoard", guard=anyone)
async def get_home_board(context: Context) -> dict[str, Any]:
    """The whole board that "/" shows to the caller."""
    resources = context.resources
    board = await find_home_board(
        resources.database,
        context.session,
        mobile=context.mobile,
        cache=resources.boards,
    )
    if board is None:
        raise ProcedureError("NOT_FOUND", "No home board found")

    return await _show(context, board)


@router.query("getBoardByName", guard=anyone, input=ByName)
async def get_board_by_name(context: Context, given: ByName) -> dict[str, Any]:
    """The whole board of a name, large letters or small."""
    resources = context.resources
    board = await find_board(
        resources.database, given.name, context.session, cache=resources.boards
    )
    if board is None:
        raise ProcedureError("NOT_FOUND", "Board not found")

    return await _show(context, board)


@router.query("getBoardPermissions", guard=member, input=ById)
async def get_board_permissions(context: Context, given: ById) -> dict[str, Any]:
    """Who may do what with a board."""
    grants = await load_grants(
        context.resources.database, given.id, session=context.session
    )
    return show_grants(grants)


async def _show(context: Context, board: Board) -> dict[str, Any]:
    shares = await load_shares(context.resources.database, board.id, context.session)
    return show_board(board, shares)
