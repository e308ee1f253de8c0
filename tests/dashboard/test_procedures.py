from __future__ import annotations

from typing import Any

import pytest

from dashboard.boards import find_home_board
from dashboard.database import Database
from dashboard.errors import PROCEDURE_CODES
from dashboard.identity import Session
from dashboard.jobs import JOBS
from dashboard.procedures import (
    Context,
    ProcedureError,
    error_shape,
    find_subscription,
)

JOB_STATUS = "cronJobs.subscribeToStatusUpdates"
PING = "widget.app.updatedPing"
MEMORY = "widget.memory.updatedSample"


async def ask(
    path: str, database: Database, session: Session | None, given: Any = None
) -> list[str]:
    subscription = find_subscription(path)
    assert subscription is not None
    return await subscription.topics(Context(database=database, session=session), given)


async def fail(
    path: str, database: Database, session: Session | None, given: Any = None
) -> str:
    with pytest.raises(ProcedureError) as caught:
        await ask(path, database, session, given)

    return caught.value.code


@pytest.mark.parametrize("path", ["", "x", "widget.app", "__class__", PING + "."])
def test_an_unknown_path_has_no_subscription(path: str):
    """The caller answers NOT_FOUND in its own words."""
    assert find_subscription(path) is None


async def test_job_status_is_for_administrators(
    database: Database, session: Session, visitor: Session
):
    """401 without a session, 403 without the permission."""
    topics = await ask(JOB_STATUS, database, session)

    assert topics == [f"cron-job-status:{job.name}" for job in JOBS]
    assert await fail(JOB_STATUS, database, None) == "UNAUTHORIZED"
    assert await fail(JOB_STATUS, database, visitor) == "FORBIDDEN"


async def test_memory_is_for_everybody_who_is_logged_in(
    database: Database, visitor: Session
):
    """It names no user's data, and tells strangers too much all the same."""
    assert await ask(MEMORY, database, visitor) == ["memory"]
    assert await fail(MEMORY, database, None) == "UNAUTHORIZED"


async def test_pings_are_for_those_who_see_the_app(
    database: Database, session: Session, visitor: Session
):
    """On any board that they may see: as an item or as a bookmark."""
    board = await find_home_board(database, session)
    assert board is not None
    for app_id in board.apps:
        for viewer in (session, visitor):
            assert await ask(PING, database, viewer, {"id": app_id}) == [
                f"ping:{app_id}"
            ]

        assert await fail(PING, database, None, {"id": app_id}) == "NOT_FOUND"

    async with database.write() as tx:
        await tx.execute('DELETE FROM "boardGroupPermission"')

    for app_id in board.apps:
        assert await ask(PING, database, session, {"id": app_id})
        assert await fail(PING, database, visitor, {"id": app_id}) == "NOT_FOUND"

    async with database.write() as tx:
        await tx.execute("UPDATE board SET is_public = 1")

    for app_id in board.apps:
        assert await ask(PING, database, None, {"id": app_id})


async def test_a_part_of_an_id_or_another_option_is_no_app(
    database: Database, session: Session
):
    """The text of the options is only looked through to find candidates."""
    board = await find_home_board(database, session)
    assert board is not None
    whole = next(iter(board.apps))
    for app_id in (whole[:-1], whole[1:], "appId", "Bookmarks", "e", "%"):
        assert await fail(PING, database, session, {"id": app_id}) == "NOT_FOUND"


@pytest.mark.parametrize(
    "given",
    [None, [], "x", 1, {}, {"id": None}, {"id": 1}, {"id": ""}, {"id": "x" * 256}],
)
async def test_a_ping_needs_an_id(database: Database, session: Session, given: Any):
    """Whatever a client sends is answered."""
    assert await fail(PING, database, session, given) == "BAD_REQUEST"


def test_errors_have_trpcs_shape():
    """Every code has its number and its status."""
    for code, (number, status) in PROCEDURE_CODES.items():
        shape = error_shape(ProcedureError(code, "why"), "a.b")

        assert shape == {
            "message": "why",
            "code": number,
            "data": {
                "code": code,
                "httpStatus": status,
                "path": "a.b",
                "zodError": None,
                "error": None,
            },
        }

    assert error_shape(ProcedureError("UNAUTHORIZED"), None)["code"] == -32001
    assert PROCEDURE_CODES["PARSE_ERROR"] == (-32700, 400)


def test_an_unexpected_error_tells_nothing_of_itself():
    """Its text may hold a path or a secret."""
    shape = error_shape(RuntimeError("secret"), "a.b")

    assert shape["message"] == "INTERNAL_SERVER_ERROR"
    assert shape["data"]["httpStatus"] == 500


def test_a_code_that_trpc_does_not_know_is_a_mistake_of_ours():
    """It cannot be sent."""
    with pytest.raises(ValueError, match="unknown"):
        ProcedureError("OOPS")
