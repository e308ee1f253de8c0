from __future__ import annotations

from dashboard.trpc.routers import load_router

#: Homarr's, and those of its newer versions for boards, in the order of matching.
APPS = {
    "getPaginated": "GET /apps/paginated",
    "all": "GET /apps",
    "search": "GET /apps/search",
    "selectable": "GET /apps/selectable",
    "byId": "GET /apps/{id}",
    "create": "POST /apps",
    "update": "PATCH /apps/{id}",
    "delete": "DELETE /apps/{id}",
}
BOARDS = {
    "getAllBoards": "GET /boards",
    "createBoard": "POST /boards",
    "duplicateBoard": "POST /boards/{id}/duplicate",
    "renameBoard": "PATCH /boards/{id}/name",
    "changeBoardVisibility": "PATCH /boards/{id}/visibility",
    "deleteBoard": "DELETE /boards/{id}",
    "setHomeBoard": "PATCH /boards/{id}/home",
    "setMobileHomeBoard": "PATCH /boards/{id}/mobile-home",
    "savePartialBoardSettings": "PATCH /boards/{id}/settings",
    "addItem": "POST /boards/items",
}


def addresses(router: str) -> dict[str, str]:
    return {
        name: f"{procedure.rest.method} {procedure.rest.path}"
        for name, procedure in load_router(router).procedures.items()
        if procedure.rest is not None
    }


def test_apps_have_homarr_s_addresses():
    """In its order: "/apps/paginated" is not the app of that id."""
    assert list(addresses("app").items()) == list(APPS.items())


def test_boards_have_the_addresses_of_newer_homarrs():
    """Nothing else of these routers can be reached by them."""
    assert addresses("board") == BOARDS
    for router in ("section", "searchEngine", "media", "widget.app", "widget.notebook"):
        assert addresses(router) == {}
