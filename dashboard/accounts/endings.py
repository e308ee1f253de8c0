"""What ends sessions, and their sockets in every process: for pages and procedures.

A lost permission needs no word: open sockets are rechecked whenever anybody writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.accounts.sessions import close_session, close_sessions
from dashboard.accounts.users import change_password, delete_user, set_password
from dashboard.bus import Bus
from dashboard.database import Database
from dashboard.identity import Session

#: On the bus when sessions are gone: {"userId": …, "tokens": […] or none for all}.
SESSION_CLOSED = "session-closed"


async def log_out(database: Database, bus: Bus, session: Session) -> None:
    """End one session."""
    await close_session(database, session.token)
    _announce(bus, session.user_id, [session.token])


async def log_out_everywhere(database: Database, bus: Bus, user_id: str) -> None:
    """End all sessions of a user."""
    await close_sessions(database, user_id)
    _announce(bus, user_id)


async def remove_user(database: Database, bus: Bus, user_id: str) -> bool:
    """Delete a user with their sessions; returns whether there was one.

    Raises LastAdminError rather than to delete the last who can administrate.
    """
    found = await delete_user(database, user_id, keep_last_admin=True)
    _announce(bus, user_id)
    return found


async def replace_password(
    database: Database, bus: Bus, session: Session, *, current: str, new: str
) -> None:
    """Change one's own password and end one's other sessions.

    Raises as `change_password` does.
    """
    ended = await change_password(database, session, current=current, new=new)
    _announce(bus, session.user_id, ended)


async def reset_password(
    database: Database, bus: Bus, user_id: str, password: str
) -> None:
    """Set somebody's password and end all their sessions; raises as `set_password`."""
    await set_password(database, user_id, password)
    _announce(bus, user_id)


def _announce(bus: Bus, user_id: str, tokens: Sequence[str] | None = None) -> None:
    """Have every process close the sockets of ended sessions; of all, without tokens.

    The sessions themselves have to be gone already.
    """
    message: dict[str, object] = {"userId": user_id}
    if tokens is not None:
        message["tokens"] = list(tokens)

    bus.publish(SESSION_CLOSED, message, keep=False)
