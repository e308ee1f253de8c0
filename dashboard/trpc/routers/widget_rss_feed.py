"""widget.rssFeed: the entries of feeds."""

from __future__ import annotations

import logging
from typing import Annotated, Any

import anyio
from msgspec import Meta

from dashboard.errors import OutgoingError
from dashboard.feeds import list_seen_feed_urls, load_feed
from dashboard.inputs import Input
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Router

router = Router()
logger = logging.getLogger(__name__)


class FeedSearch(Input, frozen=True, kw_only=True):
    """Feeds, and how many entries of all of them are wanted."""

    urls: Annotated[list[str], Meta(max_length=100)]
    maximum_amount_posts: Annotated[float, Meta(ge=0)]


@router.query("getFeeds", guard=anyone, input=FeedSearch)
async def get_feeds(context: Context, given: FeedSearch) -> Any:
    """The newest entries of those feeds that boards show to the caller.

    Feeds that fail are left out, unless all of them do. Under NO_EXTERNAL_CONNECTION
    there are none.
    """
    resources = context.resources
    if resources.settings.no_external_connection:
        return []

    seen = set(await list_seen_feed_urls(resources.database, context.session))
    urls = [url for url in dict.fromkeys(given.urls) if url in seen]
    found: dict[str, list[dict[str, Any]]] = {url: [] for url in urls}
    errors: list[OutgoingError] = []

    async def find(url: str) -> None:
        try:
            found[url] = await load_feed(resources, url)
        except OutgoingError as error:
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        for url in urls:
            tasks.start_soon(find, url)

    if errors and len(errors) == len(urls):
        raise errors[0]

    for error in errors:
        logger.warning("no news of a feed: %s", error)

    entries = [entry for url in urls for entry in found[url]]
    # Those without a date come last.
    entries.sort(key=lambda entry: str(entry["published"]), reverse=True)
    return entries[: int(min(given.maximum_amount_posts, len(entries)))]
