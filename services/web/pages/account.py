"""Coming and going: the first administrator, login and logout."""

from __future__ import annotations

import logging

from quart import Response
from werkzeug.exceptions import Forbidden

from dashboard.accounts import (
    AlreadyOnboardedError,
    InvalidAccountError,
    TooBusyError,
    create_first_admin,
    verify_password,
)
from dashboard.accounts.passwords import (
    SHORTEST_PASSWORD,
    check_new_name,
    check_new_password,
    find_name,
)
from dashboard.errors import ThrottledError
from services.web.forms import sentence
from services.web.login import log_in, log_out
from services.web.security import local_path
from services.web.visit import Visit, come_back

logger = logging.getLogger(__name__)

_SWITCHED_OFF = "Logging in with a name and a password is switched off here."
_WRONG = "That name and password do not belong together."
BUSY = "Too many people are logging in right now. Try again in a moment."


async def show_init(visit: Visit) -> Response:
    """Welcome the first visitor; later ones go home."""

    if await visit.site.onboarding.finished():
        return visit.redirect("/")

    return _init_page(visit)


async def init(visit: Visit) -> Response:
    """Create the first administrator and log them in."""

    name = visit.form.text("name")
    password = visit.form.raw("password")
    errors = judge_account(
        name, password, confirmation=visit.form.raw("confirmPassword")
    )
    if errors:
        return _init_page(visit, name=name, errors=errors)

    database = visit.site.resources.database
    try:
        user = await create_first_admin(database, name=name, password=password)
    except InvalidAccountError as error:
        errors = {error.field: sentence(error.reason)}
        return _init_page(visit, name=name, errors=errors)
    except AlreadyOnboardedError:
        return visit.redirect("/auth/login")
    except TooBusyError:
        return come_back(_init_page(visit, name=name, errors={"form": BUSY}))

    return await log_in(visit, user, target="/")


async def show_login(visit: Visit) -> Response:
    """Ask for name and password, unless they were given already."""

    target = local_path(visit.request.args.get("callbackUrl", ""))
    if visit.session is not None:
        return visit.redirect(target)

    return _login_page(visit, target=target)


async def login(visit: Visit) -> Response:
    """Log in; a wrong name and a wrong password are told in the same words."""

    if not takes_passwords(visit):
        raise Forbidden(_SWITCHED_OFF)

    name = visit.form.text("name")
    target = local_path(visit.form.text("callbackUrl"))
    password = visit.form.raw("password")
    database = visit.site.resources.database

    try:
        user = await visit.site.attempts.run(
            lambda: verify_password(database, name=name, password=password),
            name=name,
            address=visit.peer.address,
        )
    except ThrottledError as error:
        page = _login_page(visit, name=name, target=target, error=error.sentence)
        return come_back(page, error.seconds)
    except TooBusyError:
        page = _login_page(visit, name=name, target=target, error=BUSY)
        return come_back(page)

    if user is None:
        # A name that nobody has may well be a password in the wrong field.
        known = await find_name(database, name)
        whom = "an unknown name" if known is None else f"user {known!r}"
        logger.info("failed login from %s for %s", visit.peer.address, whom)
        return _login_page(visit, name=name, target=target, error=_WRONG)

    return await log_in(visit, user, target=target)


async def logout(visit: Visit) -> Response:
    """Close the session here and wherever a socket of it is open."""

    response = visit.redirect("/auth/login")
    if visit.session is not None:
        await log_out(visit)

    visit.forget_session(response)
    return response


def takes_passwords(visit: Visit) -> bool:
    """Say whether names and passwords are a way in (AUTH_PROVIDERS)."""

    return "credentials" in visit.site.resources.settings.auth_providers


def judge_account(name: str, password: str, *, confirmation: str) -> dict[str, str]:
    """Say what is wrong with a new account's name and password, by field."""

    errors = {}
    if password != confirmation:
        errors["confirmPassword"] = "The two passwords are not the same."

    for check, value in ((check_new_name, name), (check_new_password, password)):
        try:
            check(value)
        except InvalidAccountError as error:
            errors[error.field] = sentence(error.reason)

    return errors


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
        switched_off="" if takes_passwords(visit) else _SWITCHED_OFF,
    )
