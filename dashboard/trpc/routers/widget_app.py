"""widget.app: whether the apps of the boards answer."""

from __future__ import annotations

from functools import partial
from typing import Any

from dashboard.apps import App, list_apps_at, list_pinged_apps, load_apps
from dashboard.boards import list_seen_apps
from dashboard.errors import ProcedureError
from dashboard.inputs import Id, Input, Text
from dashboard.jobs import load_job_configuration
from dashboard.resources import Resources
from dashboard.stored import read_server_setting
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Router

router = Router()

#: Seconds for which an answer is told to all who ask: nobody makes us ask faster.
KEPT_SECONDS = 10.0
#: Seconds in which those who subscribe to an app have it pinged once.
FIRST_SECONDS = 60.0


class Pinged(Input, frozen=True, kw_only=True):
    """An app by its id, or as older clients name it, by the URL that is pinged."""

    id: Id | None = None
    url: Text | None = None

    def __post_init__(self) -> None:
        if (self.id is None) == (self.url is None):
            raise ValueError("give the app's id, or its url")


@router.query("ping", guard=anyone, input=Pinged)
async def ping(context: Context, given: Pinged) -> dict[str, Any]:
    """Ask an app that some board shows to the caller whether it is there."""
    resources = context.resources
    setting = await read_server_setting(resources.database, "board")
    if setting.get("forceDisableStatus") is True:
        message = "Ping functionality is disabled by server settings"
        raise ProcedureError("FORBIDDEN", message)

    app = await _find(context, given)
    url = app.target
    if not url:
        message = "No URL to ping configured for this app"
        raise ProcedureError("CONFLICT", message)

    return await _ask(resources, url)


@router.subscription("updatedPing", guard=anyone, input=Pinged)
async def updated_ping(context: Context, given: Pinged) -> list[str]:
    """Hear each ping of an app that some board shows to the caller.

    The first is made at once if none is known, since the job's may be a minute away.
    """
    app = await _find(context, given)
    resources, topic = context.resources, f"ping:{app.id}"
    if resources.bus.last(topic) is None:
        resources.cache.load_soon(
            f"first-{topic}",
            partial(_ping_first, resources, app.id, topic),
            ttl=FIRST_SECONDS,
        )

    return [topic]


async def _ping_first(resources: Resources, app_id: str, topic: str) -> None:
    """Do what the job "ping" would do with an app, unless it was quicker."""
    configuration = await load_job_configuration(resources.database)
    _, enabled = configuration["ping"]
    if not enabled or resources.bus.last(topic) is not None:
        return

    for app in await list_pinged_apps(resources.database, only=app_id):
        resources.bus.publish(topic, await _ask(resources, app.target or ""))


async def _ask(resources: Resources, url: str) -> dict[str, Any]:
    from dashboard import pings  # loads httpcore: only those who ping pay for it

    answer: dict[str, Any] = await resources.cache.load(
        f"ping:{url}",
        lambda: pings.ping(url, settings=resources.settings),
        ttl=KEPT_SECONDS,
    )
    return answer


async def _find(context: Context, given: Pinged) -> App:
    """The app, if some board shows it to the caller: no other URL is ever asked."""
    database = context.resources.database
    if given.url is not None:
        apps = await list_apps_at(database, given.url)
    else:
        apps = list((await load_apps(database, [given.id or ""])).values())

    seen = await list_seen_apps(database, [app.id for app in apps], context.session)
    for app in apps:
        if app.id in seen:
            return app

    raise ProcedureError("NOT_FOUND", "App not found")
