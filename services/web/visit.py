"""One request as a page sees it: who asks, with which form, and the answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from quart import Request, Response
from werkzeug.exceptions import Forbidden

from dashboard.accounts import Session
from dashboard.peer import Peer
from services.web.forms import Form
from services.web.security import content_policy, local_path
from services.web.site import Site

_HTML = "text/html; charset=utf-8"
_RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a page's function is given."""

    site: Site
    request: Request
    peer: Peer
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
        confidential: bool = False,
        **values: Any,
    ) -> Response:
        """Render a page for this visitor alone.

        `style` is the text of the inline style sheet that the template prints. A page
        that shows a secret is `confidential`: nobody may compress it.
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
        response.headers["Cache-Control"] = (
            "no-store, no-transform" if confidential else "no-store"
        )
        response.headers["Content-Security-Policy"] = content_policy(
            external_images=not self.site.resources.settings.no_external_connection,
            style=style,
        )
        if cookie is not None:
            response.set_cookie(
                form_cookie_name(self.site, self.peer),
                cookie,
                path="/",
                secure=self.peer.secure,
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
            secure=self.peer.secure,
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
                    secure=self.peer.secure,
                    httponly=True,
                    samesite="Lax",
                )

    def _form_token(self) -> tuple[str, str | None]:
        cookie = self.request.cookies.get(form_cookie_name(self.site, self.peer))
        known = self.site.tokens.read(cookie, token_of(self.session))
        if known is not None:
            return known, None

        return self.site.tokens.make(token_of(self.session))


def redirect_to(target: str, *, status: int = 302) -> Response:
    """Send the browser to a path of this site, and to no other."""

    return Response(
        b"",
        status=status,
        content_type=_HTML,
        headers={"Location": local_path(target), "Cache-Control": "no-store"},
    )


def come_back(response: Response, seconds: float = _RETRY_SECONDS) -> Response:
    """Make an answer a 429 that says when to try again."""

    response.status_code = 429
    response.headers["Retry-After"] = str(math.ceil(seconds))
    return response


def form_cookie_name(site: Site, peer: Peer) -> str:
    """Name the cookie of the form token; https adds the browser's own guard."""

    host = "__Host-" if peer.secure else ""
    return f"{host}{site.resources.settings.cookie_prefix}.csrf-token"


def token_of(session: Session | None) -> str:
    """Return what form tokens are bound to; a stranger's to nothing."""

    return "" if session is None else session.token
