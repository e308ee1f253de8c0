"""A board as people see it, and as they change it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from quart import Response
from werkzeug.exceptions import NotFound

from dashboard.apps import list_apps
from dashboard.boards import Board, find_board, find_home_board, load_board
from services.web.cards import make_card
from services.web.grid import lay_out
from services.web.visit import Visit, redirect_to

_NO_FIELDS: Mapping[str, str] = {}


async def show_home(visit: Visit) -> Response:
    """Show the visitor's home board."""

    resources = visit.site.resources
    board = await find_home_board(
        resources.database,
        visit.session,
        mobile="Mobi" in visit.request.headers.get("User-Agent", ""),
        cache=resources.boards,
    )
    if board is None:
        return visit.page("no_board.html", status=404)

    return await show(visit, board)


async def show_board(visit: Visit, board_id: str) -> Response:
    """Show any board that the visitor may see; strangers are asked to log in."""

    resources = visit.site.resources
    board = await load_board(
        resources.database, board_id, visit.session, cache=resources.boards
    )
    if board is not None:
        return await show(visit, board)

    # Homarr's addresses have the board's name: old bookmarks go on.
    named = await find_board(
        resources.database, board_id, visit.session, cache=resources.boards
    )
    if named is not None:
        return redirect_to(board_path(named.id))

    # Whether a private board exists is nobody's business before the login.
    if visit.session is None:
        callback = quote(board_path(board_id), safe="")
        return redirect_to(f"/auth/login?callbackUrl={callback}")

    raise NotFound


async def show(
    visit: Visit,
    board: Board,
    *,
    opened: str | None = None,
    values: Mapping[str, str] = _NO_FIELDS,
    errors: Mapping[str, str] = _NO_FIELDS,
) -> Response:
    """Render a board.

    `opened` names the form that shows the values and errors of a failed try.
    """

    site = visit.site
    editing = board.may_modify and ("edit" in visit.request.args or bool(errors))
    grid = lay_out(board)
    response = visit.page(
        "board.html",
        status=422 if errors else 200,
        style=grid.style,
        board=board,
        board_path=board_path(board.id),
        grid=grid,
        cards={item.id: make_card(site, board, item) for item in board.items},
        editing=editing,
        process=site.monitor.label,
        # Any member may choose from all apps, as by `app.selectable`.
        apps=await list_apps(site.resources.database) if editing else (),
        opened=opened,
        values=values,
        errors=errors,
    )
    session = visit.session
    if session is not None and _was_prolonged(visit, session.expires):
        visit.keep_session(response, session)

    return response


def board_path(board_id: str) -> str:
    """Return the path of a board."""

    return f"/boards/{quote(board_id, safe='')}"


def _was_prolonged(visit: Visit, expires: float) -> bool:
    """Say whether the session was made or prolonged within the last minute."""

    timeout = visit.site.resources.settings.session_timeout
    return expires - visit.site.now() > timeout - 60
