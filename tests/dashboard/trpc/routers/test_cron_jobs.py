from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dashboard.jobs import JOBS, control, save_job_configuration
from dashboard.jobs.control import ANSWERS, REQUESTS
from dashboard.superjson import UNDEFINED
from tests.dashboard.trpc.routers.callers import Callers

MUTATIONS = {
    "triggerJob": "trigger",
    "startJob": "start",
    "stopJob": "stop",
    "enableJob": "enable",
    "disableJob": "disable",
}


def answer(callers: Callers, *answers: dict[str, Any]) -> list[Any]:
    """Stand in for the tasks service; returns what it is asked for."""
    asked: list[Any] = []

    def hear(_: str, encoded: bytes) -> None:
        asked.append(msgspec.json.decode(encoded)["json"])
        for one in answers:
            told = {"id": asked[-1]["id"], **one}
            callers.resources.bus.publish(ANSWERS, told, keep=False)

    callers.resources.bus.listen(REQUESTS, hear, replay=False)
    return asked


async def test_the_jobs_are_listed_as_stored(callers: Callers):
    """In the order of the registry, with exactly Homarr's members."""
    await save_job_configuration(
        callers.database, "ping", cron="*/5 * * * *", enabled=False
    )
    jobs = await callers.call("cronJobs.getJobs")

    assert [job["name"] for job in jobs] == [job.name for job in JOBS]
    assert jobs[1] == {
        "name": "ping",
        "cron": "*/5 * * * *",
        "preventManualExecution": False,
        "isEnabled": False,
    }


@pytest.mark.parametrize(("name", "action"), MUTATIONS.items())
async def test_the_tasks_service_is_asked(callers: Callers, name: str, action: str):
    """And its answer waited for; there is no result."""
    # Two services have heard it, and one does it.
    asked = answer(callers, {"done": False}, {"done": False}, {"done": True})

    assert await callers.call(f"cronJobs.{name}", "ping") is UNDEFINED
    assert [(one["action"], one["name"]) for one in asked] == [(action, "ping")]


async def test_an_interval_is_sent_along(callers: Callers):
    """Whether it ticks is the tasks service's to say."""
    asked = answer(callers, {"done": True})
    given = {"name": "ping", "cron": "*/7 * * * *"}

    assert await callers.call("cronJobs.updateJobInterval", given) is UNDEFINED
    assert (asked[0]["action"], asked[0]["cron"]) == ("updateInterval", "*/7 * * * *")


async def test_a_refusal_is_passed_on(callers: Callers):
    """With its code and its words."""
    refused = {"done": True, "code": "CONFLICT", "message": "it runs"}
    answer(callers, {"done": False}, {"done": False}, refused)

    assert await callers.fail("cronJobs.triggerJob", "ping") == "CONFLICT: it runs"


async def test_a_code_that_nobody_knows_is_a_fault(callers: Callers):
    """Anybody who reaches Redis can answer."""
    answer(callers, {"done": True, "code": "NONSENSE", "message": "m"})

    said = await callers.fail("cronJobs.triggerJob", "ping")

    assert said == "INTERNAL_SERVER_ERROR: m"


async def test_answers_to_others_and_no_answers_at_all_are_passed_over(
    callers: Callers,
):
    """What is not for this request ends no wait."""
    bus = callers.resources.bus
    bus.listen(
        REQUESTS,
        lambda *_: [
            bus.publish(ANSWERS, one)
            for one in (7, None, {"id": "other", "done": True, "code": "CONFLICT"})
        ],
        replay=False,
    )
    answer(callers, {"done": True})

    assert await callers.call("cronJobs.stopJob", "ping") is UNDEFINED


@pytest.mark.parametrize("answers", [[], [{"done": False}]])
async def test_nobody_is_waited_for_without_end(
    callers: Callers, answers: Any, monkeypatch: pytest.MonkeyPatch
):
    """Without a tasks service, or when it dies, the words say what to do."""
    monkeypatch.setattr(control, "ANSWER_TIMEOUT", 0.02)
    answer(callers, *answers)

    said = await callers.fail("cronJobs.disableJob", "ping")

    assert said.startswith("SERVICE_UNAVAILABLE: no tasks service answers")


@pytest.mark.parametrize("given", [UNDEFINED, None, 7, "", "pong", {"name": "ping"}])
async def test_an_unknown_job_is_a_bad_request(callers: Callers, given: Any):
    """The tasks service is not even asked."""
    asked = answer(callers, {"done": True})
    said = await callers.fail("cronJobs.triggerJob", given)

    assert said.startswith("BAD_REQUEST")
    assert asked == []


@pytest.mark.parametrize(
    "name", ["getJobs", "updateJobInterval", "subscribeToStatusUpdates", *MUTATIONS]
)
async def test_jobs_are_for_administrators(callers: Callers, name: str):
    """Members are told that they may not; strangers, to log in."""
    path = f"cronJobs.{name}"

    assert await callers.fail(path, "ping", by="stranger") == (
        "UNAUTHORIZED: UNAUTHORIZED"
    )
    assert await callers.fail(path, "ping", by="other", having=("board-full-all",)) == (
        "FORBIDDEN: Permission denied"
    )


async def test_the_status_of_each_job_can_be_heard(callers: Callers):
    """One topic for each."""
    topics = await callers.call("cronJobs.subscribeToStatusUpdates")

    assert topics == [f"cron-job-status:{job.name}" for job in JOBS]
