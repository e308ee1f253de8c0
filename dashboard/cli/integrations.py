"""`integrations list` and `integrations delete`."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from dashboard.cli.answers import USAGE, Answer, CommandError, show, show_table
from dashboard.cli.opened import open_database
from dashboard.integrations import Integration, delete_integration, list_integrations
from dashboard.settings import Settings


async def show_integrations(arguments: Namespace, settings: Settings) -> Answer:
    """Show every integration's id and name."""
    async with open_database(settings) as database:
        found = await list_integrations(database)

    if arguments.json:
        return Answer(lines=[json.dumps([asdict(one) for one in found], indent=2)])

    if not found:
        return Answer(lines=["No integrations found"])

    rows = [(one.id, show(one.name)) for one in found]
    return Answer(lines=show_table("ID\t\t\t\tName", rows))


async def remove_integration(arguments: Namespace, settings: Settings) -> Answer:
    """Delete the integration of an id or of a name."""
    if not arguments.id and not arguments.name:
        raise CommandError("Either --id or --name must be provided", exit_code=USAGE)

    async with open_database(settings) as database:
        one = _choose(await list_integrations(database), arguments)
        if one is None or not await delete_integration(database, one.id):
            raise CommandError("Integration not found")

    return Answer(lines=[f"Integration {show(one.name)} ({show(one.id)}) deleted"])


def _choose(
    integrations: Sequence[Integration], arguments: Namespace
) -> Integration | None:
    if arguments.id:
        found = [one for one in integrations if one.id == arguments.id]
    else:
        found = [one for one in integrations if one.name == arguments.name]

    if len(found) > 1:
        ids = ", ".join(show(one.id) for one in found)
        raise CommandError(
            f"error: several integrations have this name; give --id: {ids}"
        )

    return found[0] if found else None
