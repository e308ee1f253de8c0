"""Starting, stopping and failing: each test asserts the list of events."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from runner.errors import EXIT_CRASHED, EXIT_DRAINED, EXIT_LATE
from runner.events import Crashed, DrainTimedOut, Ready, Stopped

from .helpers import FAKES, fake, running_roof, talk


@pytest.fixture(name="table")
def _table(anyio_backend_name: str) -> Any:
    """Make service tables for the backend that the test runs on."""

    def table(function: str, **keys: Any) -> dict[str, Any]:
        return fake(function, backend=anyio_backend_name, **keys)

    return table


async def test_services_start_in_order_and_drain_in_reverse(table: Any):
    """A service is ready after those before it, and stops before them."""

    services = {
        "second": table("pass_on", after=["first"]),
        "first": table("serve", options={"value": "one"}),
    }

    async with running_roof(services) as run:
        await run.wait_ready()
        value = run.roof.residents["second"].service.value

    assert value == "after one"
    assert run.names() == [
        "ready first",
        "ready second",
        "ready",
        "draining test",
        "stopped second",
        "stopped first",
    ]
    assert run.exit_code == EXIT_DRAINED


async def test_statistics_are_in_the_stopped_event(table: Any):
    """What a service's value counts is told when it has stopped."""

    async with running_roof({"one": table("serve_counted")}) as run:
        await run.wait_ready()

    assert run.events[-1] == Stopped(service="one", statistics={"counted": 1})


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("crash", "ValueError: it broke"),
        ("exit_interpreter", "RuntimeError: it raised SystemExit(9)"),
    ],
)
async def test_first_crash_drains_the_others(table: Any, function: str, error: str):
    """An essential service's crash, SystemExit included, ends all in order."""

    services = {"good": table("serve"), "bad": table(function)}

    async with running_roof(services) as run:
        await run.wait_ended()

    crashed = next(event for event in run.events if isinstance(event, Crashed))
    assert (crashed.service, crashed.phase, crashed.error) == ("bad", "run", error)
    assert crashed.at is not None
    assert run.names()[-3:] == ["crashed bad", "draining crashed bad", "stopped good"]
    assert run.exit_code == EXIT_CRASHED


async def test_a_bystander_outlives_the_crash_of_what_is_not_essential(table: Any):
    """Where a service may stay down, the others go on."""

    services = {"good": table("serve"), "bad": table("crash", essential=False)}

    async with running_roof(services) as run:
        await run.wait_ready()
        await run.wait_event("crashed bad")
        await anyio.wait_all_tasks_blocked()
        names = run.names()

    assert "draining crashed bad" not in names
    assert "stopped good" not in names
    assert run.exit_code == EXIT_DRAINED


@pytest.mark.parametrize(
    ("service", "phase", "words"),
    [
        ({"run": f"{FAKES}:fail_to_start"}, "start", "ValueError: no such thing"),
        ({"run": "tests.runner.nowhere:serve"}, "import", "no module"),
        ({"run": f"{FAKES}:serv"}, "import", "did you mean 'serve'?"),
        ({"run": f"{FAKES}:needs_the_moon"}, "start", "takes 'moon'"),
        (
            {"run": f"{FAKES}:never_ready", "start_timeout": 0.05},
            "start",
            "not ready within 0.05 s",
        ),
        ({"run": f"{FAKES}:create_echo"}, "start", "is not a coroutine function"),
        (
            {"run": f"{FAKES}:serve", "options": {"valeu": 1}},
            "start",
            "serve() has no option 'valeu'; did you mean 'value'?",
        ),
    ],
)
async def test_a_failed_start_names_service_phase_and_cause(
    anyio_backend_name: str, service: dict[str, Any], phase: str, words: str
):
    """Whatever keeps a service from being ready is told, and ends the run."""

    table = {**service, "backend": anyio_backend_name}

    async with running_roof({"bad": table}) as run:
        await run.wait_ended()

    crashed = run.events[0]
    assert isinstance(crashed, Crashed)
    assert (crashed.service, crashed.phase) == ("bad", phase)
    assert words in crashed.error
    assert run.exit_code == EXIT_CRASHED


async def test_what_comes_after_a_failed_service_never_starts(table: Any):
    """A dependent of a service that is down is refused by name."""

    services = {
        "bad": table("fail_to_start", essential=False),
        "next": table("serve", after=["bad"]),
    }

    async with running_roof(services) as run:
        await run.wait_ended()

    errors = {event.service: event.error for event in run.events if _crashed(event)}
    assert "it comes after 'bad', which is down" in errors["next"]
    assert run.exit_code == EXIT_CRASHED


async def test_the_runner_ends_when_all_services_have(table: Any):
    """Services that return by themselves leave nothing to wait for."""

    async with running_roof({"once": table("return_early")}) as run:
        await run.wait_ended()

    assert run.names() == ["ready once", "ready", "stopped once", "draining finished"]
    assert run.exit_code == EXIT_DRAINED


