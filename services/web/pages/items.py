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
from services.web.item_forms import (
    ITEM_FORMS,
    Texts,
    find_faults,
    read_texts,
    sent_boxes,
    stored_boxes,
    stored_texts,
)
from services.web.pages.board import board_path, show
from services.web.visit import Visit


async def add(visit: Visit, board_id: str) -> Response:
    """Put an item of the asked kind on a board."""

    kind = visit.form.text("kind")
    if kind not in ITEM_FORMS:
        raise BadRequest("There is no such kind of item.")

    board = await _load(visit, board_id)
    texts = read_texts(kind, visit.form)
    errors = find_faults(kind, texts)
    if not errors:
        try:
            await _store(visit, board, kind)
        except InvalidItemError as error:
            errors = {"form": _sentence(error)}

    if errors:
        return show(visit, board, opened=kind, values=texts, errors=errors)

    return _back(visit, board_id)


async def show_item(visit: Visit, board_id: str, item_id: str) -> Response:
    """Show the form that changes one item."""

    board = await _load(visit, board_id)
    return _item_page(visit, board, _find(board, item_id))


async def change(visit: Visit, board_id: str, item_id: str) -> Response:
    """Store the changed options of one item."""

    board = await _load(visit, board_id)
    item = _find(board, item_id)
    texts = read_texts(item.kind, visit.form)
    errors = find_faults(item.kind, texts)
    if not errors:
        try:
            await _update(visit, board, item)
        except InvalidItemError as error:
            errors = {"form": _sentence(error)}

    if errors:
        return _item_page(visit, board, item, texts=texts, errors=errors)

    return _back(visit, board_id)


async def remove(visit: Visit, board_id: str, item_id: str) -> Response:
    """Take one item off its board."""

    database = visit.site.resources.database
    if not await remove_item(database, board_id, item_id, session=visit.session):
        raise NotFound

    return _back(visit, board_id)


async def _load(visit: Visit, board_id: str) -> Board:
    database = visit.site.resources.database
    board = await load_board(database, board_id, visit.session)
    if board is None:
        raise NotFound

    if not board.may_modify:
        raise Forbidden("You may look at this board, but not change it.")

    return board


def _find(board: Board, item_id: str) -> Item:
    for item in board.items:
        known = ITEM_FORMS.get(item.kind)
        if item.id == item_id and known is not None and known.changeable:
            return item

    raise NotFound


async def _store(visit: Visit, board: Board, kind: str) -> None:
    database = visit.site.resources.database
    form = visit.form
    if kind != "app":
        options = ITEM_FORMS[kind].read_new(form, board)
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
    read = ITEM_FORMS[item.kind].read_change
    options = {} if read is None else read(visit.form, board)
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
    visit: Visit,
    board: Board,
    item: Item,
    *,
    texts: Texts | None = None,
    errors: Texts | None = None,
) -> Response:
    failed = bool(errors)
    return visit.page(
        "item.html",
        status=422 if failed else 200,
        board=board,
        board_path=board_path(board.id),
        item=item,
        app=board.apps.get(str(item.options.get("appId"))),
        values=stored_texts(item) if texts is None else texts,
        ticked=sent_boxes(item.kind, visit.form) if failed else stored_boxes(item),
        errors=errors or {},
    )


def _back(visit: Visit, board_id: str) -> Response:
    return visit.redirect(f"{board_path(board_id)}?edit=1")


def _sentence(error: InvalidItemError) -> str:
    return error.reason[:1].upper() + error.reason[1:].rstrip(".") + "."
