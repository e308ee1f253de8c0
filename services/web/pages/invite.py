"""The link of an invite: whoever has it makes themselves an account, once."""

from __future__ import annotations

from quart import Response

from dashboard.accounts import (
    InvalidAccountError,
    InvalidInviteError,
    TooBusyError,
    User,
    find_invite,
    register,
)
from dashboard.accounts.passwords import SHORTEST_PASSWORD
from dashboard.errors import ThrottledError
from services.web.forms import sentence
from services.web.login import log_in
from services.web.pages.account import (
    BUSY,
    judge_account,
    takes_passwords,
)
from services.web.visit import Visit, come_back

#: Sentences by the field that they are about.
Faults = dict[str, str]


async def show_invite(visit: Visit, invite_id: str) -> Response:
    """Ask for a name and a password, if the link is good."""

    token = visit.request.args.get("token", "")
    invite = await find_invite(
        visit.site.resources.database, invite_id, token, clock=visit.site.now
    )
    good = invite is not None and takes_passwords(visit)
    return _page(visit, invite_id, token, good=good)


async def accept(visit: Visit, invite_id: str) -> Response:
    """Make the account and log in; the link is worth nothing afterwards."""

    token = visit.form.text("token")
    name = visit.form.text("name")

    made: User | Faults | None
    try:
        made = await visit.site.attempts.run(
            lambda: _register(visit, invite_id, token=token, name=name),
            name=f"invite {invite_id}",
            address=visit.peer.address,
        )
    except ThrottledError as error:
        faults = {"form": error.sentence}
        page = _page(visit, invite_id, token, name=name, faults=faults)
        return come_back(page, error.seconds)
    except TooBusyError:
        page = _page(visit, invite_id, token, name=name, faults={"form": BUSY})
        return come_back(page)

    if isinstance(made, User):
        return await log_in(visit, made, target="/")

    return _page(visit, invite_id, token, good=made is not None, name=name, faults=made)


async def _register(
    visit: Visit, invite_id: str, *, token: str, name: str
) -> User | Faults | None:
    """Return the new user, what is wrong with the form, or None for a bad link."""

    database = visit.site.resources.database
    clock = visit.site.now
    if not takes_passwords(visit):
        return None

    # First, so that only who has an invite learns what is wrong with the rest.
    if await find_invite(database, invite_id, token, clock=clock) is None:
        return None

    password = visit.form.raw("password")
    confirmation = visit.form.raw("confirmPassword")
    faults = judge_account(name, password, confirmation=confirmation)
    if faults:
        return faults

    try:
        return await register(
            database,
            invite_id=invite_id,
            token=token,
            name=name,
            password=password,
            clock=clock,
        )
    except InvalidAccountError as error:
        return {error.field: sentence(error.reason)}
    except InvalidInviteError:
        # Somebody else was quicker with the same link.
        return None


def _page(
    visit: Visit,
    invite_id: str,
    token: str,
    *,
    good: bool = True,
    name: str = "",
    faults: Faults | None = None,
) -> Response:
    status = (422 if faults else 200) if good else 404
    return visit.page(
        "invite.html",
        status=status,
        confidential=True,
        invite_id=invite_id,
        token=token,
        good=good,
        name=name,
        shortest=SHORTEST_PASSWORD,
        errors=faults or {},
    )
