"""The service's own life, and the jobs that work on the database."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import anyio
import pytest

from dashboard.jobs import JOBS, save_job_configuration
from dashboard.resources import Resources
from services.tasks import Scheduler, serve
from services.tasks.jobs import FUNCTIONS, database_maintenance, session_cleanup
from tests.services.tasks.conftest import PATIENCE


class Status:
    """Keeps what the service says when it is ready."""

    def __init__(self) -> None:
        self.scheduler: Scheduler | None = None
        self.ready = anyio.Event()

    def started(self, value: Scheduler) -> None:
        self.scheduler = value
        self.ready.set()


@pytest.fixture(name="functions")
def _functions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The jobs' functions, for a test to replace."""
    functions = dict.fromkeys(FUNCTIONS, _do_nothing)
    monkeypatch.setattr("services.tasks.service.FUNCTIONS", functions)
    return functions


async def _do_nothing(resources: Resources) -> None:
    await anyio.lowlevel.checkpoint()


async def test_readiness_does_not_wait_for_the_first_runs(
    resources: Resources, functions: dict[str, Any]
) -> None:
    """Jobs that run on start may take as long as they like."""
    eager = [job.name for job in JOBS if job.run_on_start and job.name in functions]
    begun: list[str] = []
    go = anyio.Event()

    async def linger(name: str) -> None:
        begun.append(name)
        await go.wait()

    for name in list(functions):
        del functions[name]  # or the clock may have another one run just now

    for name in eager:
        functions[name] = lambda _, name=name: linger(name)

    status, stopping = Status(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_serve, resources, status, stopping)
        await status.ready.wait()

        assert begun == []

        with anyio.fail_after(PATIENCE):
            while len(begun) < len(eager):
                await anyio.lowlevel.checkpoint()

        assert begun == eager

        stopping.set()
        await anyio.wait_all_tasks_blocked()

        assert status.scheduler is not None
        assert status.scheduler.statistics()["runs"] == len(eager)
        assert status.scheduler.statistics()["failures"] == 0

        go.set()

    for name in eager:
        state = resources.bus.last(f"cron-job-status:{name}")
        assert state is not None
        assert b'"success"' in state


async def test_the_stored_configuration_is_used(
    resources: Resources, functions: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """An expression that cannot be read is told, and the job's own one taken."""
    database = resources.database
    await save_job_configuration(database, "ping", cron="*/7 * * * *", enabled=False)
    await save_job_configuration(
        database, "sessionCleanup", cron="every day", enabled=True
    )
    status, stopping = Status(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_serve, resources, status, stopping)
        await status.ready.wait()
        stopping.set()

    assert status.scheduler is not None
    jobs = status.scheduler.jobs
    assert (jobs["ping"].cron, jobs["ping"].started) == ("*/7 * * * *", False)
    assert jobs["sessionCleanup"].cron == "15 * * * *"
    assert "'every day' is not usable" in caplog.text


async def test_expired_sessions_are_deleted(resources: Resources) -> None:
    """Those that are valid stay."""
    async with resources.database.write() as tx:
        await tx.execute("INSERT INTO \"user\" (id, name) VALUES ('u', 'ada')")
        for token, expires in (("old", time.time() - 1), ("new", time.time() + 60)):
            await tx.execute(
                'INSERT INTO "session" (session_token, user_id, expires)'
                " VALUES (?, 'u', ?)",
                (token, int(expires * 1000)),
            )

    await session_cleanup.run(resources)
    rows = await resources.database.all('SELECT session_token FROM "session"')

    assert [row[0] for row in rows] == ["new"]


async def test_sessions_of_disabled_providers_end(resources: Resources) -> None:
    """Those of the providers that may still sign in stay."""
    async with resources.database.write() as tx:
        for provider in ("ldap", "credentials"):
            await tx.execute(
                'INSERT INTO "user" (id, name, provider) VALUES (?, ?, ?)',
                (provider, "ada", provider),
            )
            await tx.execute(
                'INSERT INTO "session" (session_token, user_id, expires)'
                " VALUES (?, ?, ?)",
                (f"of {provider}", provider, int((time.time() + 60) * 1000)),
            )

    await session_cleanup.run(resources)
    rows = await resources.database.all('SELECT session_token FROM "session"')

    assert [row[0] for row in rows] == ["of credentials"]


async def test_the_database_is_maintained(resources: Resources, tmp_path: Any) -> None:
    """The write-ahead log is folded into the file."""
    async with resources.database.write() as tx:
        await tx.execute("INSERT INTO \"user\" (id, name) VALUES ('u', 'ada')")

    log = tmp_path / "db.sqlite-wal"

    assert log.stat().st_size > 0

    await database_maintenance.run(resources)

    assert log.stat().st_size == 0


@pytest.mark.parametrize("name", ["httpcore", "certifi", "trio", "quart", "redis"])
def test_the_service_starts_without_what_it_may_never_need(name: str) -> None:
    """Imports are this project's currency."""
    code = f"import sys, services.tasks; print({name!r} in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"


async def _serve(resources: Resources, status: Any, stopping: anyio.Event) -> None:
    await serve(resources=resources, task_status=status, stopping=stopping)


async def test_a_job_that_does_not_end_does_not_hold_up_the_stop(
    resources: Resources, functions: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cancelled in time for the house to stop cleanly; its end is told."""
    monkeypatch.setattr("services.tasks.service.FINISH_TIMEOUT", 0.02)

    async def never_end(resources: Resources) -> None:
        await anyio.sleep_forever()

    functions["ping"] = never_end
    status, stopping = Status(), anyio.Event()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_serve, resources, status, stopping)
            await status.ready.wait()
            # It runs from the start.
            while resources.bus.last("cron-job-status:ping") is None:
                await anyio.lowlevel.checkpoint()

            stopping.set()

    state = resources.bus.last("cron-job-status:ping")
    assert state is not None
    assert b'"idle"' in state
