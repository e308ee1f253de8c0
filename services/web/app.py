"""The web service: one door that every request passes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from quart import Quart, Request, Response, request
from quart import app as quart_app
from quart.sessions import SecureCookieSessionInterface
from quart.wrappers import BaseRequestWebsocket
from werkzeug.exceptions import BadHost, NotFound
from werkzeug.routing import MapAdapter, PathConverter

from dashboard.accounts.attempts import share_attempts
from dashboard.resources import Resources
from services.web.assets import read_assets
from services.web.compression import Compression
from services.web.delivery import deliver
from services.web.door import Route, enter
from services.web.live import LiveState
from services.web.onboarding import Onboarding
from services.web.problems import register_problems
from services.web.render import Renderer
from services.web.routes import ROUTES
from services.web.security import COMMON_HEADERS, FormTokens, content_policy
from services.web.site import Monitor, Site
from services.web.trpc import UPLOADS

MAX_BODY_BYTES = 1024 * 1024
_YEAR = 31_536_000


def create_app(
    *,
    resources: Resources,
    monitor: Monitor,
    now: Callable[[], float] = time.time,
) -> Quart:
    """Make the ASGI application; nothing is served or opened yet."""

    # The parts that every page shares
    assets = read_assets()
    site = Site(
        resources=resources,
        monitor=monitor,
        live=LiveState(resources.bus, label=monitor.label),
        onboarding=Onboarding(resources.database),
        renderer=Renderer(assets),
        assets=assets,
        tokens=FormTokens(resources.settings.auth_secret),
        attempts=share_attempts(resources.database, now=now),
        now=now,
    )

    # Quart without its own files, templates and cookies
    with _without_commands():
        app = _App(__name__, static_folder=None, template_folder=None)

    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.request_class = _Request
    app.session_interface = _NoSessions()

    # What it answers
    app.url_map.converters["all"] = _All
    for route in ROUTES:
        app.add_url_rule(
            route.path,
            endpoint=f"{route.method} {route.path}",
            view_func=_open_door(site, route),
            methods=[route.method],
        )
    app.add_url_rule("/static/<name>", "static", _serve_assets(site))
    register_problems(app, site)
    app.after_request(_finish(Compression()))

    # What it lets go of
    async def stop_listening() -> None:
        site.live.close()

    app.after_serving(stop_listening)
    return app


@contextmanager
def _without_commands() -> Iterator[None]:
    """Let an application be made without a command line, for which it reads click."""

    group = getattr(quart_app, "AppGroup")  # noqa: B009 -- not exported
    setattr(quart_app, "AppGroup", SimpleNamespace)  # noqa: B010 -- of another type
    try:
        yield
    finally:
        setattr(quart_app, "AppGroup", group)  # noqa: B010


class _App(Quart):
    """Quart, with an answer to a Host that can be no name, like one of 64 letters."""

    def create_url_adapter(
        self, request: BaseRequestWebsocket | None
    ) -> MapAdapter | None:
        """Find what is at an address; raises nothing, which no handler would see."""

        try:
            return super().create_url_adapter(request)
        except BadHost:
            return _Nowhere(self.url_map, "", "/", "", "http", "/", "GET")


class _All(PathConverter):
    """The rest of an address, also where it begins with another slash."""

    regex = ".+?"
    part_isolating = False


class _Nowhere(MapAdapter):
    """Nothing is anywhere."""

    def match(self, *_: Any, **__: Any) -> Any:
        """Raise BadHost, which is answered 400."""

        raise BadHost


class _Request(Request):
    """A request whose body may be large where files are taken, and nowhere else."""

    def __init__(
        self, method: str, scheme: str, path: str, *rest: Any, **more: Any
    ) -> None:
        bound = UPLOADS.get(path)
        if bound is not None:
            more["max_content_length"] = bound

        super().__init__(method, scheme, path, *rest, **more)
        if bound is not None:
            # The parser of forms has a bound of its own.
            self.max_content_length = bound


class _NoSessions(SecureCookieSessionInterface):
    """Quart's own signed cookies are not used: sessions are rows of the database."""

    async def open_session(self, app: Quart, request: BaseRequestWebsocket) -> None:
        """Open nothing."""

    def is_null_session(self, obj: object) -> bool:
        """Say that there is never anything to save."""

        return True


def _open_door(site: Site, route: Route) -> Callable[..., Awaitable[Response]]:
    async def answer(**arguments: str) -> Response:
        visit = await enter(site, route, request)
        if isinstance(visit, Response):
            return visit

        return await route.handler(visit, **arguments)

    return answer


def _serve_assets(site: Site) -> Callable[..., Awaitable[Response]]:
    async def serve(name: str) -> Response:
        asset = site.assets.get(name)
        if asset is None:
            raise NotFound

        # Only the address with the content's own hash means this content for ever.
        current = request.args.get("v") == asset.version
        lasting = f"public, max-age={_YEAR}, immutable"
        headers = {
            "ETag": f'"{asset.version}"',
            "Cache-Control": lasting if current else "no-cache",
        }
        return Response(asset.content, content_type=asset.content_type, headers=headers)

    return serve


def _finish(compression: Compression) -> Callable[[Response], Awaitable[Response]]:
    async def finish(response: Response) -> Response:
        for name, value in COMMON_HEADERS:
            response.headers[name] = value

        response.headers.setdefault(
            "Content-Security-Policy", content_policy(external_images=False)
        )
        return await deliver(response, request, compression)

    return finish
