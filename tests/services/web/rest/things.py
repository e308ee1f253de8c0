"""A router of the tests' own, with an address for everything that REST has to do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from dashboard.errors import DatabaseBusyError, ProcedureError, TooBusyError
from dashboard.inputs import Id, Input, ShortText
from dashboard.superjson import UNDEFINED
from dashboard.trpc.guards import anyone, member, permission
from dashboard.trpc.procedure import Context, Rest, Router

router = Router()
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


class ThingId(Input, frozen=True, kw_only=True):
    """What names a thing."""

    thing_id: Id


class Page(Input, frozen=True, kw_only=True):
    """A page of things."""

    search: ShortText | None = None
    page_size: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    share: float | None = None
    hidden: bool = False
    order: Literal[1, 2] | UnsetType = UNSET
    tags: list[int] = msgspec.field(default_factory=list)
    after: datetime | None = None
    text_or_number: str | int | None = None


class Change(Input, frozen=True, kw_only=True):
    """A change of a thing."""

    thing_id: Id
    name: ShortText
    due: datetime | None = None


# Before the ones with names, which must win all the same.
@router.query(
    "byId", guard=anyone, input=ThingId, rest=Rest("GET", "/things/{thingId}")
)
async def by_id(context: Context, given: ThingId) -> Any:
    if given.thing_id == "none":
        raise ProcedureError("NOT_FOUND", "Thing not found")

    name = context.session.user_name if context.session else None
    return {"id": given.thing_id, "user": name}


@router.query("all", guard=member, rest=Rest("GET", "/things"))
async def list_all(_context: Context) -> Any:
    return [
        {
            "at": MOMENT,
            "gone": UNDEFINED,
            "none": None,
            "list": [1, UNDEFINED],
            "ä": 0.5,
        }
    ]


@router.query(
    "paginated", guard=member, input=Page, rest=Rest("GET", "/things/paginated")
)
async def paginated(_context: Context, given: Page) -> Any:
    return msgspec.to_builtins(given)


@router.query(
    "find", guard=member, input=Page | None, rest=Rest("POST", "/things/find")
)
async def find(_context: Context, given: Page | None) -> Any:
    return msgspec.to_builtins(given)


@router.mutation(
    "update",
    guard=permission("app-modify-all"),
    input=Change,
    rest=Rest("PATCH", "/things/{thingId}"),
)
async def update(_context: Context, given: Change) -> Any:
    return {"id": given.thing_id, "name": given.name, "due": given.due}


@router.mutation(
    "delete", guard=member, input=ThingId, rest=Rest("DELETE", "/things/{thingId}")
)
async def delete(_context: Context, _given: ThingId) -> Any:
    return UNDEFINED


@router.mutation(
    "touch",
    guard=member,
    input=ThingId,
    rest=Rest("PATCH", "/things/{thingId}/touch"),
)
async def touch(_context: Context, given: ThingId) -> Any:
    return given.thing_id


@router.mutation(
    "reveal", guard=member, secret=True, rest=Rest("POST", "/things/secret")
)
async def reveal(_context: Context) -> Any:
    return {"token": "s" * 2000}


@router.query("secret", guard=member, secret=True, rest=Rest("GET", "/things/key"))
async def secret(_context: Context) -> Any:
    return {"token": "s" * 2000}


@router.query("broken", guard=anyone, rest=Rest("GET", "/things/broken"))
async def broken(_context: Context) -> Any:
    raise RuntimeError("with words that are nobody's business")


@router.query("busy", guard=anyone, rest=Rest("GET", "/things/busy"))
async def busy(_context: Context) -> Any:
    raise DatabaseBusyError(5.0)


@router.query("crowded", guard=anyone, rest=Rest("GET", "/things/crowded"))
async def crowded(_context: Context) -> Any:
    raise TooBusyError


@router.query("endless", guard=anyone, rest=Rest("GET", "/things/endless"))
async def endless(_context: Context) -> Any:
    # Not for ever: a test that fails has to end.
    async with asyncio.timeout(10):
        await asyncio.Event().wait()


@router.query("odd", guard=anyone, rest=Rest("GET", "/things/odd"))
async def odd(_context: Context) -> Any:
    return {"what": object()}


@router.query("unlisted", guard=anyone)
async def unlisted(_context: Context) -> Any:
    return "only over tRPC"
