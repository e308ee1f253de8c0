"""What the members of inputs may look like, for the document that describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ID = "v0a3sgq4nkm6dc2r9tx8wzbe"

#: By the member's name: each means the same wherever it is taken.
EXAMPLES: Mapping[str, Any] = {
    # What is named
    "id": _ID,
    "boardId": _ID,
    "userId": _ID,
    "homeBoardId": _ID,
    "mobileHomeBoardId": None,
    "defaultSearchEngineId": None,
    "groupIds": [],
    "integrationIds": [],
    # Lists
    "search": "nas",
    "query": "nas",
    "page": 1,
    "pageSize": 10,
    "limit": 10,
    "excludeExternalProviders": False,
    # Apps, boards and items
    "name": "nas",
    "description": "Films and photos",
    "iconUrl": "/static/icon.svg",
    "href": "https://nas.example",
    "pingUrl": None,
    "columnCount": 10,
    "isPublic": False,
    "visibility": "private",
    "kind": "clock",
    "options": {"showSeconds": True},
    # How a board looks
    "pageTitle": "Home",
    "metaTitle": "Home",
    "logoImageUrl": None,
    "faviconImageUrl": None,
    "backgroundImageUrl": None,
    "backgroundImageAttachment": "fixed",
    "backgroundImageRepeat": "no-repeat",
    "backgroundImageSize": "cover",
    "primaryColor": "#fa5252",
    "secondaryColor": "#fd7e14",
    "opacity": 100,
    "customCss": "",
    "iconColor": None,
    "itemRadius": "lg",
    "disableStatus": False,
    # People
    "expirationDate": "2099-12-31T12:00:00.000Z",
    "username": "grace",
    "email": "grace@example.com",
    "previousPassword": "Correct horse 7!",
    "password": "Battery staple 8?",
    "confirmPassword": "Battery staple 8?",
    "image": None,
    "openInNewTab": True,
    "colorScheme": "dark",
    "firstDayOfWeek": 1,
}
