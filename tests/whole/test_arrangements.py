"""The competitors are real: forked children, and what supervisord starts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest
import trio

from memory_report.arrangements import ARRANGEMENTS
from memory_report.ledger import check_ledgers
from memory_report.measure import launch_once
from memory_report.records import CHECKPOINTS, REDIS, Launch, Procedure, Story

pytestmark = [pytest.mark.redis, pytest.mark.timeout(120)]

PROCEDURE = Procedure(
    repeats=1,
    settle=0.1,
    samples=1,
    sample_interval=0.1,
    story=Story(logins=1, board_reads=5, board_writes=1, sockets=1, triggers=1),
)


@pytest.fixture(name="launches", scope="module")
def _launches(tmp_path_factory: pytest.TempPathFactory) -> list[Launch]:
    """What supervisord starts, then two parents of forks: the second one knows more."""

    cache = tmp_path_factory.mktemp("cache")
    return [
        trio.run(
            partial(
                launch_once,
                ARRANGEMENTS[name],
                PROCEDURE,
                number=number,
                warm_up=False,
                cache=cache,
            )
        )
        for number, name in enumerate(("shipped", "forked", "forked"), 1)
    ]


def uss(launch: Launch) -> Mapping[str, int]:
    """Return what each row of the table has for itself, in bytes."""

    rows = launch.reading("settled").processes
    return {row.name: row.samples[0].uss for row in rows}


def count(launch: Launch) -> Mapping[str, int]:
    """Return how many processes each row of the table adds up."""

    return {row.name: row.processes for row in launch.reading("settled").processes}


def test_hypercorn_is_shipped_with_its_parent(launches: list[Launch]):
    """Its command line has a parent, a child and multiprocessing's helper."""

    shipped, *_ = launches

    assert count(shipped) == {"supervisord": 1, "web": 3, "ws": 1, "tasks": 1, REDIS: 1}


def test_every_forked_service_has_a_row_beside_its_parent(launches: list[Launch]):
    """One child each, named by what it said of itself."""

    for forked in launches[1:]:
        assert count(forked) == {"parent": 1, "web": 1, "ws": 1, "tasks": 1, REDIS: 1}


def test_children_share_what_their_parent_has_imported(launches: list[Launch]):
    """The first launch finds out what that is; from then on it is no child's own."""

    _, first, second = map(uss, launches)

    for service in ("web", "ws", "tasks"):
        assert second[service] < 0.85 * first[service]


def test_all_of_them_did_the_same_work(launches: list[Launch]):
    """Whoever serves: both ends of each launch agree, and so do the launches."""

    check_ledgers(launches)

    assert launches[0].ledger.client["web.requests"] > PROCEDURE.story.board_reads


def test_each_of_their_services_can_be_asked_for_memory(launches: list[Launch]):
    """Also Hypercorn's child, which the runner has no part in."""

    for launch in launches:
        taken = tuple(reading.checkpoint for reading in launch.readings)
        assert taken == CHECKPOINTS
