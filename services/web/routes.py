"""The table of addresses: what answers each, and who may ask."""

from __future__ import annotations

from services.web import api, medias, rest, trpc
from services.web.door import Route
from services.web.pages import account, board, invite, items, own_account
from services.web.pages.manage import api_keys, groups, invites, memory, users

_MANAGE = (
    Route("GET", "/manage", users.show_users, "admin"),
    Route("GET", "/manage/users", users.show_users, "admin"),
    Route("GET", "/manage/users/<user_id>", users.show_user, "admin"),
    Route("POST", "/manage/users/<user_id>/end-sessions", users.end_sessions, "admin"),
    Route("POST", "/manage/users/<user_id>/delete", users.delete, "admin"),
    Route("GET", "/manage/invites", invites.show_invites, "admin"),
    Route("POST", "/manage/invites", invites.create, "admin"),
    Route("POST", "/manage/invites/<invite_id>/delete", invites.delete, "admin"),
    Route("GET", "/manage/groups", groups.show_groups, "admin"),
    Route("POST", "/manage/groups", groups.create, "admin"),
    Route("GET", "/manage/groups/<group_id>", groups.show_group, "admin"),
    Route("POST", "/manage/groups/<group_id>/rename", groups.rename, "admin"),
    Route(
        "POST",
        "/manage/groups/<group_id>/permissions",
        groups.change_permissions,
        "admin",
    ),
    Route("POST", "/manage/groups/<group_id>/members", groups.add, "admin"),
    Route(
        "POST",
        "/manage/groups/<group_id>/members/<user_id>/remove",
        groups.remove,
        "admin",
    ),
    Route("POST", "/manage/groups/<group_id>/delete", groups.delete, "admin"),
    Route("GET", "/manage/api-keys", api_keys.show_keys, "admin"),
    Route("POST", "/manage/api-keys", api_keys.create, "admin"),
    Route("POST", "/manage/api-keys/<key_id>/delete", api_keys.delete, "admin"),
    Route("GET", "/manage/memory", memory.show_memory, "admin"),
)

#: "system", because a key is looked for there and no session.
_REST = tuple(
    Route(method, rest.ADDRESS, rest.answer, access="system") for method in rest.METHODS
)

#: All methods: tRPC tells in its own words which one a procedure takes, and that
#: there is none where no path is.
_TRPC = tuple(
    route
    for address in ("/api/trpc/<all:paths>", "/api/trpc/", "/api/trpc")
    for route in (
        Route("OPTIONS", address, trpc.answer_options, access="system"),
        *(
            Route(method, address, trpc.answer, access="trpc")
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        ),
    )
)

ROUTES = (
    Route("GET", "/", board.show_home),
    Route("GET", "/init", account.show_init, access="setup"),
    Route("POST", "/init", account.init, access="setup"),
    Route("GET", "/auth/login", account.show_login, access="anyone"),
    Route("POST", "/auth/login", account.login, access="anyone"),
    Route("POST", "/auth/logout", account.logout, access="anyone"),
    Route("GET", "/auth/invite/<invite_id>", invite.show_invite, access="anyone"),
    Route("POST", "/auth/invite/<invite_id>", invite.accept, access="anyone"),
    Route("GET", "/account", own_account.show_account),
    Route("POST", "/account/password", own_account.change),
    Route("POST", "/account/end-sessions", own_account.log_out_everywhere),
    Route("GET", "/boards/<board_id>", board.show_board, access="anyone"),
    Route("GET", "/boards/<board_id>/items", items.show_board, access="anyone"),
    Route("POST", "/boards/<board_id>/items", items.add),
    Route("GET", "/boards/<board_id>/items/<item_id>", items.show_item),
    Route("POST", "/boards/<board_id>/items/<item_id>", items.change),
    Route("POST", "/boards/<board_id>/items/<item_id>/remove", items.remove),
    Route("GET", "/api/health/live", api.live, access="system"),
    Route("GET", "/api/health/ready", api.ready, access="system"),
    Route("GET", "/api/memory", api.memory, access="api"),
    Route("GET", "/api/user-medias/<media_id>", medias.show_media, access="anyone"),
    Route("GET", "/api/openapi", rest.describe, access="system"),
    *_REST,
    *_TRPC,
    *_MANAGE,
)