async def test_a_drain_past_its_deadline_is_cut_and_told(table: Any):
    """A service that does not stop is cancelled, by its name."""

    service = table("ignore_stopping", drain_timeout=0.05)

    async with running_roof({"stuck": service}) as run:
        await run.wait_ready()

    assert DrainTimedOut(services=("stuck",)) in run.events
    assert run.exit_code == EXIT_LATE


async def test_the_overall_drain_deadline_bounds_all_services(table: Any):
    """The runner does not wait for services longer than its own deadline."""

    service = table("ignore_stopping", drain_timeout=60)

    async with running_roof({"stuck": service}, drain_timeout=0.05) as run:
        await run.wait_ready()

    assert DrainTimedOut(services=("stuck",)) in run.events
    assert run.exit_code == EXIT_LATE


async def test_a_crash_while_draining_is_told(table: Any):
    """Failing on the way out is no clean stop."""

    async with running_roof({"one": table("crash_while_draining")}) as run:
        await run.wait_ready()

    assert "crashed one" in run.names()
    assert run.exit_code == EXIT_CRASHED


async def test_a_failed_service_is_restarted_until_its_budget_is_spent(
    table: Any, monkeypatch: pytest.MonkeyPatch
):
    """Restarts back off and end; then an essential service ends the run."""

    monkeypatch.setattr("runner.restarts.DELAY", 0.0001)

    async with running_roof({"bad": table("crash", restart="on-failure")}) as run:
        await run.wait_ended()

    assert run.names().count("restarting bad") == 5
    assert run.names().count("crashed bad") == 6
    assert run.exit_code == EXIT_CRASHED


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_restarted_service_is_back_at_its_path(
    monkeypatch: pytest.MonkeyPatch,
):
    """Its mount goes with the crash and comes back; the whole is ready but once."""

    monkeypatch.setattr("runner.restarts.DELAY", 0.0001)
    crashes = [anyio.Event(), anyio.Event()]
    options = {"orders": list(crashes)}
    web = fake("crash_when_told", options=options, restart="always")
    web |= {"asgi": f"{FAKES}:create_echo", "mount": "/"}

    async with running_roof({"web": web}) as run:
        await run.wait_event("ready web")
        for lives, crash in enumerate(crashes, 2):
            crash.set()
            await run.wait_event("ready web", times=lives)

        answer = await talk(
            run.port, b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )

    assert answer.endswith(b"GET /x 0\n")
    assert run.names().count("restarting web") == 2
    assert run.names().count("ready") == 1
    assert run.exit_code == EXIT_DRAINED


async def test_a_stop_during_the_start_ends_the_start(table: Any):
    """Nobody waits for a service to become ready that is not wanted any more."""

    async with running_roof({"slow": table("never_ready", start_timeout=60)}) as run:
        await anyio.wait_all_tasks_blocked()

    assert run.names() == ["draining test"]
    assert run.exit_code == EXIT_DRAINED


async def test_each_service_may_have_its_own_lane():
    """`own-lane` gives a service a thread and an event loop of its own."""

    services = {
        "one": fake("serve"),
        "two": fake("serve", placement="own-lane", backend="trio"),
    }

    async with running_roof(services) as run:
        await run.wait_ready()
        lanes = [one.service.lane for one in run.roof.residents.values()]

    assert [(lane.name, lane.backend) for lane in lanes] == [
        ("asyncio", "asyncio"),
        ("two", "trio"),
    ]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_request_in_flight_is_finished_before_the_stop():
    """Draining closes the port at once and still answers who is inside."""

    services = {
        "gate": fake("serve_gate"),
        "web": {"asgi": f"{FAKES}:create_slow", "mount": "/", "after": ["gate"]},
    }
    answers = []

    async def ask() -> None:
        request = b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answers.append(await talk(run.port, request))

    async with running_roof(services) as run:
        await run.wait_ready()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            gate, web = (run.roof.residents[name].service for name in services)
            while not web.statistics().get("requests"):
                await anyio.lowlevel.checkpoint()

            run.roof.stop("test")
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(OSError, match="onnect"):
                await anyio.connect_tcp("127.0.0.1", run.port)

            assert web.mount is not None
            assert not web.mount.open
            gate.value.set()

    assert answers[0].endswith(b"GET /slow 0\n")
    assert b"connection: close" in answers[0].lower()
    assert run.exit_code == EXIT_DRAINED


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_ready_events_carry_the_urls_of_mounts():
    """A mounted service tells where it is."""

    services = {"web": {"asgi": f"{FAKES}:create_echo", "mount": "/api"}}

    async with running_roof(services) as run:
        await run.wait_ready()
        answer = await talk(
            run.port, b"GET /api/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )

    ready = run.events[0]
    assert isinstance(ready, Ready)
    assert ready.url == f"{run.url}/api"
    assert answer.endswith(b"GET /api/x 0\n")


def _crashed(event: object) -> bool:
    return isinstance(event, Crashed)
