"""One request on its way to a page: who asks, with which form, and the answers.

Every route passes `enter`, so no page can forget to ask for a login or to check
a form's token.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from quart import Request, Response
from werkzeug.exceptions import Forbidden

from dashboard.accounts import Session, find_session
from services.web.forms import Form, read_form
from services.web.security import content_policy, local_path
from services.web.site import Site

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_STALE_FORM = (
    "This form is no longer valid, perhaps because you logged in or out in the "
    "meantime. Go back, reload the page and send it again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a page's function is given."""

    site: Site
    request: Request
    session: Session | None
    form: Form

    @property
    def member(self) -> Session:
        """The session, on routes that only members reach."""

        if self.session is None:
            raise Forbidden

        return self.session

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        style: str = "",
        **values: Any,
    ) -> Response:
        """Render a page for this visitor alone.

        `style` is the text of the inline style sheet that the template prints.
        """

        token, cookie = self._form_token()
        html = self.site.renderer.render(
            template,
            session=self.session,
            csrf_token=token,
            style=style,
            **values,
        )
        response = Response(html, status=status, content_type=_HTML)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = content_policy(
            external_images=not self.site.resources.settings.no_external_connection,
            style=style,
        )
        if cookie is not None:
            response.set_cookie(
                form_cookie_name(self.site, self.request),
                cookie,
                path="/",
                secure=self.request.is_secure,
                httponly=True,
                samesite="Lax",
            )

        return response

    def redirect(self, target: str) -> Response:
        """Send the browser on to a path of this site with a GET."""

        return redirect_to(target, status=303)

    def keep_session(self, response: Response, session: Session) -> None:
        """Hand the browser its login cookie."""

        response.set_cookie(
            self.site.resources.settings.cookie_name,
            session.token,
            expires=int(session.expires),
            path="/",
            secure=self.request.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def forget_session(self, response: Response) -> None:
        """Take the login cookies away, whichever version set them."""

        for name in self.site.resources.settings.accepted_cookie_names:
            if name in self.request.cookies:
                response.delete_cookie(
                    name,
                    path="/",
                    secure=self.request.is_secure,
                    httponly=True,
                    samesite="Lax",
                )

    def _form_token(self) -> tuple[str, str | None]:
        cookie = self.request.cookies.get(form_cookie_name(self.site, self.request))
        known = self.site.tokens.read(cookie, _token_of(self.session))
        if known is not None:
            return known, None

        return self.site.tokens.make(_token_of(self.session))


_HTML = "text/html; charset=utf-8"

Handler = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One address, the function that answers it and who may ask.

    `access` is "anyone", "member" (others are sent to the login), "api" (others
    are told 401), "setup" (the one page there is before onboarding has finished)
    or "system" (no session is looked up).
    """

    method: str
    path: str
    handler: Handler
    access: str = "member"


async def enter(site: Site, route: Route, request: Request) -> Visit | Response:
    """Let a request in, or answer it at the door.

    Raises:
        Forbidden: an unsafe method without a genuine form token.
    """

    if route.access == "system":
        return Visit(site=site, request=request, session=None, form=Form())

    if route.access in {"anyone", "member"} and not await site.onboarding.finished():
        return redirect_to("/init")

    session = await _find_session(site, request)
    form = Form()
    if request.method not in _SAFE_METHODS:
        form = await _read_genuine_form(site, request, session)

    if session is None and route.access == "api":
        return Response(
            b'{"error":"log in first"}',
            status=401,
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    if session is None and route.access == "member":
        return redirect_to(_login_path(request))

    return Visit(site=site, request=request, session=session, form=form)


def redirect_to(target: str, *, status: int = 302) -> Response:
    """Send the browser to a path of this site, and to no other."""

    return Response(
        b"",
        status=status,
        content_type=_HTML,
        headers={"Location": local_path(target), "Cache-Control": "no-store"},
    )


def form_cookie_name(site: Site, request: Request) -> str:
    """Name the cookie of the form token; https adds the browser's own guard."""

    host = "__Host-" if request.is_secure else ""
    return f"{host}{site.resources.settings.cookie_prefix}.csrf-token"


async def _find_session(site: Site, request: Request) -> Session | None:
    for name in site.resources.settings.accepted_cookie_names:
        token = request.cookies.get(name)
        if not token:
            continue

        session = await find_session(
            site.resources.database,
            token,
            timeout=site.resources.settings.session_timeout,
            clock=site.now,
        )
        if session is not None:
            return session

    return None


async def _read_genuine_form(
    site: Site, request: Request, session: Session | None
) -> Form:
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden(_STALE_FORM)

    form = await read_form(request)
    cookie = request.cookies.get(form_cookie_name(site, request))
    if not site.tokens.accepts(cookie, form.raw("csrf_token"), _token_of(session)):
        raise Forbidden(_STALE_FORM)

    return form


def _token_of(session: Session | None) -> str:
    return "" if session is None else session.token


def _login_path(request: Request) -> str:
    # What was to be changed cannot be repeated after the login: start at home.
    if request.method not in _SAFE_METHODS or request.path == "/":
        return "/auth/login"

    target = quote(request.path)
    if request.query_string:
        target += "?" + request.query_string.decode("ascii", "replace")

    return f"/auth/login?callbackUrl={quote(target, safe='')}"
