from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from dashboard.accounts import open_session
from dashboard.boards import Board, find_home_board
from dashboard.database import Database
from dashboard.errors import ProcedureError
from dashboard.identity import Session, User
from tests.dashboard.bus.fault_proxy import FaultProxy, open_proxy
from tests.dashboard.bus.redis_server import Server, open_server

Try = Callable[[Awaitable[Any]], Awaitable[str]]
LogIn = Callable[..., Awaitable[Session]]


@pytest.fixture(name="server")
def _server() -> Iterator[Server]:
    with open_server() as server:
        yield server


@pytest.fixture(name="proxy")
def _proxy(server: Server) -> Iterator[FaultProxy]:
    with open_proxy(server.socket) as proxy:
        yield proxy


@pytest.fixture(name="board")
async def _board(database: Database, session: Session) -> Board:
    """The home board, as the administrator sees it."""
    board = await find_home_board(database, session)
    assert board is not None
    return board


@pytest.fixture(name="log_in")
def _log_in(database: Database, admin: User) -> LogIn:
    """Make a user with permissions of their own, and log them in."""

    async def log_in(name: str, *permissions: str) -> Session:
        async with database.write() as tx:
            await tx.execute(
                'INSERT INTO "user" (id, name) VALUES (?, ?)', (name, name)
            )
            await tx.execute(
                'INSERT INTO "group" (id, name, position) VALUES (?, ?, 1)',
                (f"group-{name}", f"group-{name}"),
            )
            await tx.execute(
                'INSERT INTO "groupMember" (group_id, user_id) VALUES (?, ?)',
                (f"group-{name}", name),
            )
            await tx.execute_many(
                'INSERT INTO "groupPermission" (group_id, permission) VALUES (?, ?)',
                [(f"group-{name}", permission) for permission in permissions],
            )

        return await open_session(database, User(id=name, name=name))

    return log_in


@pytest.fixture(name="refused")
def _refused() -> Try:
    """The code and the message that a call is refused with."""

    async def refused(call: Awaitable[Any]) -> str:
        with pytest.raises(ProcedureError) as caught:
            await call

        return f"{caught.value.code}: {caught.value.message}"

    return refused
