"""The example under examples/ is measured as its own text says."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.own_services.story import MESSAGES, PAGES
from memory_report.cli import main
from memory_report.files import read_report
from memory_report.records import Report
from memory_report.statistics import total_sizes

pytestmark = pytest.mark.timeout(120)

FOLDER = Path("examples/own_services")


@pytest.fixture(name="measured", scope="module")
def _measured(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """One launch of each arrangement besides the warm-up, kept as JSON."""

    path = tmp_path_factory.mktemp("own") / "report.json"
    files = ["--plan", str(FOLDER / "plan.toml"), "--story", str(FOLDER / "story.py")]
    words = ["--repeats", "1", "--settle", "0.1", "--json", str(path)]

    assert main(["measure", *files, *words]) == 0

    return read_report(path)


def test_each_service_of_the_plan_has_a_process_when_separate(measured: Report):
    """Also the one that has no address; and no Redis is there."""

    rows = {
        launch.arrangement: [row.name for row in launch.reading("settled").processes]
        for launch in measured.launches
    }

    assert rows == {
        "separate": ["site", "echo", "ticker"],
        "together": ["site+echo+ticker"],
    }


def test_the_story_was_played_in_every_launch(measured: Report):
    """What its clients counted is what the services counted."""

    for launch in measured.launches:
        client, services = launch.ledger.client, launch.ledger.services
        assert client["site.requests"] == services["site.requests"] == PAGES
        assert client["echo.messages"] == services["echo.messages"] == MESSAGES
        assert launch.price is not None
        assert launch.price.request_p99 is not None


def test_the_report_says_whose_services_they_were(measured: Report):
    """Its files are named, and their content is fixed by a digest."""

    assert measured.plan.own is not None
    assert measured.plan.own.story.path == str(FOLDER / "story.py")
    assert len(measured.plan.own.plan.sha256) == 64
    assert measured.environment.redis == ""


def test_one_interpreter_takes_less(measured: Report):
    """The point of it all, for somebody else's services."""

    separate, together = measured.launches[-2:]

    assert total_sizes(together, redis=False).pss < (
        0.75 * total_sizes(separate, redis=False).pss
    )
