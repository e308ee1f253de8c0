"""Feeds that boards show: their entries, from the cache or from their servers.

reading   the entries of a document: RSS, RDF or Atom by `xml`, or JSON Feed
entries   what a document says of an entry, made into what clients get
"""

from __future__ import annotations

import hashlib
from typing import Any

from dashboard import superjson
from dashboard.boards.access import GRANTS
from dashboard.database import Readable
from dashboard.errors import OutgoingError
from dashboard.feeds.reading import FeedError, read_feed
from dashboard.identity import Session
from dashboard.outgoing import fetch, name_server
from dashboard.resources import Resources
from dashboard.stored import read_options

__all__ = ["list_feed_urls", "list_seen_feed_urls", "load_feed", "refresh_feed"]

#: The job asks anew every ten minutes, so boards find the feeds of their items here.
TTL = 15 * 60.0
MAX_BYTES = 8 * 1024 * 1024
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json,"
    " application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)

Entry = dict[str, Any]


async def load_feed(resources: Resources, url: str) -> list[Entry]:
    """The entries of a stored feed, as `read_feed` gives them.

    Raises OutgoingError, also where its document cannot be read.
    """

    async def fetch_entries() -> list[Entry]:
        return await _fetch_feed(resources, url)

    entries: list[Entry] = await resources.cache.load(
        _make_key(url), fetch_entries, ttl=TTL
    )
    return entries


async def refresh_feed(resources: Resources, url: str) -> None:
    """Ask the server and keep what it says; raises OutgoingError."""
    entries = await _fetch_feed(resources, url)
    await resources.cache.set(_make_key(url), superjson.encode(entries), ttl=TTL)


async def list_feed_urls(source: Readable) -> list[str]:
    """The URLs of every feed item of any board, each once."""
    rows = await source.all("SELECT id, options FROM item WHERE kind = 'rssFeed'")
    return _read_urls(rows)


async def list_seen_feed_urls(source: Readable, session: Session | None) -> list[str]:
    """The URLs of the feed items of those boards that the viewer may see.

    No other URL is ever asked: a server that fetches what strangers name is a way into
    its network.
    """
    everywhere = session is not None and session.may("board-view-all")
    rows = await source.all(
        f"WITH grants AS ({GRANTS})"  # noqa: S608 - a constant
        " SELECT i.id, i.options FROM item AS i JOIN board AS b ON b.id = i.board_id"
        " WHERE i.kind = 'rssFeed'"
        " AND (:everywhere OR b.is_public OR b.creator_id = :user"
        " OR b.id IN (SELECT board_id FROM grants))",
        {
            "everywhere": everywhere,
            "user": session.user_id if session else None,
        },
    )
    return _read_urls(rows)


def _read_urls(rows: Any) -> list[str]:
    urls: dict[str, None] = {}
    for row in rows:
        found = read_options(row["options"], "item", row["id"]).get("feedUrls")
        if isinstance(found, list):
            urls.update((url, None) for url in found if isinstance(url, str) and url)

    return list(urls)


async def _fetch_feed(resources: Resources, url: str) -> list[Entry]:
    answer = await fetch(
        url, settings=resources.settings, accept=ACCEPT, max_bytes=MAX_BYTES
    )
    try:
        return await read_feed(answer.body, url=answer.url)
    except FeedError as error:
        raise OutgoingError(name_server(url), str(error)) from error


def _make_key(url: str) -> str:
    # URLs may be long, and hold secrets that are nobody's business in Redis.
    return f"feed:{hashlib.sha256(url.encode()).hexdigest()}"
