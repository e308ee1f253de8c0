"""location: cities by name."""

from __future__ import annotations

from typing import Any

from dashboard.inputs import Input, ShortText
from dashboard.location import search_cities
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Router

router = Router()


class CitySearch(Input, frozen=True, kw_only=True):
    """What a city's name begins with."""

    query: ShortText


@router.query("searchCity", guard=anyone, input=CitySearch)
async def search_city(context: Context, given: CitySearch) -> Any:
    """The cities of that name, wherever they are."""
    return {"results": await search_cities(context.resources, given.query)}
