"""Cities by name, from Open-Meteo's list."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from dashboard.outgoing import fetch_json
from dashboard.resources import Resources

#: Cities do not move; it spares the server the same letters typed again.
TTL = 3600.0


class _City(msgspec.Struct, omit_defaults=True):
    """One of them, with what Homarr's clients know of it."""

    id: int
    name: str
    latitude: int | float
    longitude: int | float
    country: str | None = None
    country_code: str | None = None
    population: int | float | None = None


class _Cities(msgspec.Struct):
    #: Absent where there is none.
    results: list[_City] = msgspec.field(default_factory=list)


async def search_cities(resources: Resources, name: str) -> list[dict[str, Any]]:
    """The cities whose names begin so, the largest first; raises OutgoingError."""
    name = name.strip()
    if not name:
        return []

    async def fetch() -> Any:
        found = await fetch_json(
            f"{resources.sources.cities}?{urlencode({'name': name})}",
            _Cities,
            settings=resources.settings,
        )
        return msgspec.to_builtins(found.results)

    cities: list[dict[str, Any]] = await resources.cache.load(
        f"cities:{name.lower()}", fetch, ttl=TTL
    )
    return cities
