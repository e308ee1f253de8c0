"""app: the links that items show."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from dashboard.apps import (
    App,
    count_apps,
    find_icon_url,
    insert_app,
    list_apps,
    load_apps,
    update_app,
)
from dashboard.apps import delete_app as delete_stored_app
from dashboard.boards import list_seen_apps
from dashboard.boards.access import tell_access_changed
from dashboard.errors import ProcedureError
from dashboard.inputs import (
    STORABLE,
    ById,
    Check,
    Id,
    Input,
    Paginated,
    ShortText,
    like,
    told,
)
from dashboard.superjson import UNDEFINED
from dashboard.trpc.guards import anyone, member, permission
from dashboard.trpc.procedure import Context, Rest, Router

router = Router()

#: Somewhere in it there is something to see; the spaces around it are taken away.
_VISIBLE = told(
    r"^[^\ud800-\udfff]*[^\s\ud800-\udfff][^\ud800-\udfff]*\Z",
    Check(
        pattern=r"\S",
        issue={
            "origin": "string",
            "code": "too_small",
            "minimum": 1,
            "inclusive": True,
        },
        message="Too small: expected string to have >=1 characters",
    ),
)
#: As far as it matters for what is told: it begins with a scheme.
_URL = Check(
    pattern=r"(?i)^\s*[a-z][a-z0-9+.-]*:",
    issue={"code": "invalid_format", "format": "url"},
    message="Invalid URL",
)
_URL_TAIL = r"[^\s/\\\ud800-\udfff][^\x00-\x1f\ud800-\udfff]*\Z"

Name = Annotated[str, Meta(max_length=64, **_VISIBLE)]
Description = Annotated[str, Meta(max_length=512, **STORABLE)]
Icon = Annotated[str, Meta(max_length=8192, **_VISIBLE)]
#: Of any scheme that leads somewhere, but never a script.
Link = Annotated[
    str,
    Meta(
        max_length=8192,
        **told(
            rf"(?i)^\s*(\Z|(?!javascript)[a-z]+://{_URL_TAIL})",
            _URL,
            like(
                r"/^(?!javascript)[a-zA-Z]*:\/\//i", r"(?i)^\s*(?!javascript)[a-z]*://"
            ),
        ),
    ),
]
PingUrl = Annotated[
    str,
    Meta(
        max_length=8192,
        **told(
            rf"^\s*(\Z|https?://{_URL_TAIL})",
            _URL,
            like(r"/^https?:\/\//", r"^\s*https?://"),
        ),
    ),
]


class AppFields(Input, frozen=True, kw_only=True):
    """What is written of an app; empty texts mean that there is none."""

    name: Name
    description: Description | None
    icon_url: Icon
    href: Link | None
    ping_url: PingUrl | None

    def fields(self) -> dict[str, str | None]:
        """The values as they are stored."""
        return {
            "name": self.name.strip(),
            "description": (self.description or "").strip() or None,
            "icon_url": self.icon_url.strip(),
            "href": (self.href or "").strip() or None,
            "ping_url": (self.ping_url or "").strip() or None,
        }


class OneOfMany(AppFields, frozen=True, kw_only=True):
    """One of several new apps; without an icon it gets one that fits its name."""

    icon_url: Icon | None  # type: ignore[assignment]


class ChangedApp(AppFields, frozen=True, kw_only=True):
    """All that an app shall be from now on."""

    id: Id


class AppSearch(Input, frozen=True, kw_only=True):
    """The first apps with these words in their names."""

    query: ShortText
    limit: Annotated[int, Meta(ge=1, le=100)] = 10


@router.query(
    "getPaginated",
    guard=member,
    input=Paginated,
    rest=Rest("GET", "/apps/paginated"),
)
async def get_paginated(context: Context, given: Paginated) -> dict[str, Any]:
    """A page of the apps, by name, and how many there are in all."""
    database, search = context.resources.database, given.search.strip()
    apps = await list_apps(
        database, search=search, limit=given.page_size, offset=given.offset
    )
    return {
        "items": [show_app(app) for app in apps],
        "totalCount": await count_apps(database, search=search),
    }


@router.query("all", guard=member, rest=Rest("GET", "/apps"))
async def list_all(context: Context) -> list[dict[str, Any]]:
    """Every app, by name."""
    return [show_app(app) for app in await list_apps(context.resources.database)]


@router.query("search", guard=member, input=AppSearch, rest=Rest("GET", "/apps/search"))
async def search_apps(context: Context, given: AppSearch) -> list[dict[str, Any]]:
    """The apps with these words in their names."""
    found = await list_apps(
        context.resources.database, search=given.query, limit=given.limit
    )
    return [show_app(app) for app in found]


@router.query("selectable", guard=member, rest=Rest("GET", "/apps/selectable"))
async def list_selectable(context: Context) -> list[dict[str, Any]]:
    """Every app, to choose one from."""
    return await list_all(context)


@router.query("byId", guard=anyone, input=ById, rest=Rest("GET", "/apps/{id}"))
async def find_by_id(context: Context, given: ById) -> dict[str, Any]:
    """One app; strangers find only those that a public board shows."""
    found = await _find(context, [given.id])
    if not found:
        raise ProcedureError("NOT_FOUND", "App not found")

    return found[0]


@router.query("byIds", guard=anyone, input=Annotated[list[Id], Meta(max_length=1000)])
async def find_by_ids(context: Context, given: list[Id]) -> list[dict[str, Any]]:
    """Those of these apps that there are; strangers find as `byId` lets them."""
    return await _find(context, given)


@router.mutation(
    "create",
    guard=permission("app-create"),
    input=AppFields,
    rest=Rest("POST", "/apps"),
)
async def create(context: Context, given: AppFields) -> dict[str, Any]:
    """Add an app; its id is told twice, as Homarr tells it."""
    fields: dict[str, Any] = given.fields()
    async with context.resources.database.write() as tx:
        app_id = await insert_app(tx, **fields)

    return {"appId": app_id, **show_app(App(id=app_id, **fields))}


@router.mutation(
    "createMany",
    guard=permission("app-create"),
    input=Annotated[list[OneOfMany], Meta(min_length=1, max_length=200)],
)
async def create_many(context: Context, given: list[OneOfMany]) -> Any:
    """Add several apps, all or none."""
    database = context.resources.database
    rows: list[dict[str, Any]] = []
    for app in given:
        icon = app.icon_url or await find_icon_url(database, app.name.strip())
        rows.append(msgspec.structs.replace(app, icon_url=icon).fields())

    async with database.write() as tx:
        for row in rows:
            await insert_app(tx, **row)

    return UNDEFINED


@router.mutation(
    "update",
    guard=permission("app-modify-all"),
    input=ChangedApp,
    rest=Rest("PATCH", "/apps/{id}"),
)
async def update(context: Context, given: ChangedApp) -> Any:
    """Store all fields of an app."""
    fields: dict[str, Any] = given.fields()
    if not await update_app(context.resources.database, App(id=given.id, **fields)):
        raise ProcedureError("NOT_FOUND", "App not found")

    return UNDEFINED


@router.mutation(
    "delete",
    guard=permission("app-full-all"),
    input=ById,
    rest=Rest("DELETE", "/apps/{id}"),
)
async def delete(context: Context, given: ById) -> Any:
    """Delete an app, if there is one."""
    await delete_stored_app(context.resources.database, given.id)
    tell_access_changed(context.resources.bus)
    return UNDEFINED


def show_app(app: App) -> dict[str, Any]:
    """An app as clients take it."""
    return {
        "id": app.id,
        "name": app.name,
        "description": app.description,
        "iconUrl": app.icon_url,
        "href": app.href,
        "pingUrl": app.ping_url,
    }


async def _find(context: Context, ids: list[str]) -> list[dict[str, Any]]:
    """The apps of these ids that the caller may know of, by name."""
    database = context.resources.database
    found = await load_apps(database, ids)
    if context.session is None:
        seen = await list_seen_apps(database, found, None)
        found = {app_id: app for app_id, app in found.items() if app_id in seen}

    return [show_app(a) for a in sorted(found.values(), key=lambda a: (a.name, a.id))]
