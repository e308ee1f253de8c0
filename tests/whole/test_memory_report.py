"""The memory report on the real services, as a newcomer runs it."""

from __future__ import annotations

import pytest

from memory_report.cli import main
from memory_report.files import read_report
from memory_report.ledger import count_work
from memory_report.records import CHECKPOINTS, REDIS, Report
from memory_report.statistics import total_sizes

#: What the story asks, by service.
ANSWERS = {
    "tasks GET /trpc/getAll",
    "tasks POST /trpc/disable",
    "tasks POST /trpc/trigger",
    "web GET /",
    "web GET /auth/login",
    "web GET /boards/*",
    "web GET /boards/*?edit=1",
    "web GET /init",
    "web POST /auth/login",
    "web POST /boards/*/items",
    "web POST /boards/*/items/*",
    "web POST /init",
    "ws cronJobs.subscribeToStatusUpdates",
    "ws widget.app.updatedPing",
}

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]


@pytest.fixture(name="measured", scope="module")
def _measured(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """One launch of each arrangement besides the warm-up, kept as JSON."""

    path = tmp_path_factory.mktemp("report") / "report.json"
    words = ["--quick", "--repeats", "1", "--settle", "0.5", "--json", str(path)]

    assert main(["measure", *words]) == 0

    return read_report(path)


def test_both_arrangements_are_launched_and_sampled(measured: Report):
    """Three processes and their Redis on one side, one process on the other."""

    rows = {
        launch.arrangement: [
            process.name for process in launch.reading("settled").processes
        ]
        for launch in measured.launches
    }

    assert [launch.arrangement for launch in measured.launches] == (
        ["separate", "together"] * 2
    )
    assert rows == {
        "separate": ["web", "ws", "tasks", REDIS],
        "together": ["web+ws+tasks"],
    }


def test_every_process_is_one_process(measured: Report):
    """No supervisor, no worker, no helper: what is launched is all there is."""

    counts = {
        process.processes
        for launch in measured.launches
        for process in launch.reading("settled").processes
    }

    assert counts == {1}


def test_both_did_the_same_work_and_a_lot_of_it(measured: Report):
    """Logins, reads, writes, sockets, pushes and job runs are in every ledger."""

    works = [count_work(launch.ledger) for launch in measured.launches]
    story, work = measured.plan.story, works[0]
    boards, runs = story.sockets, story.triggers

    assert all(each == work for each in works)
    assert work["web.requests"] > story.board_reads + story.board_writes
    assert work["web.requests"] == work["web.requests (services)"]
    assert work["web.responses_3xx"] >= story.board_writes + story.logins
    assert work["ws.connections"] == boards
    assert work["ws.subscriptions"] == 3 * boards
    assert work["ws.status_pushes"] == 2 * runs * boards
    assert work["ws.ping_pushes"] == runs * boards
    assert work["ws.boards_with_memory"] == boards
    assert work["pinged_site.requests"] == runs
    assert work["rows in session"] >= story.logins
    assert work["ws.messages (services)"] == 2 * 3 * boards
    assert work["tasks.triggered (services)"] == runs
    for launch in measured.launches:
        assert launch.ledger.services["web.response_bytes"] > 100_000
        assert launch.ledger.digests == measured.launches[0].ledger.digests
        assert {"app", "board", "item", "user"} <= launch.ledger.digests.keys()
        assert launch.ledger.services["ws.sent_bytes"] > 100 * sum(
            launch.ledger.client[f"ws.{kind}_pushes"] for kind in ("status", "ping")
        )
        assert launch.ledger.answers == measured.launches[0].ledger.answers
        assert launch.ledger.answers.keys() == ANSWERS


def test_one_interpreter_takes_less(measured: Report):
    """Even a rough measurement shows what this house is for."""

    first, second = measured.launches[-2:]
    separate = total_sizes(first, redis=False)
    together = total_sizes(second, redis=False)

    assert together.pss < 0.75 * separate.pss
    assert together.rss < 0.75 * separate.rss


def test_every_launch_is_read_at_every_checkpoint(measured: Report):
    """All services run the runner, so each of them can be asked to give back."""

    for launch in measured.launches:
        taken = [reading.checkpoint for reading in launch.readings]
        sizes = {
            reading.checkpoint: total_sizes(
                launch, redis=False, checkpoint=reading.checkpoint
            ).pss
            for reading in launch.readings
        }

        assert tuple(taken) == CHECKPOINTS
        assert sizes["start"] < sizes["loaded"]
        # A table that grows in the meantime is no failure to give back.
        assert sizes["trimmed"] <= sizes["settled"] * 1.01


def test_the_peak_is_no_less_than_what_was_loaded(measured: Report):
    """It is the most of what was seen in the story, and the series has it."""

    for launch in measured.launches:
        peak, series, settling = launch.peak, launch.series, launch.settling

        assert peak is not None
        assert series is not None
        assert settling is not None
        assert launch.story_seconds <= settling.begin < settling.end
        assert peak.pss in series.pss
        assert peak.rss >= peak.pss


def test_the_price_is_timed_by_the_storys_own_clients(measured: Report):
    """A quick launch is over before a monitor has told how late its loops were."""

    for launch in measured.launches:
        price = launch.price

        assert price is not None
        assert 0 < (price.request_p50 or 0) <= (price.request_p99 or 0)
        assert 0 < (price.push_p50 or 0) <= (price.push_p99 or 0)
        assert (price.requests_per_second or 0) > 0
        assert price.lag == {}

    assert measured.crashes == ()
