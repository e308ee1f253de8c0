"""Putting items on a board, changing them and taking them off."""

from __future__ import annotations

from quart import Response
from werkzeug.exceptions import BadRequest, Forbidden, NotFound

from dashboard.boards import (
    Board,
    InvalidItemError,
    Item,
    add_app_item,
    add_item,
    load_board,
    remove_item,
    update_item,
)
from services.web.forms import sentence
from services.web.item_forms import (
    CHANGE_FORMS,
    NEW_FORMS,
    Texts,
    stored_texts,
    stored_ticks,
)
from services.web.pages.board import board_path, show
from services.web.visit import Visit


async def add(visit: Visit, board_id: str) -> Response:
    """Put an item of the asked kind on a board."""

    kind = visit.form.text("kind")
    if kind not in NEW_FORMS:
        raise BadRequest("There is no such kind of item.")

    board = await _load(visit, board_id)
    errors = NEW_FORMS[kind].find_faults(visit.form)
    if not errors:
        try:
            await _store(visit, board, kind)
        except InvalidItemError as error:
            errors = {"form": sentence(error.reason)}

    if errors:
        typed = NEW_FORMS[kind].typed(visit.form)
        return show(visit, board, opened=kind, values=typed, errors=errors)

    return _back(visit, board_id)


async def show_item(visit: Visit, board_id: str, item_id: str) -> Response:
    """Show the form that changes one item."""

    board = await _load(visit, board_id)
    return _item_page(visit, board, _find(board, item_id))


async def change(visit: Visit, board_id: str, item_id: str) -> Response:
    """Store the changed options of one item."""

    board = await _load(visit, board_id)
    item = _find(board, item_id)
    errors = CHANGE_FORMS[item.kind].find_faults(visit.form)
    if not errors:
        try:
            await _update(visit, board, item)
        except InvalidItemError as error:
            errors = {"form": sentence(error.reason)}

    if errors:
        return _item_page(visit, board, item, errors=errors)

    return _back(visit, board_id)


async def remove(visit: Visit, board_id: str, item_id: str) -> Response:
    """Take one item off its board."""

    await _load(visit, board_id)
    database = visit.site.resources.database
    if not await remove_item(database, board_id, item_id, session=visit.session):
        raise NotFound

    return _back(visit, board_id)


async def _load(visit: Visit, board_id: str) -> Board:
    resources = visit.site.resources
    board = await load_board(
        resources.database, board_id, visit.session, cache=resources.boards
    )
    if board is None:
        raise NotFound

    if not board.may_modify:
        raise Forbidden("You may look at this board, but not change it.")

    return board


def _find(board: Board, item_id: str) -> Item:
    for item in board.items:
        if item.id == item_id and item.kind in CHANGE_FORMS:
            return item

    raise NotFound


async def _store(visit: Visit, board: Board, kind: str) -> None:
    database = visit.site.resources.database
    form = visit.form
    if kind != "app":
        options = NEW_FORMS[kind].read(form, board)
        await add_item(
            database, board.id, kind=kind, options=options, session=visit.session
        )
        return

    await add_app_item(
        database,
        board.id,
        name=form.text("name"),
        href=form.text("href") or None,
        icon_url=form.text("icon_url"),
        ping_url=form.text("ping_url") or None,
        session=visit.session,
    )


async def _update(visit: Visit, board: Board, item: Item) -> None:
    options = CHANGE_FORMS[item.kind].read(visit.form, board)
    found = await update_item(
        visit.site.resources.database,
        board.id,
        item.id,
        options=options,
        session=visit.session,
    )
    if not found:
        raise NotFound


def _item_page(
    visit: Visit, board: Board, item: Item, *, errors: Texts | None = None
) -> Response:
    form = CHANGE_FORMS[item.kind]
    return visit.page(
        "item.html",
        status=422 if errors else 200,
        board=board,
        board_path=board_path(board.id),
        item=item,
        app=board.apps.get(str(item.options.get("appId"))),
        values=form.typed(visit.form) if errors else stored_texts(item),
        ticked=form.ticked(visit.form) if errors else stored_ticks(item),
        errors=errors or {},
    )


def _back(visit: Visit, board_id: str) -> Response:
    return visit.redirect(f"{board_path(board_id)}?edit=1")
