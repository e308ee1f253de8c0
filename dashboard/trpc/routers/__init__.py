"""Where each router's procedures are; a file is loaded when one of its is called."""

from __future__ import annotations

from importlib import import_module

from dashboard.trpc.procedure import Procedure, Router

#: Homarr's name of a router: the module here that declares its procedures.
ROUTERS = {
    "apiKeys": "api_keys",
    "app": "app",
    "board": "board",
    "cronJobs": "cron_jobs",
    "group": "group",
    "home": "home",
    "icon": "icon",
    "info": "info",
    "invite": "invite",
    "location": "location",
    "log": "log",
    "media": "media",
    "onboard": "onboard",
    "searchEngine": "search_engine",
    "section": "section",
    "serverSettings": "server_settings",
    "updateChecker": "update_checker",
    "user": "user",
    "widget.app": "widget_app",
    "widget.memory": "widget_memory",
    "widget.notebook": "widget_notebook",
    "widget.options": "widget_options",
    "widget.rssFeed": "widget_rss_feed",
    "widget.weather": "widget_weather",
}


def find_offered(path: str) -> Procedure | None:
    """The procedure of a dotted path that this house offers, or None."""
    prefix, _, name = path.rpartition(".")
    if prefix not in ROUTERS:
        return None

    return load_router(prefix).procedures.get(name)


def load_router(prefix: str) -> Router:
    """The router of this name, from its file."""
    module = import_module(f"{__name__}.{ROUTERS[prefix]}")
    router: Router = module.router
    return router
