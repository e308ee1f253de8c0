"""Configuration files as Homarr 0.15 and 0.16 wrote them, with all their members."""

from __future__ import annotations

from typing import Any

#: Columns, rows: x, y, width, height.
Cells = tuple[int, int, int, int]

#: By type: properties as the old widgets had them.
WIDGETS: dict[str, dict[str, Any]] = {
    "date": {
        "timezone": "Europe/Berlin",
        "customTitle": "Home",
        "display24HourFormat": True,
        "dateFormat": "D MMM",
        "titleState": "both",
    },
    "calendar": {
        "hideWeekDays": True,
        "showUnmonitored": False,
        "radarrReleaseType": "digitalRelease",
        "fontSize": "xs",
    },
    "weather": {
        "displayInFahrenheit": True,
        "displayCityName": True,
        "displayWeekly": True,
        "forecastDays": 5,
        "location": {"name": "Paris", "latitude": 48.85341, "longitude": 2},
        "dateFormat": "hide",
    },
    "torrents-status": {
        "displayCompletedTorrents": False,
        "displayActiveTorrents": True,
        "speedLimitOfActiveTorrents": 10,
        "displayStaleTorrents": True,
        "labelFilterIsWhitelist": True,
        "labelFilter": ["tv"],
        "displayRatioWithFilter": False,
        "columnOrdering": True,
        "rowSorting": True,
        "columns": ["up", "down", "eta", "progress"],
        "nameColumnSize": 2,
    },
    "usenet": {},
    "dlspeed": {},
    "rss": {
        "rssFeedUrl": ["https://example.com/feed"],
        "refreshInterval": 30,
        "dangerousAllowSanitizedItemContent": False,
        "textLinesClamp": 5,
        "sortByPublishDateAscending": True,
        "sortPostsWithoutPublishDateToTheTop": False,
        "maximumAmountOfPosts": 100,
        "enableRtl": False,
    },
    "video-stream": {
        "FeedUrl": "https://example.com/live.m3u8",
        "autoPlay": True,
        "muted": True,
        "controls": False,
    },
    "iframe": {
        "embedUrl": "https://example.com",
        "allowFullScreen": True,
        "allowTransparency": False,
        "allowScrolling": True,
        "allowPayment": False,
        "allowAutoPlay": False,
        "allowMicrophone": False,
        "allowCamera": False,
        "allowGeolocation": False,
    },
    "media-server": {},
    "media-requests-list": {
        "replaceLinksWithExternalHost": True,
        "openInNewTab": True,
    },
    "media-requests-stats": {
        "replaceLinksWithExternalHost": False,
        "openInNewTab": True,
    },
    "indexer-manager": {"openIndexerSiteInNewTab": True},
    "dns-hole-summary": {"usePiHoleColors": True, "layout": "grid"},
    "dns-hole-controls": {"showToggleAllButtons": True},
    "bookmark": {
        "name": "Reading",
        "items": [
            {
                "id": "b1",
                "name": "Docs",
                "href": "https://docs.example",
                "iconUrl": "/imgs/docs.svg",
                "openNewTab": False,
                "hideHostname": True,
                "hideIcon": False,
            },
            {
                "id": "b2",
                "name": "News",
                "href": "https://news.example",
                "iconUrl": "/imgs/news.svg",
                "openNewTab": True,
                "hideHostname": False,
                "hideIcon": False,
            },
        ],
        "layout": "horizontal",
    },
    "notebook": {
        "showToolbar": True,
        "allowReadOnlyCheck": False,
        "content": "<h2>Shopping</h2><p>Milk</p>",
    },
    "smart-home/entity-state": {
        "entityId": "sun.sun",
        "appendUnit": False,
        "genericToggle": False,
        "automationId": "",
        "displayName": "Sun",
        "displayFriendlyName": False,
    },
    "smart-home/trigger-automation": {
        "automationId": "automation.lights",
        "displayName": "Lights",
    },
    "health-monitoring": {
        "fahrenheit": True,
        "cpu": True,
        "memory": False,
        "fileSystem": True,
        "defaultTabState": "cluster",
        "node": "",
        "defaultViewState": "none",
        "summary": True,
        "showNode": True,
        "showVM": True,
        "showLXCs": False,
        "showStorage": True,
        "sectionIndicatorColor": "any",
        "ignoreCert": True,
    },
    "dashdot": {
        "dashName": "Dash",
        "url": "https://dash.example",
        "usePercentages": False,
        "columns": 2,
        "graphHeight": 115,
        "graphsOrder": [
            {"key": "storage", "subValues": {"enabled": False, "span": 2}},
            {"key": "cpu", "subValues": {"enabled": True, "span": 1}},
            {"key": "ram", "subValues": {"enabled": True, "span": 1}},
        ],
    },
    "media-transcoding": {
        "defaultView": "queue",
        "showHealthCheck": True,
        "showHealthChecksInQueue": True,
        "queuePageSize": 10,
        "showAppIcon": True,
    },
}


def wrapper(section_id: str) -> dict[str, Any]:
    """The area of an item in a section without a name."""
    return {"type": "wrapper", "properties": {"id": section_id}}


def category(section_id: str) -> dict[str, Any]:
    """The area of an item in a category."""
    return {"type": "category", "properties": {"id": section_id}}


