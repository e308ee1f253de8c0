from __future__ import annotations

import logging
from typing import Any

import pytest

from dashboard.boards import find_home_board
from dashboard.database import Database
from dashboard.errors import (
    PROCEDURE_CODES,
    DatabaseBusyError,
    InvalidInputError,
    ProcedureError,
    UnknownUserError,
)
from dashboard.identity import Session
from dashboard.inputs import ById
from dashboard.jobs import JOBS
from dashboard.resources import Resources
from dashboard.superjson import UNDEFINED
from dashboard.trpc import Context, call, error_shape, find_procedure, find_topics
from dashboard.trpc.calls import admit, read_given, require
from dashboard.trpc.guards import anyone, member, permission
from dashboard.trpc.procedure import Router

JOB_STATUS = "cronJobs.subscribeToStatusUpdates"
PING = "widget.app.updatedPing"
MEMORY = "widget.memory.updatedSample"


@pytest.fixture(name="context")
def _context(resources: Resources) -> Context:
    return Context(resources=resources, session=None)


async def run(path: str, context: Context, given: Any = UNDEFINED) -> Any:
    """Call a procedure by its path."""

    procedure = find_procedure(path)
    assert procedure is not None
    return await call(procedure, context, given)


async def fail(path: str, context: Context, given: Any = UNDEFINED) -> ProcedureError:
    """Call a procedure that has to refuse."""

    with pytest.raises(ProcedureError) as caught:
        await run(path, context, given)

    return caught.value


@pytest.mark.parametrize("path", ["", "x", "widget.app", "__class__", PING + "."])
def test_an_unknown_path_has_no_procedure(path: str):
    """The caller answers NOT_FOUND in its own words."""
    assert find_procedure(path) is None


def test_a_socket_is_told_of_the_kind_that_it_asked_for():
    """A procedure of another kind is not found either, in tRPC's words."""
    assert require(PING, "subscription").name == "updatedPing"
    for path in (PING, "no.such"):
        with pytest.raises(ProcedureError) as caught:
            require(path, "query")

        assert caught.value.code == "NOT_FOUND"
        assert caught.value.message == f'No "query"-procedure on path "{path}"'


async def test_who_may_not_call_is_told_so_before_the_input_is_looked_at(
    probe: Router, context: Context
):
    """The mistakes of an input say what a procedure takes: not to strangers."""

    @probe.query("guarded", guard=member, input=ById)
    async def guarded(_context: Context, _given: ById) -> None:
        raise AssertionError

    assert (await fail("probe.guarded", context, {})).code == "UNAUTHORIZED"


async def test_a_permission_is_asked_of_members_only(
    probe: Router, resources: Resources, session: Session, visitor: Session
):
    """401 without a session, 403 without the permission, in Homarr's words."""

    @probe.query("guarded", guard=permission("admin"))
    async def guarded(_context: Context) -> str:
        return "seen"

    contexts = [Context(resources=resources, session=s) for s in (None, visitor)]
    stranger, other = [await fail("probe.guarded", one) for one in contexts]

    assert (stranger.code, stranger.message) == ("UNAUTHORIZED", "UNAUTHORIZED")
    assert (other.code, other.message) == ("FORBIDDEN", "Permission denied")
    allowed = Context(resources=resources, session=session)
    assert await run("probe.guarded", allowed) == "seen"


async def test_a_procedure_gets_its_input_checked(probe: Router, context: Context):
    """As an instance of its type; one that breaks the rules never reaches it."""
    given = []

    @probe.mutation("keep", guard=anyone, input=ById)
    async def keep(_context: Context, one: ById) -> Any:
        given.append(one)
        return UNDEFINED

    assert await run("probe.keep", context, {"id": "x", "more": 1}) is UNDEFINED
    refused = await fail("probe.keep", context)

    assert given == [ById(id="x")]
    assert isinstance(refused, InvalidInputError)
    assert refused.issues[0]["message"] == (
        "Invalid input: expected object, received undefined"
    )


async def test_errors_of_ours_have_their_codes(probe: Router, context: Context):
    """Whatever room of the application raises them."""

    @probe.query("busy", guard=anyone)
    async def busy(_context: Context) -> None:
        raise DatabaseBusyError(5)

    assert (await fail("probe.busy", context)).code == "SERVICE_UNAVAILABLE"


@pytest.mark.parametrize("error", [RuntimeError("a secret"), SystemExit(3)])
async def test_a_mistake_of_ours_is_logged_and_not_told(
    probe: Router,
    context: Context,
    caplog: pytest.LogCaptureFixture,
    error: BaseException,
):
    """Its text may hold a path or a secret; SystemExit ends nothing but its call."""

    @probe.query("broken", guard=anyone)
    async def broken(_context: Context) -> None:
        raise error

    told = await fail("probe.broken", context)

    assert (told.code, told.message) == ("INTERNAL_SERVER_ERROR",) * 2
    assert [(line.levelno, line.getMessage()) for line in caplog.records] == [
        (logging.ERROR, "procedure 'broken' failed")
    ]


