"""Keep the list of icons to choose from: five repositories, and the uploaded ones."""

from __future__ import annotations

import logging

from dashboard.resources import Resources

logger = logging.getLogger("services.tasks")


async def run(resources: Resources) -> None:
    """Compare each repository with its rows; one that cannot be asked keeps its.

    One after the other, since a list may be megabytes. Under NO_EXTERNAL_CONNECTION
    only the uploaded images are looked at.

    Raises:
        OutgoingError: not one of the repositories gave a list.
    """
    from dashboard.errors import OutgoingError
    from dashboard.icons.listing import list_icons
    from dashboard.icons.update import (
        delete_other_repositories,
        update_icons,
        update_local_icons,
    )

    changes = [await update_local_icons(resources.database)]
    sources = resources.sources.icons
    failed = 0
    if not resources.settings.no_external_connection:
        for source in sources:
            try:
                listed = await list_icons(source, settings=resources.settings)
            except OutgoingError as error:
                logger.warning("icons of %r are as they were: %s", source.slug, error)
                failed += 1
            else:
                changes.append(
                    await update_icons(resources.database, source.slug, listed)
                )

        await delete_other_repositories(
            resources.database, (source.slug for source in sources)
        )

    added = sum(change.added for change in changes)
    deleted = sum(change.deleted for change in changes)
    if added or deleted:
        logger.info("icons updated: %d added, %d deleted", added, deleted)

    if failed and failed == len(sources):
        raise OutgoingError(f"all {failed} icon repositories", "none gave a list")
