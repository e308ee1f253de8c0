"""The kinds of items that can be added: their size in cells and default options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of item."""

    name: str
    width: int
    height: int
    defaults: Mapping[str, Any] = field(default_factory=dict)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="app",
            width=1,
            height=1,
            defaults={
                "appId": "",
                "openInNewTab": True,
                "showTitle": True,
                "pingEnabled": True,
            },
        ),
        Kind(
            name="bookmarks",
            width=2,
            height=2,
            defaults={"title": "", "items": []},
        ),
        Kind(
            name="clock",
            width=2,
            height=1,
            defaults={
                "customTitleToggle": False,
                "customTitle": "",
                "is24HourFormat": True,
                "showSeconds": False,
                "useCustomTimezone": False,
                "timezone": "Europe/London",
                "showDate": True,
            },
        ),
        Kind(
            name="notebook",
            width=3,
            height=2,
            defaults={"showToolbar": True, "allowReadOnlyCheck": True, "content": ""},
        ),
        Kind(name="memory", width=3, height=2),
    )
}

_HOMARR = """
    clock weather app iframe video notebook anchorNote dnsHoleSummary dnsHoleControls
    smartHome-entityState smartHome-executeAutomation stockPrice mediaServer calendar
    downloads mediaRequests-requestList mediaRequests-requestStats mediaTranscoding
    mediaMissing minecraftServerStatus networkControllerSummary networkControllerStatus
    rssFeed bookmarks indexerManager healthMonitoring releases mediaReleases
    dockerContainers firewall notifications systemResources coolify systemDisks
    timetable immich-serverStats immich-albumCarousel paperlessNgx patchmon bazarr
    tracearr speedtestTracker uptimeKuma audioStats umami vpn archiveTeamWarrior ups
    beszelSystemTable beszelSystemGrid beszelAlerts beszelSystemStats traefik customApi
"""
#: Homarr's kinds up to 1.74: the ones whose items go when a saved board leaves them
#: out. An item of any other kind is from a newer version, whose pages may not have
#: shown it to whoever saved.
HOMARR_KINDS = frozenset(_HOMARR.split())
#: All that can be added: Homarr's in its order, then ours.
NAMES = tuple(dict.fromkeys((*_HOMARR.split(), *KINDS)))

#: Homarr's kinds that take more than a cell at first: columns and rows.
_SIZES = {
    "uptimeKuma": (2, 3),
    "audioStats": (2, 2),
    "paperlessNgx": (2, 2),
    "patchmon": (2, 2),
    "mediaMissing": (4, 3),
    "bazarr": (2, 2),
}


def find_kind(name: str) -> Kind | None:
    """A kind of ours, or one of Homarr's, whose options we only keep."""
    if name in KINDS or name not in HOMARR_KINDS:
        return KINDS.get(name)

    width, height = _SIZES.get(name, (1, 1))
    return Kind(name=name, width=width, height=height)
