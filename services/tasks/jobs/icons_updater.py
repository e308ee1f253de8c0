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
    failures = []
    if not resources.settings.no_external_connection:
        for source in sources:
            try:
                listed = await list_icons(source, settings=resources.settings)
            except OutgoingError as error:
                failures.append(f"{source.slug!r} ({error})")
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

    if not failures:
        return

    # Without internet all of them fail alike: one of the reasons is enough.
    if len(failures) == len(sources):
        raise OutgoingError(
            f"all {len(failures)} icon repositories",
            f"none gave a list, the first was {failures[0]}; where there is no"
            " internet, set NO_EXTERNAL_CONNECTION=true",
        )

    logger.warning("icons are as they were of %s", ", ".join(failures))
