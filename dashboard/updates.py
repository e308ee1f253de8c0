"""Newer versions of this program, from a list of releases in GitHub's form."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from dashboard import superjson
from dashboard.outgoing import fetch_json
from dashboard.resources import Resources
from dashboard.version import VERSION

KEY = "updates"
#: The job asks anew every hour.
TTL = 2 * 3600.0
#: Of the list, whose releases carry their notes.
MAX_BYTES = 4 * 1024 * 1024
#: https://semver.org, with the v that tags begin with.
_VERSION = re.compile(
    r"v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)


class _Release(msgspec.Struct):
    tag_name: str
    html_url: str
    name: str | None = None
    body_html: str | None = None
    draft: bool = False
    prerelease: bool = False


async def load_updates(resources: Resources) -> list[dict[str, Any]]:
    """The releases after this version, newest first, from the cache or the server.

    Each is {"name", "url", "tagName"}, with "contentHtml" where the server tells its
    notes. None where UPDATE_CHECK_URL is not set, or NO_EXTERNAL_CONNECTION is.
    Raises OutgoingError.
    """
    if not is_checking(resources):
        return []

    async def fetch() -> Any:
        return await _fetch_updates(resources)

    updates: list[dict[str, Any]] = await resources.cache.load(KEY, fetch, ttl=TTL)
    return updates


async def refresh_updates(resources: Resources) -> list[dict[str, Any]]:
    """Ask the server, keep what it says and return it; raises OutgoingError."""
    updates = await _fetch_updates(resources)
    await resources.cache.set(KEY, superjson.encode(updates), ttl=TTL)
    return updates


def is_checking(resources: Resources) -> bool:
    """Whether anybody is asked at all."""
    settings = resources.settings
    return bool(settings.update_check_url) and not settings.no_external_connection


async def _fetch_updates(resources: Resources) -> list[dict[str, Any]]:
    releases = await fetch_json(
        resources.settings.update_check_url,
        list[_Release],
        settings=resources.settings,
        max_bytes=MAX_BYTES,
    )
    current = read_version(VERSION)
    newer = []
    for release in releases:
        found = read_version(release.tag_name)
        # Whoever runs a final version did not ask to try others out.
        tried_out = release.prerelease and current is not None and current[1] == (1,)
        if found is None or release.draft or tried_out:
            continue

        if release.html_url.startswith(("https://", "http://")) and (
            current is None or found > current
        ):
            newer.append((found, release))

    newer.sort(key=lambda one: one[0], reverse=True)
    return [_build_update(release) for _, release in newer]


def _build_update(release: _Release) -> dict[str, Any]:
    update = {
        "name": release.name,
        "url": release.html_url,
        "tagName": release.tag_name,
    }
    if release.body_html is not None:
        update["contentHtml"] = release.body_html

    return update


def read_version(tag: str) -> tuple[Any, ...] | None:
    """What versions are compared by, as Semantic Versioning orders them; or None."""
    match = _VERSION.fullmatch(tag)
    if match is None:
        return None

    numbers = tuple(int(number) for number in match.groups()[:3])
    if match[4] is None:
        return numbers, (1,)

    # Numbers come before words, and all of them before the final version.
    parts = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in match[4].split(".")
    )
    return numbers, (0, parts)
