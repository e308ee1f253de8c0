"""Coming and going: the first administrator, login and logout."""

from __future__ import annotations

from quart import Response

from dashboard.accounts import (
    AlreadyOnboardedError,
    InvalidAccountError,
    TooBusyError,
    User,
    close_session,
    create_first_admin,
    open_session,
    verify_password,
)
from dashboard.accounts.passwords import (
    SHORTEST_PASSWORD,
    check_new_name,
    check_new_password,
)
from services.web.security import local_path
from services.web.visit import Visit

_RETRY_SECONDS = 2
_WRONG = "That name and password do not belong together."
_BUSY = "Too many people are logging in right now. Try again in a moment."


async def show_init(visit: Visit) -> Response:
    """Welcome the first visitor; later ones go home."""

    if await visit.site.onboarding.finished():
        return visit.redirect("/")

    return _init_page(visit)


async def init(visit: Visit) -> Response:
    """Create the first administrator and log them in."""

    name = visit.form.text("name")
    password = visit.form.raw("password")
    errors = _judge_account(
        name, password, confirmation=visit.form.raw("confirmPassword")
    )
    if errors:
        return _init_page(visit, name=name, errors=errors)

    database = visit.site.resources.database
    try:
        user = await create_first_admin(database, name=name, password=password)
    except InvalidAccountError as error:
        return _init_page(visit, name=name, errors={error.field: _sentence(error)})
    except AlreadyOnboardedError:
        return visit.redirect("/auth/login")
    except TooBusyError:
        return _busy(_init_page(visit, name=name, errors={"form": _BUSY}))

    return await _log_in(visit, user, target="/")


async def show_login(visit: Visit) -> Response:
    """Ask for name and password, unless they were given already."""

    target = local_path(visit.request.args.get("callbackUrl", ""))
    if visit.session is not None:
        return visit.redirect(target)

    return _login_page(visit, target=target)


async def login(visit: Visit) -> Response:
    """Log in; a wrong name and a wrong password are told in the same words."""

    name = visit.form.text("name")
    target = local_path(visit.form.text("callbackUrl"))
    database = visit.site.resources.database
    try:
        user = await verify_password(
            database, name=name, password=visit.form.raw("password")
        )
    except TooBusyError:
        return _busy(_login_page(visit, name=name, target=target, error=_BUSY))

    if user is None:
        return _login_page(visit, name=name, target=target, error=_WRONG)

    return await _log_in(visit, user, target=target)


async def logout(visit: Visit) -> Response:
    """Close the session here and wherever a socket of it is open."""

    response = visit.redirect("/auth/login")
    if visit.session is not None:
        await _close(visit)

    visit.forget_session(response)
    return response


async def _log_in(visit: Visit, user: User, *, target: str) -> Response:
    # A token known before the login must not become the one after it.
    if visit.session is not None:
        await _close(visit)

    resources = visit.site.resources
    session = await open_session(
        resources.database,
        user,
        timeout=resources.settings.session_timeout,
        clock=visit.site.now,
    )
    response = visit.redirect(target)
    visit.keep_session(response, session)
    return response


async def _close(visit: Visit) -> None:
    session = visit.member
    resources = visit.site.resources
    await close_session(resources.database, session.token)
    resources.bus.publish(
        "session-closed", {"userId": session.user_id, "tokens": [session.token]}
    )


def _judge_account(name: str, password: str, *, confirmation: str) -> dict[str, str]:
    errors = {}
    if password != confirmation:
        errors["confirmPassword"] = "The two passwords are not the same."

    for check, value in ((check_new_name, name), (check_new_password, password)):
        try:
            check(value)
        except InvalidAccountError as error:
            errors[error.field] = _sentence(error)

    return errors


def _sentence(error: InvalidAccountError) -> str:
    return error.reason[:1].upper() + error.reason[1:].rstrip(".") + "."


def _init_page(
    visit: Visit, *, name: str = "", errors: dict[str, str] | None = None
) -> Response:
    return visit.page(
        "init.html",
        status=422 if errors else 200,
        name=name,
        shortest=SHORTEST_PASSWORD,
        errors=errors or {},
    )


def _login_page(
    visit: Visit, *, target: str, name: str = "", error: str | None = None
) -> Response:
    return visit.page(
        "login.html",
        status=422 if error else 200,
        name=name,
        target=target,
        error=error,
    )


def _busy(response: Response) -> Response:
    response.status_code = 429
    response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response
