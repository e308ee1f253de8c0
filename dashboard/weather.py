"""The weather of a place, now and on the next days, from Open-Meteo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from dashboard import superjson
from dashboard.database import Readable
from dashboard.outgoing import fetch_json
from dashboard.resources import Resources
from dashboard.stored import read_options

#: The job asks anew every ten minutes, so boards find the weather of their items here.
TTL = 15 * 60.0
#: What Homarr calls a day of which nothing is known.
UNKNOWN_CODE = 404
_DAILY = (
    "weathercode,temperature_2m_max,temperature_2m_min,sunrise,sunset,"
    "wind_speed_10m_max,wind_gusts_10m_max"
)

Number = int | float
Numbers = list[Number | None]
Place = tuple[float, float]


class _Current(msgspec.Struct):
    weathercode: Number
    temperature: Number
    windspeed: Number


class _Daily(msgspec.Struct):
    time: list[str]
    weathercode: Numbers
    temperature_2m_max: Numbers
    temperature_2m_min: Numbers
    sunrise: list[str | None]
    sunset: list[str | None]
    wind_speed_10m_max: Numbers
    wind_gusts_10m_max: Numbers


class _Forecast(msgspec.Struct):
    current_weather: _Current
    daily: _Daily


def name_topic(latitude: float, longitude: float) -> str:
    """The bus topic that new weather of a place is published on."""
    # Zero has a sign, and is one place.
    return f"weather:{float(latitude) + 0.0!r},{float(longitude) + 0.0!r}"


async def load_weather(
    resources: Resources, *, latitude: float, longitude: float
) -> dict[str, Any]:
    """The weather in Homarr's shape, from the cache or from the server.

    Degrees; temperatures in °C, wind in km/h. Raises OutgoingError.
    """

    async def fetch() -> dict[str, Any]:
        return await _fetch_weather(resources, latitude=latitude, longitude=longitude)

    found: dict[str, Any] = await resources.cache.load(
        name_topic(latitude, longitude), fetch, ttl=TTL
    )
    return found


async def refresh_weather(
    resources: Resources, *, latitude: float, longitude: float
) -> None:
    """Ask the server, keep what it says and publish it; raises OutgoingError."""
    weather = await _fetch_weather(resources, latitude=latitude, longitude=longitude)
    topic = name_topic(latitude, longitude)
    await resources.cache.set(topic, superjson.encode(weather), ttl=TTL)
    resources.bus.publish(topic, weather)


async def list_places(source: Readable) -> list[Place]:
    """The (latitude, longitude) of every weather item of any board, each once."""
    rows = await source.all("SELECT id, options FROM item WHERE kind = 'weather'")
    places: dict[Place, None] = {}
    for row in rows:
        options = read_options(row["options"], "item", row["id"])
        location = options.get("location", {"latitude": 48.85341, "longitude": 2.3488})
        if isinstance(location, dict):
            latitude: Any = location.get("latitude")
            longitude: Any = location.get("longitude")
            if is_place(latitude, longitude):
                places[float(latitude), float(longitude)] = None

    return list(places)


def is_place(latitude: Any, longitude: Any) -> bool:
    """Whether these are degrees of a place on Earth."""
    return (
        isinstance(latitude, Number)
        and isinstance(longitude, Number)
        and -90 <= latitude <= 90
        and -180 <= longitude <= 180
    )


async def _fetch_weather(
    resources: Resources, *, latitude: float, longitude: float
) -> dict[str, Any]:
    query = {
        "latitude": latitude,
        "longitude": longitude,
        "daily": _DAILY,
        "current_weather": "true",
        "timezone": "auto",
    }
    forecast = await fetch_json(
        f"{resources.sources.weather}?{urlencode(query, safe=',')}",
        _Forecast,
        settings=resources.settings,
    )
    daily = forecast.daily
    return {
        "current": msgspec.to_builtins(forecast.current_weather),
        "daily": [_build_day(daily, index) for index in range(len(daily.time))],
    }


def _build_day(daily: _Daily, index: int) -> dict[str, Any]:
    """One day; what is not known of it is left out, as JavaScript's undefined is."""
    code = _find(daily.weathercode, index)
    known = {
        "maxTemp": _find(daily.temperature_2m_max, index),
        "minTemp": _find(daily.temperature_2m_min, index),
        "sunrise": _find(daily.sunrise, index),
        "sunset": _find(daily.sunset, index),
        "maxWindSpeed": _find(daily.wind_speed_10m_max, index),
        "maxWindGusts": _find(daily.wind_gusts_10m_max, index),
    }
    return {
        "time": daily.time[index],
        "weatherCode": UNKNOWN_CODE if code is None else code,
        **{name: value for name, value in known.items() if value is not None},
    }


def _find(values: Sequence[Any], index: int) -> Any:
    return values[index] if index < len(values) else None
