"""Old widgets as items: which kinds of ours they are, and what their options are.

An option that the file has not, or that is of another type there, is left out: the
new widget has its default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

from dashboard.oldmarr.configuration import Bookmark, take
from dashboard.superjson import UNDEFINED

#: From the old options to the value of a new one; UNDEFINED for none.
Reader = Callable[[Mapping[str, Any]], Any]


class Location(TypedDict):
    """A city, as old and new widgets of the weather have it."""

    name: str
    #: Whole ones stay whole.
    latitude: int | float
    longitude: int | float


DateFormat = Literal[
    "dddd, MMMM D",
    "dddd, D MMMM",
    "MMM D",
    "D MMM",
    "DD/MM/YYYY",
    "MM/DD/YYYY",
    "DD/MM",
    "MM/DD",
]
_NUMBER = int | float
_DNS_LAYOUT = Literal["column", "row", "grid"]
_RELEASE = Literal["inCinemas", "physicalRelease", "digitalRelease"]
_TAB = Literal["system", "cluster"]
_INDICATOR = Literal["all", "any"]
_VIEW = Literal["workers", "queue", "statistics"]
_BOOKMARKS_LAYOUT = {"autoGrid": "grid", "horizontal": "row", "vertical": "column"}
_CLUSTER = {
    "showNode": "node",
    "showLXCs": "lxc",
    "showVM": "qemu",
    "showStorage": "storage",
}


def _same(name: str, type_: Any) -> Reader:
    return lambda old: take(old.get(name), type_, UNDEFINED)


def _differs(name: str, value: str) -> Reader:
    return lambda old: old.get(name) != value


def _always(value: Any) -> Reader:
    return lambda _: value


def _list(name: str, type_: Any) -> Reader:
    """A list of the one value."""

    def read(old: Mapping[str, Any]) -> Any:
        value = take(old.get(name), type_, UNDEFINED)
        return UNDEFINED if value is UNDEFINED else [value]

    return read


def _graph(key: str) -> Reader:
    """Whether a graph of Dash. is shown."""

    def read(old: Mapping[str, Any]) -> Any:
        graphs = take(old.get("graphsOrder"), list[dict[str, Any]], None)
        if graphs is None:
            return UNDEFINED

        return any(
            graph.get("key") == key
            and take(graph.get("subValues"), dict[str, Any], {}).get("enabled") is True
            for graph in graphs
        )

    return read


def _cluster_sections(old: Mapping[str, Any]) -> Any:
    if "showNode" not in old:
        return UNDEFINED

    return [name for key, name in _CLUSTER.items() if old.get(key) is True]


_DOWNLOADS: Mapping[str, Reader] = {
    "activeTorrentThreshold": _same("speedLimitOfActiveTorrents", _NUMBER),
    "applyFilterToRatio": _same("displayRatioWithFilter", bool),
    "categoryFilter": _same("labelFilter", list[str]),
    "filterIsWhitelist": _same("labelFilterIsWhitelist", bool),
    "enableRowSorting": _same("rowSorting", bool),
    "showCompletedTorrent": _same("displayCompletedTorrents", bool),
    "columns": _always(["integration", "name", "progress", "time", "actions"]),
    "defaultSort": _always("type"),
    "descendingDefaultSort": _always(False),
    "showCompletedUsenet": _always(True),
    "showCompletedHttp": _always(True),
}
#: By the old type: the new kind, and its options; bookmarks have theirs below.
_KINDS: Mapping[str, tuple[str, Mapping[str, Reader]]] = {
    "date": (
        "clock",
        {
            "customTitle": _same("customTitle", str),
            "customTitleToggle": _differs("titleState", "none"),
            "dateFormat": _same("dateFormat", DateFormat),
            "is24HourFormat": _same("display24HourFormat", bool),
            "showDate": _differs("dateFormat", "hide"),
            "timezone": _same("timezone", str),
            "useCustomTimezone": _always(True),
        },
    ),
    "calendar": (
        "calendar",
        {
            "releaseType": _list("radarrReleaseType", _RELEASE),
            "showUnmonitored": _same("showUnmonitored", bool),
        },
    ),
    "torrents-status": ("downloads", _DOWNLOADS),
    "usenet": ("downloads", _DOWNLOADS),
    "weather": (
        "weather",
        {
            "forecastDayCount": _same("forecastDays", _NUMBER),
            "hasForecast": _same("displayWeekly", bool),
            "isFormatFahrenheit": _same("displayInFahrenheit", bool),
            "location": _same("location", Location),
            "showCity": _same("displayCityName", bool),
            "dateFormat": _same("dateFormat", DateFormat),
        },
    ),
    "rss": (
        "rssFeed",
        {
            "feedUrls": _same("rssFeedUrl", list[str]),
            "enableRtl": _same("enableRtl", bool),
            "maximumAmountPosts": _same("maximumAmountOfPosts", _NUMBER),
            "textLinesClamp": _same("textLinesClamp", _NUMBER),
        },
    ),
    "video-stream": (
        "video",
        {
            "feedUrl": _same("FeedUrl", str),
            "hasAutoPlay": _same("autoPlay", bool),
            "hasControls": _same("controls", bool),
            "isMuted": _same("muted", bool),
        },
    ),
    "iframe": (
        "iframe",
        {
            "embedUrl": _same("embedUrl", str),
            **{
                name: _same(name, bool)
                for name in (
                    "allowAutoPlay",
                    "allowFullScreen",
                    "allowPayment",
                    "allowCamera",
                    "allowMicrophone",
                    "allowGeolocation",
                    "allowScrolling",
                )
            },
        },
    ),
    "media-server": ("mediaServer", {}),
    "dns-hole-summary": (
        "dnsHoleSummary",
        {
            "layout": _same("layout", _DNS_LAYOUT),
            "usePiHoleColors": _same("usePiHoleColors", bool),
        },
    ),
    "dns-hole-controls": (
        "dnsHoleControls",
        {"showToggleAllButtons": _same("showToggleAllButtons", bool)},
    ),
    "notebook": (
        "notebook",
        {
            "allowReadOnlyCheck": _same("allowReadOnlyCheck", bool),
            "content": _same("content", str),
            "showToolbar": _same("showToolbar", bool),
        },
    ),
    "smart-home/entity-state": (
        "smartHome-entityState",
        {
            "entityId": _same("entityId", str),
            "displayName": _same("displayName", str),
        },
    ),
    "smart-home/trigger-automation": (
        "smartHome-executeAutomation",
        {
            "automationId": _same("automationId", str),
            "displayName": _same("displayName", str),
        },
    ),
    "media-requests-list": (
        "mediaRequests-requestList",
        {"linksTargetNewTab": _same("openInNewTab", bool)},
    ),
    "media-requests-stats": ("mediaRequests-requestStats", {}),
    "indexer-manager": (
        "indexerManager",
        {"openIndexerSiteInNewTab": _same("openIndexerSiteInNewTab", bool)},
    ),
    "bookmark": ("bookmarks", {"title": _same("name", str)}),
    "health-monitoring": (
        "healthMonitoring",
        {
            "cpu": _same("cpu", bool),
            "memory": _same("memory", bool),
            "fahrenheit": _same("fahrenheit", bool),
            "fileSystem": _same("fileSystem", bool),
            "defaultTab": _same("defaultTabState", _TAB),
            "sectionIndicatorRequirement": _same("sectionIndicatorColor", _INDICATOR),
            "visibleClusterSections": _cluster_sections,
        },
    ),
    "dashdot": (
        "healthMonitoring",
        {
            "cpu": _graph("cpu"),
            "memory": _graph("ram"),
            "fileSystem": _graph("storage"),
        },
    ),
    "media-transcoding": (
        "mediaTranscoding",
        {
            "defaultView": _same("defaultView", _VIEW),
            "queuePageSize": _same("queuePageSize", _NUMBER),
        },
    ),
}


def find_kind(type_: str) -> str | None:
    """The kind of item that an old widget is; None for one that there is no more."""
    known = _KINDS.get(type_)
    return None if known is None else known[0]


def read_widget(type_: str, old: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the item that an old widget of a kind that there is becomes."""
    read = {name: reader(old) for name, reader in _KINDS[type_][1].items()}
    return {name: value for name, value in read.items() if value is not UNDEFINED}


def read_bookmarks(
    old: Mapping[str, Any], links: Sequence[Bookmark], app_ids: Sequence[str]
) -> dict[str, Any]:
    """The options of bookmarks, whose links have become apps of these ids."""
    options = {
        **read_widget("bookmark", old),
        "items": list(app_ids),
        "hideIcon": any(link.hide_icon for link in links),
        "hideHostname": any(link.hide_hostname for link in links),
        "openNewTab": any(link.open_new_tab for link in links),
    }
    layout = take(old.get("layout"), str, "")
    if layout in _BOOKMARKS_LAYOUT:
        options["layout"] = _BOOKMARKS_LAYOUT[layout]

    return options
