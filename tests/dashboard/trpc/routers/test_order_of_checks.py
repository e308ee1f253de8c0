from __future__ import annotations

import pytest

from dashboard.superjson import UNDEFINED
from dashboard.trpc.routers import load_router

from .callers import Callers

#: Of these routers, what strangers may call; the rest is for members.
OPEN = {
    "app.byId",
    "app.byIds",
    "board.getPublicBoards",
    "board.getAllBoards",
    "board.search",
    "board.getHomeBoard",
    "board.getBoardByName",
    "searchEngine.getDefaultSearchEngine",
    "widget.app.ping",
    "widget.app.updatedPing",
    "widget.options.getWidgetOptionSettings",
}
#: What needs more than a login, before anything else is looked at.
PERMITTED = {
    "app.create": "app-create",
    "app.createMany": "app-create",
    "app.update": "app-modify-all",
    "app.delete": "app-full-all",
    "board.exists": "board-create",
    "board.createBoard": "board-create",
    "board.duplicateBoard": "board-create",
    "board.getBoardsForGroup": "admin",
    "board.importOldmarrConfig": "board-create",
    "media.uploadMedia": "media-upload",
    "searchEngine.create": "search-engine-create",
    "searchEngine.update": "search-engine-modify-all",
    "searchEngine.delete": "search-engine-full-all",
}
PATHS = [
    f"{router}.{name}"
    for router in (
        "app",
        "board",
        "section",
        "searchEngine",
        "media",
        "widget.app",
        "widget.memory",
        "widget.notebook",
        "widget.options",
    )
    for name in load_router(router).procedures
]


@pytest.mark.parametrize("path", PATHS)
async def test_who_may_not_call_is_told_before_the_input_is_read(
    callers: Callers, path: str
):
    """A wrong input tells strangers nothing, and neither those without the right."""
    for given in (UNDEFINED, {"nonsense": True}):
        stranger = await callers.answer(path, given, by="stranger")
        member = await callers.answer(path, given, by="other")

        assert (stranger == "UNAUTHORIZED") == (path not in OPEN)
        assert (member == "FORBIDDEN") == (path in PERMITTED)
        if path in PERMITTED:
            having = (PERMITTED[path],)
            answer = await callers.answer(path, given, by="other", having=having)

            assert answer == "BAD_REQUEST"
