"""The door that every request passes: who asks, may they, and is the form genuine.

No page can forget to ask for a login, a permission or a form's token: the table of
addresses says what each one needs, and `enter` sees to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from quart import Request, Response, g
from werkzeug.exceptions import Forbidden, UnsupportedMediaType

from dashboard.accounts import Session, find_key_session, find_session
from dashboard.peer import Peer, find_peer
from services.web.forms import Form, read_form
from services.web.security import is_json, is_own_request
from services.web.site import Site
from services.web.visit import Visit, form_cookie_name, redirect_to, token_of

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_STALE_FORM = (
    "This form is no longer valid, perhaps because you logged in or out in the "
    "meantime, or the server was restarted. Go back, reload the page and send it again."
)
_NO_LOGIN = b'{"error":"log in first"}'
_BAD_KEY = b'{"error":"the API key is not valid"}'
_NOT_JSON = "Send JSON, with the content type application/json."
_FOREIGN = "Requests of other sites are not taken (see ALLOWED_ORIGINS)."

Handler = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One address, the function that answers it and who may ask.

    `access` is "anyone", "member" (others are sent to the login), "admin" (other
    members are told 403), "api" (a session or an API key; others are told 401),
    "trpc" (whoever; what they may is each procedure's affair, and keys are not taken),
    "setup" (the one page there is before onboarding has finished) or "system" (no
    session is looked up).
    """

    method: str
    path: str
    handler: Handler
    access: str = "member"


async def enter(site: Site, route: Route, request: Request) -> Visit | Response:
    """Let a request in, or answer it at the door.

    Raises:
        Forbidden: an unsafe method without a genuine form token or from another
            site, or a page of the administration for somebody else.
        UnsupportedMediaType: a body of a type that the address does not take.
        ThrottledError, TooBusyError: too many wrong API keys came, or too many at once.
    """

    peer = read_peer(site, request)
    if route.access == "system":
        return Visit(site=site, request=request, peer=peer, session=None, form=Form())

    if route.access == "api":
        return await _enter_api(site, request, peer)

    if route.access == "trpc":
        return await _enter_trpc(site, request, peer)

    if route.access != "setup" and not await site.onboarding.finished():
        return redirect_to("/init")

    session = await find_visitor(site, request)
    form = Form()
    if request.method not in _SAFE_METHODS:
        form = await _read_genuine_form(site, request, peer, session)

    if session is None and route.access in {"member", "admin"}:
        return redirect_to(_login_path(request))

    if session is not None and route.access == "admin" and not session.may("admin"):
        raise Forbidden

    return Visit(site=site, request=request, peer=peer, session=session, form=form)


def read_peer(site: Site, request: Request) -> Peer:
    """Return the client, behind the proxies that are trusted."""

    return find_peer(
        address=request.remote_addr,
        scheme=request.scheme,
        forwarded_for=request.headers.getlist("X-Forwarded-For"),
        forwarded_proto=request.headers.getlist("X-Forwarded-Proto"),
        forwarded_host=request.headers.getlist("X-Forwarded-Host"),
        trusted=site.resources.settings.trusted_proxies,
    )


async def find_visitor(site: Site, request: Request) -> Session | None:
    """Return the session of a request's cookie, and keep it for a page of bad news."""

    session = await _find_session(site, request)
    g.session = session
    return session


async def find_key_visitor(site: Site, key: str, peer: Peer) -> Session | None:
    """Return the session of an API key's owner; None where it is no key.

    Raises:
        ThrottledError, TooBusyError: too many wrong keys came, or too many at once.
    """

    # The first half names the key and is no secret.
    return await site.attempts.run(
        lambda: find_key_session(site.resources.database, key, clock=site.now),
        name=f"ApiKey {key.partition('.')[0]}",
        address=peer.address,
    )


async def _enter_api(site: Site, request: Request, peer: Peer) -> Visit | Response:
    # A key is sent by programs only, never by a browser on its own: no CSRF.
    key = request.headers.get("ApiKey")
    if key is not None:
        session = await find_key_visitor(site, key, peer)
    else:
        session = await _find_session(site, request)
        if request.method not in _SAFE_METHODS:
            _check_json(site, request)

    if session is None:
        return Response(
            _NO_LOGIN if key is None else _BAD_KEY,
            status=401,
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    return Visit(site=site, request=request, peer=peer, session=session, form=Form())


async def _enter_trpc(site: Site, request: Request, peer: Peer) -> Visit:
    if request.method not in _SAFE_METHODS:
        # The body's type is the service's affair: JSON, or files.
        _check_own(site, request)

    session = await _find_session(site, request)
    return Visit(site=site, request=request, peer=peer, session=session, form=Form())


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
    site: Site, request: Request, peer: Peer, session: Session | None
) -> Form:
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        raise Forbidden(_STALE_FORM)

    form = await read_form(request)
    cookie = request.cookies.get(form_cookie_name(site, peer))
    if not site.tokens.accepts(cookie, form.raw("csrf_token"), token_of(session)):
        raise Forbidden(_STALE_FORM)

    return form


def _check_json(site: Site, request: Request) -> None:
    if not is_json(request.mimetype):
        raise UnsupportedMediaType(_NOT_JSON)

    _check_own(site, request)


def _check_own(site: Site, request: Request) -> None:
    own = is_own_request(
        fetch_site=request.headers.get("Sec-Fetch-Site"),
        origin=request.headers.get("Origin"),
        host=request.headers.get("Host", ""),
        allowed=site.resources.settings.allowed_origins,
    )
    if not own:
        raise Forbidden(_FOREIGN)


def _login_path(request: Request) -> str:
    # What was to be changed cannot be repeated after the login: start at home.
    if request.method not in _SAFE_METHODS or request.path == "/":
        return "/auth/login"

    target = quote(request.path)
    if request.query_string:
        target += "?" + request.query_string.decode("ascii", "replace")

    return f"/auth/login?callbackUrl={quote(target, safe='')}"
