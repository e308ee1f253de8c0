"""The servers that are asked for weather, cities and icons: Homarr's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IconSource:
    """A repository of icons: where its list is, and what makes a path an icon's URL."""

    slug: str
    list_url: str
    #: {path} is the file's path in the repository, {stem} its name without the ending.
    icon_url: str


_GITHUB = "https://api.github.com/repos"
_JSDELIVR = "https://data.jsdelivr.com/v1/packages/gh"
_CDN = "https://cdn.jsdelivr.net/gh"

ICONS = (
    IconSource(
        slug="homarr-labs/dashboard-icons",
        list_url=f"{_GITHUB}/homarr-labs/dashboard-icons/git/trees/main?recursive=true",
        icon_url=f"{_CDN}/homarr-labs/dashboard-icons/{{path}}",
    ),
    IconSource(
        slug="selfhst/icons",
        list_url=f"{_GITHUB}/selfhst/icons/git/trees/main?recursive=true",
        icon_url=f"{_CDN}/selfhst/icons/{{path}}",
    ),
    IconSource(
        slug="simple-icons/simple-icons",
        list_url=f"{_GITHUB}/simple-icons/simple-icons/git/trees/master?recursive=true",
        icon_url="https://cdn.simpleicons.org/{stem}",
    ),
    IconSource(
        slug="PapirusDevelopmentTeam/papirus-icon-theme",
        list_url=f"{_JSDELIVR}/PapirusDevelopmentTeam/papirus_icons@master"
        "?structure=flat",
        icon_url=f"{_CDN}/PapirusDevelopmentTeam/papirus_icons/{{path}}",
    ),
    IconSource(
        slug="loganmarchione/homelab-svg-assets",
        list_url=f"{_JSDELIVR}/loganmarchione/homelab-svg-assets@main?structure=flat",
        icon_url=f"{_CDN}/loganmarchione/homelab-svg-assets/{{path}}",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where each kind of thing is asked for."""

    weather: str = "https://api.open-meteo.com/v1/forecast"
    cities: str = "https://geocoding-api.open-meteo.com/v1/search"
    icons: tuple[IconSource, ...] = ICONS
