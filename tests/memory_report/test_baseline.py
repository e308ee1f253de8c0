"""The reviewed file, and what is held against it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from memory_report.baseline import (
    Bars,
    Baseline,
    judge_drift,
    read_baseline,
    update_baseline,
    write_baseline,
)
from memory_report.compare import compare_reports
from memory_report.errors import NotComparableError, ReportFileError
from memory_report.gates import Outcome
from memory_report.records import Ledger, OwnServices, Report, Settling, SourceFile
from tests.memory_report.examples import MIB, make_report
from tests.memory_report.whole_report import make_whole_report

NAMES = ("separate", "together")
REPORT = make_whole_report(names=NAMES)
BASELINE = update_baseline(None, REPORT, bars=Bars(), release="1.0")


def grown(factor: float) -> Report:
    """Return the report with every process so much larger."""

    return make_whole_report(names=NAMES, factor=factor)


def judged(report: Report, baseline: Baseline = BASELINE) -> dict[str, Outcome]:
    """Return how each gate of the file was left."""

    return {each.subject: each.outcome for each in judge_drift(report, baseline)}


def settled(report: Report, seconds: float) -> Report:
    """Return the report as if launches had been given another time to settle."""

    return dataclasses.replace(
        report, plan=dataclasses.replace(report.plan, settle=seconds)
    )


def worked(report: Report, **work: dict[str, int]) -> Report:
    """Return the report as if its launches had done other work."""

    ledger = dataclasses.replace(report.launches[0].ledger, **work)
    launches = [dataclasses.replace(each, ledger=ledger) for each in report.launches]
    return dataclasses.replace(report, launches=tuple(launches))


@pytest.mark.parametrize(
    ("factor", "regress", "drift"),
    [
        (0.97, Outcome.PASSED, Outcome.PASSED),
        (1.0, Outcome.PASSED, Outcome.PASSED),
        (1.02, Outcome.INCONCLUSIVE, Outcome.PASSED),
        (1.03, Outcome.FAILED, Outcome.PASSED),
        (1.07, Outcome.FAILED, Outcome.FAILED),
    ],
)
def test_growth_is_judged_by_its_interval(
    factor: float, regress: Outcome, drift: Outcome
):
    """2 % above the last one, 5 % above the release: wholly below or wholly above."""

    assert judged(grown(factor)) == {"regress": regress, "drift": drift}


def test_many_small_steps_are_seen_for_what_they_are_together():
    """Each step of 1.5 % is accepted; at the fourth the release says stop."""

    baseline, drifts = BASELINE, []
    for step in range(1, 5):
        report = grown(1.015**step)
        outcomes = judged(report, baseline)
        assert outcomes["regress"] is Outcome.PASSED

        drifts.append(outcomes["drift"])
        baseline = update_baseline(baseline, report, bars=Bars(), release=None)

    assert drifts == [
        Outcome.PASSED,
        Outcome.PASSED,
        Outcome.PASSED,
        Outcome.FAILED,
    ]
    assert baseline.release == BASELINE.release


def test_without_a_release_only_the_last_one_counts():
    """Nothing is pinned until somebody pins it."""

    baseline = update_baseline(None, REPORT, bars=Bars(), release=None)

    assert judged(grown(1.07), baseline) == {"regress": Outcome.FAILED}


def test_an_unsettled_report_decides_nothing():
    """Its own doubts outweigh how well it would do."""

    def swap(place: int) -> Report:
        launches = list(grown(0.9).launches)
        settling = Settling(begin=0, end=2, swap=MIB, huge_pages=0)
        launches[place] = dataclasses.replace(launches[place], settling=settling)
        return dataclasses.replace(REPORT, launches=tuple(launches))

    places = {each.arrangement: n for n, each in enumerate(REPORT.launches)}

    assert set(judged(swap(places["separate"])).values()) == {Outcome.PASSED}
    assert set(judged(swap(places["together"])).values()) == {Outcome.INCONCLUSIVE}


@pytest.mark.parametrize("how", ["python", "work"])
def test_another_way_of_measuring_is_not_comparable(how: str):
    """Every difference is named, and what to do about it."""

    if how == "python":
        other = dataclasses.replace(REPORT.environment, python="CPython 3.13.0")
        report = dataclasses.replace(REPORT, environment=other)
        line = "python: CPython 3.12 in baseline 'last', CPython 3.13"
    else:
        report = worked(REPORT, rows={"user": 1})
        line = "rows in session: 4 in baseline 'last', none"

    with pytest.raises(NotComparableError) as caught:
        judge_drift(report, BASELINE)

    assert len(caught.value.differences) == 2
    assert caught.value.differences[0].startswith(line)
    assert "baseline update" in caught.value.differences[1]


QUICK = worked(REPORT, client={"ws.connections": 5, "tasks.triggered": 2})
FULL = worked(REPORT, client={"ws.connections": 10, "tasks.triggered": 3})


@pytest.mark.parametrize(
    ("then", "now", "head", "settle"),
    [
        (FULL, settled(QUICK, 5), " (--quick) was {} 'last':", True),
        (FULL, QUICK, " (--quick) was {} 'last':", False),
        (QUICK, FULL, " was {} 'last' (--quick):", False),
        (FULL, settled(FULL, 5), " was {} 'last':", True),
    ],
)
def test_counts_that_follow_from_a_shorter_story_are_left_out(
    then: Report, now: Report, head: str, settle: bool
):
    """Nobody is led to put a quick report in place of the reviewed one."""

    baseline = update_baseline(None, then, bars=Bars(), release="1.0")
    settles = ["settle: 2 s in baseline 'last', 5 s in the report"] if settle else []

    with pytest.raises(NotComparableError) as caught:
        judge_drift(now, baseline)

    *lines, remedy = caught.value.differences

    assert str(caught.value).startswith(
        "the report" + head.format("measured in another way than baseline")
    )
    assert lines == settles
    assert "--baseline FILE" in remedy
    assert "baseline update" not in remedy
    with pytest.raises(NotComparableError, match=r"a file of its own .* --release "):
        update_baseline(baseline, now, bars=Bars(), release=None)


def test_every_count_of_own_services_is_work():
    """None of their names is ours: a report with other counts is of other work."""

    files = SourceFile(path="mine", sha256="1")
    plan = dataclasses.replace(REPORT.plan, own=OwnServices(plan=files, story=files))

    def count(pushes: int) -> Report:
        ledger = Ledger(
            client={"ws.pushes": pushes}, services={"ws.pushes": pushes}, rows={}
        )
        launches = [
            dataclasses.replace(each, ledger=ledger) for each in REPORT.launches
        ]
        return dataclasses.replace(REPORT, plan=plan, launches=tuple(launches))

    baseline = update_baseline(None, count(41), bars=Bars(), release=None)

    assert baseline.last.work == {"ws.pushes": 41, "ws.pushes (services)": 41}
    with pytest.raises(NotComparableError, match=r"ws\.pushes: 41 in baseline"):
        judge_drift(count(42), baseline)

    with pytest.raises(NotComparableError, match=r"ws\.pushes: 41 in the first, 42"):
        compare_reports(count(41), count(42))


def test_a_mended_python_is_still_the_same_one():
    """The third number of its version is no other way of measuring."""

    other = dataclasses.replace(REPORT.environment, python="CPython 3.12.9")
    report = dataclasses.replace(REPORT, environment=other)

    assert set(judged(report).values()) == {Outcome.PASSED}


def test_a_release_that_could_judge_nothing_any_more_is_not_kept():
    """Who changes the way of measuring pins a release of the new way as well."""

    report = settled(REPORT, 5)

    with pytest.raises(NotComparableError, match="--release"):
        update_baseline(BASELINE, report, bars=Bars(), release=None)

    assert judged(
        report, update_baseline(BASELINE, report, bars=Bars(), release="2.0")
    ) == {"regress": Outcome.PASSED, "drift": Outcome.PASSED}


def test_one_launch_is_no_baseline():
    """Nobody knows how sure it is."""

    with pytest.raises(NotComparableError, match="--repeats"):
        update_baseline(None, make_report((100, 50)), bars=Bars(), release=None)


def test_the_file_is_small_and_the_same_for_the_same_report(tmp_path: Path):
    """A reviewer reads all of it: MiB, a launch by launch, and the counts of work."""

    path, again = tmp_path / "a.json", tmp_path / "b.json"
    write_baseline(BASELINE, path)
    write_baseline(read_baseline(path), again)
    content = json.loads(path.read_text(encoding="utf-8"))

    assert path.read_bytes() == again.read_bytes()
    assert path.stat().st_size < 3000
    assert content["last"]["pss"] == 53.84
    sizes = [53.9189, 53.682199, 53.84, 53.9978, 53.7611]
    assert content["last"]["launches"] == sizes


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "`baseline update` makes it"),
        ("{", "is not a baseline"),
        ('{"schema": 1}', "is not a baseline"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(
    tmp_path: Path, content: str | None, complaint: str
):
    """With its name, and with what would help."""

    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(ReportFileError, match=complaint) as caught:
        read_baseline(path)

    assert str(path) in str(caught.value)


def test_a_file_of_another_schema_is_refused(tmp_path: Path):
    """What a later program wrote is not half understood."""

    path = tmp_path / "baseline.json"
    write_baseline(dataclasses.replace(BASELINE, schema=2), path)

    with pytest.raises(ReportFileError, match="has schema 2, this program reads 1"):
        read_baseline(path)
