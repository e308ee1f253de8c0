"""The answers for programs: health and memory."""

from __future__ import annotations

import json
import threading

import pytest

from dashboard.resources import Resources
from services.web import api, create_app
from services.web.live import LiveState

from .helpers import Browser, FakeClock, FakeMonitor


async def test_health_tells_what_works_and_how_fast(stranger: Browser):
    """Without Redis the whole is healthy; anybody may ask."""

    page = await stranger.get("/api/health/live")

    body = json.loads(page.text)
    assert page.status == 200
    assert page.headers["Content-Type"] == "application/json"
    assert list(body) == ["status", "healthChecks"]
    assert body["status"] == "healthy"
    assert body["healthChecks"]["database"]["status"] == "healthy"
    assert isinstance(body["healthChecks"]["database"]["latency"], float)
    assert body["healthChecks"]["redis"] == {"status": "disabled"}


async def test_health_is_asked_before_the_onboarding_too(newcomer: Browser):
    """A fresh installation answers its health checks."""

    live = await newcomer.get("/api/health/live")
    ready = await newcomer.get("/api/health/ready")

    assert (live.status, ready.status) == (200, 200)


async def test_a_sick_database_makes_the_whole_unhealthy(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
):
    """An unhealthy answer is 500 and carries the same body."""

    body = {"status": "unhealthy", "healthChecks": {}}

    async def check(*_: object) -> tuple[bool, dict[str, object]]:
        return False, body

    monkeypatch.setattr(api, "check_health", check)
    page = await stranger.get("/api/health/live")

    assert page.status == 500
    assert body == json.loads(page.text)


async def test_readiness_is_an_empty_yes(stranger: Browser):
    """Ready is 200 without a body."""

    page = await stranger.get("/api/health/ready")

    assert (page.status, page.text) == (200, "")


async def test_memory_is_for_members(stranger: Browser):
    """A stranger is told to log in, as JSON."""

    page = await stranger.get("/api/memory")

    assert page.status == 401
    assert json.loads(page.text) == {"error": "log in first"}


async def test_memory_gives_the_latest_samples(member: Browser, monitor: FakeMonitor):
    """The newest sample stands last, and count bounds how many."""

    all_of_them = json.loads((await member.get("/api/memory")).text)
    two = json.loads((await member.get("/api/memory?count=2")).text)

    assert all_of_them["process"] == monitor.label
    assert [sample.as_dict() for sample in monitor.taken] == all_of_them["samples"]
    assert all_of_them["others"] == []
    assert len(two["samples"]) == 2


@pytest.mark.parametrize(
    "count", ["-1", "0", "10001", "x", "1.5", "", "9" * 30, "%C2%B2", "1 "]
)
async def test_odd_counts_are_refused(member: Browser, count: str):
    """What is no number of samples is a bad request, told as JSON."""

    page = await member.get(f"/api/memory?count={count}")

    assert page.status == 400
    assert json.loads(page.text) == {
        "error": "count has to be a whole number from 1 to 10000"
    }


@pytest.mark.parametrize("count", ["1", "10000"])
async def test_counts_up_to_the_bounds_are_taken(member: Browser, count: str):
    """As few and as many as the documentation says."""

    page = await member.get(f"/api/memory?count={count}")

    assert page.status == 200


async def test_memory_shows_other_processes_while_they_send(
    member: Browser, resources: Resources, clock: FakeClock
):
    """Another process's last sample is given until it has been silent for long."""

    sample = {"process": "tasks", "time": clock(), "pss": 20 * 1024 * 1024}
    resources.bus.publish("memory", {**sample, "pss": 1})
    resources.bus.publish("memory", sample)
    resources.bus.publish("memory", {"process": "web+ws+tasks", "time": clock()})
    others = json.loads((await member.get("/api/memory")).text)["others"]
    home = await member.get("/")
    clock.seconds += 300
    later = json.loads((await member.get("/api/memory")).text)["others"]

    assert [sample] == others
    assert "tasks 20.0 MiB" in home.words
    assert later == []


@pytest.mark.parametrize("message", [None, 5, [], {}, {"process": 3}, "text"])
async def test_odd_messages_on_the_bus_are_passed_over(
    member: Browser, resources: Resources, message: object
):
    """Whatever another process publishes, the page is shown."""

    resources.bus.publish("memory", message)
    page = await member.get("/api/memory")

    assert page.status == 200
    assert json.loads(page.text)["others"] == []


async def test_samples_of_many_processes_are_bounded(resources: Resources):
    """Labels without end do not fill the memory."""

    live = LiveState(resources.bus, label="web")
    for number in range(100):
        resources.bus.publish("memory", {"process": f"p{number}", "time": 0})

    assert len(live.other_processes(0)) == 32


async def test_listening_for_pings_is_bounded_and_ends(resources: Resources):
    """Apps without end do not fill the bus, and closing lets go of all of them."""

    live = LiveState(resources.bus, label="web")
    for number in range(600):
        live.ping(f"app{number}")

    resources.bus.publish("ping:app0", {"statusCode": 200})
    before = resources.bus.statistics()["delivered"]
    resources.bus.publish("ping:app599", {"statusCode": 200})
    between = resources.bus.statistics()["delivered"]
    live.close()
    resources.bus.publish("ping:app599", {"statusCode": 200})
    resources.bus.publish("memory", {"process": "x"})
    after = resources.bus.statistics()["delivered"]

    assert (before, between, after) == (0, 1, 1)


async def test_a_stopped_application_listens_no_more(
    resources: Resources, monitor: FakeMonitor
):
    """When the application ends, the bus calls it no longer."""

    app = create_app(resources=resources, monitor=monitor)
    async with app.test_app():
        resources.bus.publish("memory", {"process": "x"})

    resources.bus.publish("memory", {"process": "x"})

    assert resources.bus.statistics()["delivered"] == 1


async def test_samples_may_arrive_from_another_thread(resources: Resources):
    """The bus calls back in the thread that publishes."""

    live = LiveState(resources.bus, label="web")
    thread = threading.Thread(
        target=resources.bus.publish, args=("memory", {"process": "ws", "time": 1})
    )
    thread.start()
    thread.join()

    assert live.other_processes(1) == [{"process": "ws", "time": 1}]