def sidebar(location: str) -> dict[str, Any]:
    """The area of an item beside the board."""
    return {"type": "sidebar", "properties": {"location": location}}


def shapes(lg: Cells, **more: Cells) -> dict[str, Any]:
    """Places by size; "md" and "sm" are as "lg" unless they are given."""
    return {size: shape(*more.get(size, lg)) for size in ("sm", "md", "lg")}


def shape(x: int, y: int, width: int, height: int) -> dict[str, Any]:
    """One place."""
    return {
        "location": {"x": x, "y": y},
        "size": {"width": width, "height": height},
    }


def app(name: str, area: dict[str, Any], places: dict[str, Any]) -> dict[str, Any]:
    """An app with an integration and its secret."""
    return {
        "id": f"id of {name}",
        "name": name,
        "url": f"http://{name.lower()}.lan",
        "appearance": {
            "iconUrl": f"/icons/{name.lower()}.svg",
            "appNameStatus": "normal",
            "positionAppName": "column",
            "lineClampAppName": 1,
            "appNameFontSize": 16,
        },
        "network": {
            "enabledStatusChecker": True,
            "statusCodes": ["200", "301"],
            "okStatus": [200],
        },
        "behaviour": {
            "isOpeningNewTab": False,
            "externalUrl": f"https://{name.lower()}.example",
            "tooltipDescription": f"This is {name}",
        },
        "area": area,
        "shape": places,
        "integration": {
            "type": "sonarr",
            "properties": [
                {
                    "field": "apiKey",
                    "type": "private",
                    "value": "a secret",
                    "isDefined": True,
                }
            ],
        },
    }


def widget(type_: str, area: dict[str, Any], places: dict[str, Any]) -> dict[str, Any]:
    """A widget with its usual properties."""
    return {
        "id": f"id of {type_}",
        "type": type_,
        "properties": WIDGETS[type_],
        "area": area,
        "shape": places,
    }


def configuration(**parts: Any) -> dict[str, Any]:
    """A file of one unnamed section "default", with nothing in it."""
    return {
        "schemaVersion": 2,
        "configProperties": {"name": "default"},
        "categories": [],
        "wrappers": [{"id": "default", "position": 0}],
        "apps": [],
        "widgets": [],
        "settings": {
            "common": {
                "searchEngine": {
                    "type": "google",
                    "properties": {"enabled": True, "openInNewTab": True},
                }
            },
            "customization": {
                "layout": {
                    "enabledLeftSidebar": True,
                    "enabledRightSidebar": True,
                    "enabledDocker": False,
                    "enabledPing": True,
                    "enabledSearchbar": True,
                },
                "pageTitle": "My place",
                "metaTitle": "",
                "logoImageUrl": "/imgs/logo/logo.png",
                "faviconUrl": "/imgs/favicon/favicon-squared.png",
                "backgroundImageUrl": "/imgs/backgrounds/hills.webp",
                "backgroundImageAttachment": "scroll",
                "backgroundImageSize": "contain",
                "backgroundImageRepeat": "repeat-y",
                "customCss": "body{display:none}",
                "colors": {"primary": "cyan", "secondary": "mauve", "shade": 7},
                "appOpacity": 80,
                "gridstack": {
                    "columnCountSmall": 3,
                    "columnCountMedium": 6,
                    "columnCountLarge": 10,
                },
            },
            "access": {"allowGuests": True},
        },
        **parts,
    }


def small() -> dict[str, Any]:
    """Two apps and a clock in the one section."""
    return configuration(
        apps=[
            app("Sonarr", wrapper("default"), shapes((0, 0, 1, 1))),
            app("Radarr", wrapper("default"), shapes((1, 0, 2, 1))),
        ],
        widgets=[
            widget("date", wrapper("default"), shapes((3, 0, 2, 1), sm=(0, 1, 2, 1)))
        ],
    )


def medium() -> dict[str, Any]:
    """Two categories, three unnamed sections too many, sidebars and every widget."""
    places = [
        shapes((2 * (n % 5), n // 5, 2, 1), md=(0, n, 2, 1), sm=(0, n, 1, 1))
        for n in range(len(WIDGETS))
    ]
    return configuration(
        categories=[
            {"id": "media", "name": "Media & more", "position": 1},
            {"id": "tools", "name": "Tools", "position": 3},
        ],
        wrappers=[
            {"id": "beyond", "position": 5},
            {"id": "default", "position": 0},
            {"id": "end", "position": 4},
            {"id": "between", "position": 2},
        ],
        apps=[
            app("Sonarr", category("media"), shapes((0, 0, 1, 1))),
            app("Radarr", category("tools"), shapes((0, 0, 1, 1))),
            app("Plex", wrapper("end"), shapes((0, 0, 2, 2))),
            app("Emby", wrapper("beyond"), shapes((0, 0, 1, 1))),
            app("Left", sidebar("left"), shapes((1, 0, 1, 1))),
            app("Right", sidebar("right"), shapes((0, 1, 2, 1))),
        ],
        widgets=[
            widget(type_, wrapper("default"), place)
            for type_, place in zip(WIDGETS, places, strict=True)
        ],
    )
