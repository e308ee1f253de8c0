"""A router of the tests' own among the real ones, behind the web service."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import anyio
import pytest

from dashboard.errors import UnknownUserError
from dashboard.inputs import ById, Input
from dashboard.superjson import UNDEFINED
from dashboard.trpc import Context, routers
from dashboard.trpc.guards import anyone, member, permission
from dashboard.trpc.procedure import Router, Upload

WHEN = datetime(2026, 8, 9, 10, 11, 12, 345_000, tzinfo=UTC)


class Files(Input, frozen=True, kw_only=True):
    """A form with files."""

    files: list[Upload]
    title: str = ""


class Gate:
    """Where calls wait until a test lets them go on; it counts who is inside."""

    def __init__(self) -> None:
        self.open = anyio.Event()
        self.entered = anyio.Event()
        self.inside = 0
        self.most = 0
        self.cancelled = 0
        self.left = anyio.Event()

    async def pass_through(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.entered.set()
        try:
            await self.open.wait()
        except BaseException:
            self.cancelled += 1
            raise
        finally:
            self.inside -= 1
            if not self.inside:
                self.left.set()


@pytest.fixture(name="gate")
def _gate() -> Gate:
    return Gate()


@pytest.fixture(name="contexts")
def _contexts() -> list[Context]:
    """Whom the procedures were called by."""

    return []


@pytest.fixture(name="probe", autouse=True)
def _probe(
    monkeypatch: pytest.MonkeyPatch, gate: Gate, contexts: list[Context]
) -> Router:
    router = Router()
    _declare_reads(router, contexts)
    _declare_odd_reads(router, gate)
    _declare_others(router, contexts)
    module = ModuleType("dashboard.trpc.routers.probe")
    module.router = router  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(routers.ROUTERS, "probe", "probe")
    return router


def _declare_reads(router: Router, contexts: list[Context]) -> None:
    @router.query("echo", guard=anyone, input=ById)
    async def echo(context: Context, given: ById) -> Any:
        contexts.append(context)
        return {"id": given.id}

    @router.query("when", guard=anyone)
    async def when(_context: Context) -> Any:
        return {"at": WHEN, "list": [WHEN, None, UNDEFINED], "a.b": UNDEFINED}

    @router.query("nothing", guard=anyone)
    async def nothing(_context: Context) -> Any:
        return UNDEFINED

    @router.query("null", guard=anyone)
    async def null(_context: Context) -> Any:
        return None

    @router.query("mine", guard=member)
    async def mine(context: Context) -> Any:
        assert context.session is not None
        return context.session.user_name

    @router.query("managed", guard=permission("admin"))
    async def managed(_context: Context) -> Any:
        return True

    @router.query("key", guard=member, secret=True)
    async def key(_context: Context) -> Any:
        return {"apiKey": "id.secret"}


def _declare_odd_reads(router: Router, gate: Gate) -> None:
    @router.query("lost", guard=anyone)
    async def lost(_context: Context) -> Any:
        raise UnknownUserError("x")

    @router.query("strange", guard=anyone)
    async def strange(_context: Context) -> Any:
        return {"object": object()}

    @router.query("slow", guard=anyone)
    async def slow(_context: Context) -> Any:
        await gate.pass_through()
        return "late"


def _declare_others(router: Router, contexts: list[Context]) -> None:
    @router.mutation("change", guard=anyone, input=ById)
    async def change(context: Context, given: ById) -> Any:
        contexts.append(context)
        return UNDEFINED

    @router.mutation("reset", guard=anyone)
    async def reset(_context: Context) -> Any:
        return UNDEFINED

    @router.subscription("heard", guard=anyone)
    async def heard(_context: Context) -> list[str]:
        return ["memory"]

    @router.mutation("keep", guard=member, input=Files, form=True)
    async def keep(_context: Context, given: Files) -> Any:
        return [[one.name, one.content_type, len(one.content)] for one in given.files]