async def test_a_guard_may_fail_too(probe: Router, context: Context):
    """It asks the database: what that answers is told as from the procedure."""

    async def guard(_context: Context) -> None:
        raise UnknownUserError("x")

    @probe.mutation("guarded", guard=guard)
    async def guarded(_context: Context) -> None:
        raise AssertionError

    procedure = find_procedure("probe.guarded")
    assert procedure is not None
    with pytest.raises(ProcedureError, match="User not found"):
        await admit(procedure, context)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b'{"json":{"id":"x"}}', {"id": "x"}),
        (b'{"json":null}', None),
        (b'{"json":null,"meta":{"values":["undefined"],"v":1}}', UNDEFINED),
        (b'{"json":null,"meta":{"values":["undefined"]}}', UNDEFINED),
        (b'{"json":null,"meta":null}', None),
        (b'{"json":null,"meta":{"values":["unknown"],"v":9}}', None),
    ],
)
def test_no_input_is_not_null(document: bytes, expected: Any):
    """JavaScript tells them apart, and so do the words of a refusal."""
    assert read_given(document) == expected


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"null", b"[]", b"1", b"{}", b'{"meta":{}}', b"\xff", b"[" * 100_000],
)
def test_what_is_no_superjson_is_refused(document: bytes):
    """With what is wrong about it."""
    with pytest.raises(ProcedureError, match="The input is not SuperJSON") as caught:
        read_given(document)

    assert caught.value.code == "BAD_REQUEST"


async def ask(
    path: str, resources: Resources, session: Session | None, given: Any = UNDEFINED
) -> list[str]:
    """The topics of a subscription."""

    procedure = find_procedure(path)
    assert procedure is not None
    context = Context(resources=resources, session=session)
    return await find_topics(procedure, context, given)


async def refuse(
    path: str, resources: Resources, session: Session | None, given: Any = UNDEFINED
) -> str:
    """The code with which a subscription is refused."""

    with pytest.raises(ProcedureError) as caught:
        await ask(path, resources, session, given)

    return caught.value.code


async def test_job_status_is_for_administrators(
    resources: Resources, session: Session, visitor: Session
):
    """401 without a session, 403 without the permission."""
    topics = await ask(JOB_STATUS, resources, session)

    assert topics == [f"cron-job-status:{job.name}" for job in JOBS]
    assert await refuse(JOB_STATUS, resources, None) == "UNAUTHORIZED"
    assert await refuse(JOB_STATUS, resources, visitor) == "FORBIDDEN"


async def test_memory_is_for_everybody_who_is_logged_in(
    resources: Resources, visitor: Session
):
    """It names no user's data, and tells strangers too much all the same."""
    assert await ask(MEMORY, resources, visitor) == ["memory"]
    assert await refuse(MEMORY, resources, None) == "UNAUTHORIZED"


async def test_pings_are_for_those_who_see_the_app(
    resources: Resources, database: Database, session: Session, visitor: Session
):
    """On any board that they may see: as an item or as a bookmark."""
    board = await find_home_board(database, session)
    assert board is not None
    for app_id in board.apps:
        for viewer in (session, visitor):
            assert await ask(PING, resources, viewer, {"id": app_id}) == [
                f"ping:{app_id}"
            ]

        assert await refuse(PING, resources, None, {"id": app_id}) == "NOT_FOUND"

    async with database.write() as tx:
        await tx.execute('DELETE FROM "boardGroupPermission"')

    for app_id in board.apps:
        assert await ask(PING, resources, session, {"id": app_id})
        assert await refuse(PING, resources, visitor, {"id": app_id}) == "NOT_FOUND"

    async with database.write() as tx:
        await tx.execute("UPDATE board SET is_public = 1")

    for app_id in board.apps:
        assert await ask(PING, resources, None, {"id": app_id})


async def test_a_part_of_an_id_or_another_option_is_no_app(
    resources: Resources, database: Database, session: Session
):
    """The text of the options is only looked through to find candidates."""
    board = await find_home_board(database, session)
    assert board is not None
    whole = next(iter(board.apps))
    for app_id in (whole[:-1], whole[1:], "appId", "Bookmarks", "e", "%"):
        assert await refuse(PING, resources, session, {"id": app_id}) == "NOT_FOUND"


@pytest.mark.parametrize(
    "given",
    [None, [], "x", 1, {}, {"id": None}, {"id": 1}, {"id": ""}, {"id": "x" * 256}],
)
async def test_a_ping_needs_an_id(resources: Resources, session: Session, given: Any):
    """Whatever a client sends is answered."""
    assert await refuse(PING, resources, session, given) == "BAD_REQUEST"


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

    shape = error_shape(ProcedureError("UNAUTHORIZED"), None)

    assert shape["code"] == -32001
    assert "path" not in shape["data"]
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


def test_a_name_is_declared_once(probe: Router):
    """Two procedures of one path would hide each other."""

    @probe.query("one", guard=anyone)
    async def one(_context: Context) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="declared twice"):
        probe.mutation("one", guard=anyone)(one)
