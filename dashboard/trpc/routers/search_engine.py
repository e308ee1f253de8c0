"""searchEngine: the short words of the search field."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from dashboard.errors import ProcedureError
from dashboard.inputs import (
    STORABLE,
    ById,
    Check,
    Id,
    Input,
    PageSize,
    Paginated,
    ShortText,
    told,
)
from dashboard.search_engines import (
    SearchEngine,
    add_search_engine,
    count_search_engines,
    delete_search_engine,
    find_default_search_engine,
    find_search_engine,
    list_search_engines,
    update_search_engine,
)
from dashboard.superjson import UNDEFINED
from dashboard.trpc.guards import anyone, member, permission
from dashboard.trpc.procedure import Context, Router

router = Router()

Name = Annotated[str, Meta(min_length=1, max_length=64, **STORABLE)]
Short = Annotated[str, Meta(min_length=1, max_length=8, **STORABLE)]
Icon = Annotated[str, Meta(min_length=1, max_length=8192, **STORABLE)]
Description = Annotated[str, Meta(max_length=512, **STORABLE)]
_STARTS = Check(
    pattern=r"^https?://",
    issue={
        "origin": "string",
        "code": "invalid_format",
        "format": "starts_with",
        "prefix": "http",
    },
    message='Invalid string: must start with "http"',
)
_INCLUDES = Check(
    pattern="%s",
    issue={
        "origin": "string",
        "code": "invalid_format",
        "format": "includes",
        "includes": "%s",
    },
    message='Invalid string: must include "%s"',
)
#: Only of the web, or a script could be run.
Template = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=8192,
        **told(r"^https?://[^\ud800-\udfff]*%s[^\ud800-\udfff]*\Z", _STARTS, _INCLUDES),
    ),
]


class Fields(Input, frozen=True, kw_only=True):
    """What is written of every search engine."""

    name: Name
    icon_url: Icon
    description: Description | None


class Generic(Fields, frozen=True, kw_only=True, tag_field="type", tag="generic"):
    """A search engine with an address."""

    type: ClassVar[str] = "generic"
    integration_id: ClassVar[None] = None
    url_template: Template


class FromIntegration(
    Fields, frozen=True, kw_only=True, tag_field="type", tag="fromIntegration"
):
    """A search engine that asks an integration."""

    type: ClassVar[str] = "fromIntegration"
    url_template: ClassVar[None] = None
    integration_id: Id | None = None


class NewGeneric(Generic, frozen=True, kw_only=True, tag="generic"):
    """One to be made."""

    short: Short


class NewFromIntegration(
    FromIntegration, frozen=True, kw_only=True, tag="fromIntegration"
):
    """One to be made."""

    short: Short


class ChangedGeneric(Generic, frozen=True, kw_only=True, tag="generic"):
    """All that one shall be from now on; its short stays."""

    id: Id


class ChangedFromIntegration(
    FromIntegration, frozen=True, kw_only=True, tag="fromIntegration"
):
    """All that one shall be from now on; its short stays."""

    id: Id


class Selectable(Input, frozen=True, kw_only=True):
    """Which search engines there are to choose from."""

    with_integrations: bool


class ShortSearch(Input, frozen=True, kw_only=True):
    """The beginning of a short."""

    query: ShortText
    limit: PageSize = 10


@router.query("getPaginated", guard=member, input=Paginated)
async def get_paginated(context: Context, given: Paginated) -> dict[str, Any]:
    """A page of the search engines, by name, and how many there are in all."""
    database, search = context.resources.database, given.search.strip()
    found = await list_search_engines(
        database, search=search, limit=given.page_size, offset=given.offset
    )
    return {
        "items": [_show(engine) for engine in found],
        "totalCount": await count_search_engines(database, search=search),
    }


@router.query("getSelectable", guard=member, input=Selectable | None)
async def get_selectable(
    context: Context, given: Selectable | None
) -> list[dict[str, Any]]:
    """The search engines to choose from, by name."""
    found = await list_search_engines(context.resources.database)
    return [
        {"value": engine.id, "label": engine.name}
        for engine in found
        if given is None or given.with_integrations or engine.type == "generic"
    ]


@router.query("byId", guard=member, input=ById)
async def find_by_id(context: Context, given: ById) -> dict[str, Any]:
    """One search engine."""
    engine = await find_search_engine(context.resources.database, given.id)
    if engine is None:
        raise ProcedureError("NOT_FOUND", "Search engine not found")

    return _show(engine)


@router.query("getDefaultSearchEngine", guard=anyone)
async def get_default(context: Context) -> dict[str, Any] | None:
    """What the search field asks without a short."""
    user_id = None if context.session is None else context.session.user_id
    engine = await find_default_search_engine(context.resources.database, user_id)
    return None if engine is None else _show_joined(engine)


@router.query("search", guard=member, input=ShortSearch)
async def search(context: Context, given: ShortSearch) -> list[dict[str, Any]]:
    """The search engines whose short begins so."""
    found = await list_search_engines(
        context.resources.database, short=given.query.strip(), limit=given.limit
    )
    return [_show_joined(engine) for engine in found]


@router.mutation(
    "create",
    guard=permission("search-engine-create"),
    input=NewGeneric | NewFromIntegration,
)
async def create(context: Context, given: NewGeneric | NewFromIntegration) -> Any:
    """Add a search engine."""
    engine = SearchEngine(short=given.short, **_read(given))
    await add_search_engine(context.resources.database, engine)
    return UNDEFINED


@router.mutation(
    "update",
    guard=permission("search-engine-modify-all"),
    input=ChangedGeneric | ChangedFromIntegration,
)
async def update(
    context: Context, given: ChangedGeneric | ChangedFromIntegration
) -> Any:
    """Store all of a search engine but its short."""
    engine = SearchEngine(id=given.id, **_read(given))
    await update_search_engine(context.resources.database, engine)
    return UNDEFINED


@router.mutation("delete", guard=permission("search-engine-full-all"), input=ById)
async def delete(context: Context, given: ById) -> Any:
    """Delete a search engine, if there is one."""
    await delete_search_engine(context.resources.database, given.id)
    return UNDEFINED


def _read(given: Generic | FromIntegration) -> dict[str, Any]:
    return {
        "name": given.name,
        "icon_url": given.icon_url,
        "description": given.description,
        "type": given.type,
        "url_template": given.url_template,
        "integration_id": given.integration_id,
    }


def _show(engine: SearchEngine) -> dict[str, Any]:
    return {
        "id": engine.id,
        "iconUrl": engine.icon_url,
        "name": engine.name,
        "short": engine.short,
        "description": engine.description,
        "urlTemplate": engine.url_template,
        "type": engine.type,
        "integrationId": engine.integration_id,
    }


def _show_joined(engine: SearchEngine) -> dict[str, Any]:
    joined = engine.integration
    integration = None
    if joined is not None:
        integration = {"kind": joined.kind, "url": joined.url, "id": joined.id}

    return {**_show(engine), "integration": integration}
