"""One's own account: the password, and an end to all sessions."""

from __future__ import annotations

from quart import Response

from dashboard.accounts import (
    InvalidAccountError,
    TooBusyError,
    User,
    WrongPasswordError,
)
from dashboard.accounts.endings import log_out_everywhere as end_all_sessions
from dashboard.accounts.endings import replace_password
from dashboard.accounts.passwords import SHORTEST_PASSWORD, check_new_password
from dashboard.errors import ThrottledError
from services.web.forms import sentence
from services.web.login import log_in
from services.web.pages.account import BUSY
from services.web.visit import Visit, come_back

_NOTICES = {"password": "Your password is changed. All other sessions are ended."}
_WRONG = "That is not your current password."
_DIFFERENT = "The two passwords are not the same."


async def show_account(visit: Visit) -> Response:
    """Show what one can do about one's own account."""

    return _page(visit, notice=_NOTICES.get(visit.request.args.get("done", "")))


async def change(visit: Visit) -> Response:
    """Change the password, and end all other sessions with their sockets."""

    errors = _judge(visit)
    if errors:
        return _page(visit, errors=errors)

    # Whoever finds an open browser may not try out passwords here either.
    session = visit.member
    done: bool | InvalidAccountError | None
    try:
        done = await visit.site.attempts.run(
            lambda: _change(visit),
            name=session.user_name,
            address=visit.peer.address,
        )
    except ThrottledError as error:
        page = _page(visit, errors={"form": error.sentence})
        return come_back(page, error.seconds)
    except TooBusyError:
        return come_back(_page(visit, errors={"form": BUSY}))

    if done is None:
        return _page(visit, errors={"currentPassword": _WRONG})

    if isinstance(done, InvalidAccountError):
        return _page(visit, errors={done.field: sentence(done.reason)})

    # Giving the password again is a login: this browser's token is a new one too.
    user = User(id=session.user_id, name=session.user_name)
    return await log_in(visit, user, target="/account?done=password")


async def log_out_everywhere(visit: Visit) -> Response:
    """End all of one's sessions, this one included."""

    resources = visit.site.resources
    await end_all_sessions(resources.database, resources.bus, visit.member.user_id)
    response = visit.redirect("/auth/login")
    visit.forget_session(response)
    return response


def _judge(visit: Visit) -> dict[str, str]:
    if visit.form.raw("password") != visit.form.raw("confirmPassword"):
        return {"confirmPassword": _DIFFERENT}

    try:
        check_new_password(visit.form.raw("password"))
    except InvalidAccountError as error:
        return {error.field: sentence(error.reason)}

    return {}


async def _change(visit: Visit) -> bool | InvalidAccountError | None:
    resources = visit.site.resources
    try:
        await replace_password(
            resources.database,
            resources.bus,
            visit.member,
            current=visit.form.raw("currentPassword"),
            new=visit.form.raw("password"),
        )
    except InvalidAccountError as error:
        return error
    except WrongPasswordError:
        return None

    return True


def _page(
    visit: Visit,
    *,
    notice: str | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    return visit.page(
        "account.html",
        status=422 if errors else 200,
        shortest=SHORTEST_PASSWORD,
        notice=notice,
        errors=errors or {},
    )
