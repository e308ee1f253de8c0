"""Old widgets: their new kinds, and all of their options."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from dashboard.boards.kinds import HOMARR_KINDS
from dashboard.oldmarr.configuration import Bookmark, WidgetType
from dashboard.oldmarr.widgets import find_kind, read_bookmarks, read_widget

from .files import WIDGETS

DOWNLOADS = {
    "columns": ["integration", "name", "progress", "time", "actions"],
    "defaultSort": "type",
    "descendingDefaultSort": False,
    "showCompletedUsenet": True,
    "showCompletedHttp": True,
}
NEW: dict[str, tuple[str, dict[str, Any]]] = {
    "date": (
        "clock",
        {
            "customTitle": "Home",
            "customTitleToggle": True,
            "dateFormat": "D MMM",
            "is24HourFormat": True,
            "showDate": True,
            "timezone": "Europe/Berlin",
            "useCustomTimezone": True,
        },
    ),
    "calendar": (
        "calendar",
        {"releaseType": ["digitalRelease"], "showUnmonitored": False},
    ),
    "weather": (
        "weather",
        {
            "forecastDayCount": 5,
            "hasForecast": True,
            "isFormatFahrenheit": True,
            "location": {"name": "Paris", "latitude": 48.85341, "longitude": 2},
            "showCity": True,
        },
    ),
    "torrents-status": (
        "downloads",
        {
            "activeTorrentThreshold": 10,
            "applyFilterToRatio": False,
            "categoryFilter": ["tv"],
            "filterIsWhitelist": True,
            "enableRowSorting": True,
            "showCompletedTorrent": False,
            **DOWNLOADS,
        },
    ),
    "usenet": ("downloads", DOWNLOADS),
    "rss": (
        "rssFeed",
        {
            "feedUrls": ["https://example.com/feed"],
            "enableRtl": False,
            "maximumAmountPosts": 100,
            "textLinesClamp": 5,
        },
    ),
    "video-stream": (
        "video",
        {
            "feedUrl": "https://example.com/live.m3u8",
            "hasAutoPlay": True,
            "hasControls": False,
            "isMuted": True,
        },
    ),
    "iframe": (
        "iframe",
        {
            "embedUrl": "https://example.com",
            "allowAutoPlay": False,
            "allowFullScreen": True,
            "allowPayment": False,
            "allowCamera": False,
            "allowMicrophone": False,
            "allowGeolocation": False,
            "allowScrolling": True,
        },
    ),
    "media-server": ("mediaServer", {}),
    "media-requests-list": ("mediaRequests-requestList", {"linksTargetNewTab": True}),
    "media-requests-stats": ("mediaRequests-requestStats", {}),
    "indexer-manager": ("indexerManager", {"openIndexerSiteInNewTab": True}),
    "dns-hole-summary": (
        "dnsHoleSummary",
        {"layout": "grid", "usePiHoleColors": True},
    ),
    "dns-hole-controls": ("dnsHoleControls", {"showToggleAllButtons": True}),
    "notebook": (
        "notebook",
        {
            "allowReadOnlyCheck": False,
            "content": "<h2>Shopping</h2><p>Milk</p>",
            "showToolbar": True,
        },
    ),
    "smart-home/entity-state": (
        "smartHome-entityState",
        {"entityId": "sun.sun", "displayName": "Sun"},
    ),
    "smart-home/trigger-automation": (
        "smartHome-executeAutomation",
        {"automationId": "automation.lights", "displayName": "Lights"},
    ),
    "health-monitoring": (
        "healthMonitoring",
        {
            "cpu": True,
            "memory": False,
            "fahrenheit": True,
            "fileSystem": True,
            "defaultTab": "cluster",
            "sectionIndicatorRequirement": "any",
            "visibleClusterSections": ["node", "qemu", "storage"],
        },
    ),
    "dashdot": (
        "healthMonitoring",
        {"cpu": True, "memory": True, "fileSystem": False},
    ),
    "media-transcoding": (
        "mediaTranscoding",
        {"defaultView": "queue", "queuePageSize": 10},
    ),
}


@pytest.mark.parametrize("type_", NEW)
def test_a_widget_has_a_new_kind_with_its_options(type_: str):
    """Those that the new one has not are left behind; "hide" is no format of dates."""
    kind, options = NEW[type_]

    assert find_kind(type_) == kind
    # As texts: a whole number stays whole.
    assert json.dumps(read_widget(type_, WIDGETS[type_])) == json.dumps(options)
    assert kind in HOMARR_KINDS


def test_every_type_of_a_file_is_known():
    """One of them has no successor; the links of bookmarks are told apart below."""
    types = get_args(WidgetType)

    assert set(types) == WIDGETS.keys() == {*NEW, "dlspeed", "bookmark"}
    assert find_kind("dlspeed") is None


def test_the_links_of_bookmarks_are_apps():
    """What one of them asks for, all of them get."""
    links = [
        Bookmark(name="a", href="", icon_url="", hide_icon=True),
        Bookmark(name="b", href="", icon_url="", open_new_tab=True),
    ]

    assert read_bookmarks(WIDGETS["bookmark"], links, ["1", "2"]) == {
        "title": "Reading",
        "items": ["1", "2"],
        "layout": "row",
        "hideIcon": True,
        "hideHostname": False,
        "openNewTab": True,
    }
    assert "layout" not in read_bookmarks({"layout": ["row"]}, [], [])


@pytest.mark.parametrize("type_", NEW)
def test_an_option_of_the_wrong_type_is_left_out(type_: str):
    """As is one that the file has not: the new widget has its default then."""
    wrong = {name: {"no": ["value"]} for name in WIDGETS[type_]}
    found = read_widget(type_, wrong)
    found.pop("visibleClusterSections", None)

    assert found == read_widget(type_, {})
    # What needs no option, or says that there was another one.
    assert found.keys() <= {
        *DOWNLOADS,
        "customTitleToggle",
        "showDate",
        "useCustomTimezone",
    }
