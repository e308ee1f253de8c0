"""widget.weather: the weather of a place, and news of it."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from dashboard.inputs import Input
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Router
from dashboard.weather import load_weather, name_topic

router = Router()


class Place(Input, frozen=True, kw_only=True):
    """A place on Earth, in degrees."""

    longitude: Annotated[float, Meta(ge=-180, le=180)]
    latitude: Annotated[float, Meta(ge=-90, le=90)]


@router.query("atLocation", guard=anyone, input=Place)
async def at_location(context: Context, given: Place) -> Any:
    """The weather now and on the next days."""
    return await load_weather(
        context.resources, latitude=given.latitude, longitude=given.longitude
    )


@router.subscription("subscribeAtLocation", guard=anyone, input=Place)
async def subscribe_at_location(_context: Context, given: Place) -> list[str]:
    """Hear the weather of a place each time that the job has asked for it."""
    return [name_topic(given.latitude, given.longitude)]
