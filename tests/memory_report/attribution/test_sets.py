"""Sets of services, launched by the real runner."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from memory_report.arrangements import BUNDLED, RUNNER
from memory_report.attribution.attribute import attribute
from memory_report.attribution.load import check_work
from memory_report.attribution.records import AttributionProcedure, SetLaunch
from memory_report.attribution.sets import (
    launch_set,
    launch_sets,
    open_setting,
    order_sets,
)
from memory_report.attribution.shapley import give_back, share_out
from memory_report.attribution.slopes import launch_slopes
from memory_report.catalogue import Subject, read_subject
from memory_report.errors import NotComparableError, UsageError
from memory_report.records import Story
from tests.memory_report.attribution.ballast_service import PLAN

MIB = 1024 * 1024
QUICK = AttributionProcedure(
    rounds=1,
    settle=0.0,
    story=Story(logins=1, board_reads=2, board_writes=1, sockets=1, triggers=1),
    step=1,
    steps=2,
)


@pytest.fixture(name="make_subject")
def _make_subject(tmp_path: Path) -> Callable[[int], Subject]:
    """Return a maker of two services, of which the second holds so many MiB."""

    def make(ballast: int) -> Subject:
        path = tmp_path / f"plan-{ballast}.toml"
        path.write_text(PLAN.format(ballast=ballast), encoding="utf-8")
        return read_subject(path)

    return make


async def _launch_sets(subject: Subject, folder: Path) -> dict[frozenset[str], float]:
    async with open_setting(QUICK, subject, RUNNER, folder) as setting:
        launches = await launch_sets(setting, lambda _: None)

    return {frozenset(each.services): each.size / MIB for each in launches}


async def test_five_mib_are_filed_under_the_service_that_holds_them(
    make_subject: Callable[[int], Subject], tmp_path: Path
):
    """All of what is injected is that service's, and nothing is found where none is."""

    plain = await _launch_sets(make_subject(0), tmp_path)
    again = await _launch_sets(make_subject(0), tmp_path)
    heavy = await _launch_sets(make_subject(5), tmp_path)

    members = ("first", "second")
    none = {"first": 0, "second": 0}
    injected = {"first": 0, "second": 5}
    for measure in (share_out, give_back):
        before = measure(members, plain)
        for sizes, expected in ((again, none), (heavy, injected)):
            after = measure(members, sizes)
            moved = {name: after[name] - before[name] for name in members}
            assert moved == pytest.approx(expected, abs=0.3)

    assert heavy[frozenset()] == pytest.approx(plain[frozenset()], abs=0.3)


async def test_bundled_services_have_their_load_alone_as_in_company(tmp_path: Path):
    """No service needs another one for its work, and both ends counted all of it."""

    async with open_setting(QUICK, BUNDLED, RUNNER, tmp_path) as setting:
        launches = [
            await launch_set(setting, members, number=1)
            for members in ((), ("web",), ("web", "tasks"), ("ws", "tasks"))
        ]
        slopes = await launch_slopes(setting)

    check_work([(each.services, each.work) for each in launches])
    floor, web, web_and_tasks, ws_and_tasks = launches
    assert not floor.work
    assert web.work["web.requests"] >= 5
    assert ws_and_tasks.work["ws.connections"] == QUICK.story.sockets
    assert web_and_tasks.work["tasks.triggered"] == QUICK.story.triggers
    assert floor.size < web.size < web_and_tasks.size
    assert floor.size < ws_and_tasks.size
    assert [(each.unit, each.counts) for each in slopes] == [
        ("login", (1, 2)),
        ("socket", (1, 2)),
    ]
    assert all(size > web_and_tasks.size for each in slopes for size in each.sizes)


@asynccontextmanager
async def _open_other_load(*_: object) -> AsyncIterator[Counter[str]]:
    """Stand for clients that count what no service answered."""

    yield Counter({"web.requests": 1})


async def test_a_launch_whose_ends_differ_has_no_size(
    make_subject: Callable[[int], Subject],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """What clients asked must have been answered, in each launch."""

    monkeypatch.setattr("memory_report.attribution.sets.open_load", _open_other_load)
    async with open_setting(QUICK, make_subject(0), RUNNER, tmp_path) as setting:
        with pytest.raises(NotComparableError, match="clients counted 1, services 0"):
            await launch_set(setting, ("first",), number=1)


async def test_services_with_other_work_have_no_shares(
    make_subject: Callable[[int], Subject], monkeypatch: pytest.MonkeyPatch
):
    """An attribution ends where the sets did not do the same."""

    async def launch(_setting: object, _progress: object) -> list[SetLaunch]:
        return [
            SetLaunch(round=1, services=members, regions=(), pss=0, work=work)
            for members, work in (
                (("first",), {"first.asked": 1}),
                (("first", "second"), {"first.asked": 2}),
            )
        ]

    monkeypatch.setattr("memory_report.attribution.attribute.launch_sets", launch)

    with pytest.raises(NotComparableError, match=r"first\.asked: 1 in the set first"):
        await attribute(QUICK, subject=make_subject(0), progress=lambda _: None)


def test_sets_are_launched_forwards_and_backwards():
    """What drifts with time weighs on the first set as on the last."""

    order = ["+".join(each) for each in order_sets(("a", "b"), 3)]

    assert order == ["", "a", "b", "a+b", "a+b", "b", "a", "", "", "a", "b", "a+b"]


async def test_more_services_than_can_be_launched_are_refused(
    tmp_path: Path, make_subject: Callable[[int], Subject]
):
    """Each more doubles the launches, so there is an end to it."""

    subject = dataclasses.replace(make_subject(0), services=tuple("abcdefg"))

    with pytest.raises(UsageError, match="takes 6"):
        await attribute(QUICK, subject=subject, progress=lambda _: None)
