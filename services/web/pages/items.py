"""Putting items on a board, changing them and taking them off."""

from __future__ import annotations

from quart import Response
from werkzeug.exceptions import BadRequest, Forbidden, NotFound

from dashboard.apps import list_apps
from dashboard.boards import (
    App,
    Board,
    InvalidItemError,
    Item,
    add_app_item,
    add_item,
    load_board,
    remove_item,
    update_item,
)
from dashboard.boards.access import tell_access_changed
from dashboard.database import Database
from services.web.forms import sentence
from services.web.item_forms import (
    APP_TEXTS,
    CHANGE_FORMS,
    NEW_FORMS,
    Texts,
    app_texts,
    changed_texts,
    complete_app,
    find_app_faults,
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
        return await show(visit, board, opened=kind, values=typed, errors=errors)

    return _back(visit, board_id)


async def show_board(visit: Visit, board_id: str) -> Response:
    """Show the board to who asks for the address of a form that was not taken."""

    return visit.redirect(board_path(board_id))


async def show_item(visit: Visit, board_id: str, item_id: str) -> Response:
    """Show the form that changes one item."""

    board = await _load(visit, board_id)
    return await _item_page(visit, board, _find(board, item_id))


async def change(visit: Visit, board_id: str, item_id: str) -> Response:
    """Store the changed options of one item."""

    board = await _load(visit, board_id)
    item = _find(board, item_id)
    errors = CHANGE_FORMS[item.kind].find_faults(visit.form)
    if app := _find_app(board, item):
        errors.update(find_app_faults(visit.form, app))

    if not errors:
        try:
            await _update(visit, board, item)
        except InvalidItemError as error:
            errors = {"form": sentence(error.reason)}

    if errors:
        return await _item_page(visit, board, item, errors=errors)

    return _back(visit, board_id)


async def remove(visit: Visit, board_id: str, item_id: str) -> Response:
    """Take one item off its board."""

    await _load(visit, board_id)
    database = visit.site.resources.database
    if not await remove_item(database, board_id, item_id, session=visit.session):
        raise NotFound

    tell_access_changed(visit.site.resources.bus)
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


def _find_app(board: Board, item: Item) -> App | None:
    app_id = item.options.get("appId")
    if item.kind != "app" or not isinstance(app_id, str):
        return None

    return board.apps.get(app_id)


async def _store(visit: Visit, board: Board, kind: str) -> None:
    database = visit.site.resources.database
    form = visit.form
    if kind != "app":
        options = NEW_FORMS[kind].read(form, await _list_app_ids(database))
        kind = "app" if kind == "existing" else kind
        await add_item(
            database, board.id, kind=kind, options=options, session=visit.session
        )
        return

    fields = complete_app({name: form.text(name) for name in APP_TEXTS})
    await add_app_item(database, board.id, **fields, session=visit.session)


async def _update(visit: Visit, board: Board, item: Item) -> None:
    database = visit.site.resources.database
    options = CHANGE_FORMS[item.kind].read(visit.form, await _list_app_ids(database))
    app = _find_app(board, item)
    found = await update_item(
        database,
        board.id,
        item.id,
        options=options,
        app=complete_app(changed_texts(visit.form, app)) if app else {},
        session=visit.session,
    )
    if not found:
        raise NotFound

    # A list of bookmarks may have one app less.
    tell_access_changed(visit.site.resources.bus)


async def _list_app_ids(database: Database) -> set[str]:
    return {app.id for app in await list_apps(database)}


async def _item_page(
    visit: Visit, board: Board, item: Item, *, errors: Texts | None = None
) -> Response:
    form = CHANGE_FORMS[item.kind]
    app = _find_app(board, item)
    values = form.typed(visit.form) if errors else stored_texts(item)
    if app is not None:
        sent = visit.form.fields
        typed = {name: visit.form.raw(name) for name in APP_TEXTS if name in sent}
        values = {**app_texts(app), **typed}

    return visit.page(
        "item.html",
        status=422 if errors else 200,
        board=board,
        board_path=board_path(board.id),
        item=item,
        app=app,
        apps=await list_apps(visit.site.resources.database),
        app_changeable=visit.member.may("app-modify-all"),
        values=values,
        ticked=form.ticked(visit.form) if errors else stored_ticks(item),
        errors=errors or {},
    )


def _back(visit: Visit, board_id: str) -> Response:
    return visit.redirect(f"{board_path(board_id)}?edit=1")
