"""The verdict on a report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import pytest

from memory_report.errors import UsageError
from memory_report.gates import Gate, Outcome, Verdict, check_measured, judge
from memory_report.notes import list_notes
from memory_report.records import Report, Series, Settling
from memory_report.render.formats import FORMATS
from memory_report.render.verdicts import FORMATS as VERDICTS
from memory_report.render.words import describe_doubts
from tests.memory_report.examples import (
    MIB,
    make_growing,
    make_launch,
    make_report,
)

#: Saved 47 to 57 % with 95 % confidence; together 43 to 53 MiB.
REPORT = make_report((100, 50), (100, 48), (100, 46))


def outcomes(report: Report, gate: Gate) -> list[Outcome]:
    """Return how each gate was left."""

    return [verdict.outcome for verdict in judge(report, gate)]


@pytest.mark.parametrize(
    ("bar", "outcome"),
    [
        (0.46, Outcome.PASSED),
        (0.48, Outcome.INCONCLUSIVE),
        (0.56, Outcome.INCONCLUSIVE),
        (0.58, Outcome.FAILED),
    ],
)
def test_saving_is_judged_by_its_interval(bar: float, outcome: Outcome):
    """Only an interval wholly at or above the bar passes, only one below fails."""

    assert outcomes(REPORT, Gate(min_savings={"separate": bar})) == [outcome]


@pytest.mark.parametrize(
    ("bar", "outcome"),
    [
        (54, Outcome.PASSED),
        (48, Outcome.INCONCLUSIVE),
        (42, Outcome.FAILED),
    ],
)
def test_size_is_judged_by_its_interval(bar: float, outcome: Outcome):
    """Here lower is better."""

    assert outcomes(REPORT, Gate(max_pss=bar * MIB)) == [outcome]


def test_one_launch_decides_nothing():
    """Without an interval a gate stays open, however good the figure looks."""

    report = make_report((100, 10))

    assert outcomes(report, Gate(min_savings={"separate": 0.2})) == [
        Outcome.INCONCLUSIVE
    ]


def test_an_unsettled_launch_decides_nothing():
    """A launch that still grows makes the gate inconclusive and is named."""

    first, *others = REPORT.launches
    growing = make_launch(
        first.number, first.arrangement, [make_growing("web", 100, 90)]
    )
    report = dataclasses.replace(REPORT, launches=(growing, *others))

    (verdict,) = judge(report, Gate(min_savings={"separate": 0.2}))

    (doubt,) = verdict.doubts
    assert (verdict.outcome, doubt.word) == (Outcome.INCONCLUSIVE, "unsettled")
    assert doubt.launches == (1,)


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(0.2, Outcome.INCONCLUSIVE), (2.0, Outcome.PASSED)]
)
def test_a_launch_without_time_to_settle_decides_nothing(
    seconds: float, outcome: Outcome
):
    """Nobody can tell whether it had settled: no reason to pass, and a note."""

    looks = [place * 0.25 for place in range(int(seconds * 4) + 1)]
    launches = tuple(
        dataclasses.replace(
            launch,
            series=Series(seconds=tuple(looks), pss=(50 * MIB,) * len(looks)),
            settling=Settling(begin=0, end=seconds, swap=0, huge_pages=0),
        )
        for launch in REPORT.launches
    )
    report = dataclasses.replace(REPORT, launches=launches)

    verdicts = judge(report, Gate(min_savings={"separate": 0.2}, max_pss=90 * MIB))

    assert [verdict.outcome for verdict in verdicts] == [outcome] * 2
    if outcome is Outcome.INCONCLUSIVE:
        assert describe_doubts(verdicts[1].doubts) == (
            "unsettled launches: 2, 4, 6 (see --settle)"
        )

    reason = "the time to settle was too short to tell (see --settle)"
    notes = [text for name, text in list_notes(report) if name == "unsettled"]
    assert notes == [
        f"launches {numbers}: {reason}"
        for numbers in ("1, 3, 5 (separate)", "2, 4, 6 (together)")
        if outcome is Outcome.INCONCLUSIVE
    ]


def test_the_warm_up_is_no_part_of_the_verdict():
    """The first launches fill the page cache; their figures are kept, not used."""

    warm_up = tuple(
        dataclasses.replace(launch, warm_up=True)
        for launch in make_report((100, 99)).launches
    )
    report = dataclasses.replace(REPORT, launches=warm_up + REPORT.launches)

    gate = Gate(min_savings={"separate": 0.5})

    assert judge(report, gate) == judge(REPORT, gate)


def test_a_question_about_what_was_not_measured_is_refused():
    """The message says what there is."""

    with pytest.raises(UsageError, match="no saving of 'shipped': measured were sep"):
        check_measured(REPORT, ["separate", "shipped"])


@pytest.mark.parametrize(
    ("name", "formats"), [(name, each) for each in (FORMATS, VERDICTS) for name in each]
)
def test_a_bar_about_what_was_not_measured_is_left_open(
    name: str, formats: Mapping[str, Callable[[Report, Sequence[Verdict]], str]]
):
    """In every format, and it never passes."""

    (verdict,) = judge(REPORT, Gate(min_savings={"shipped": 0.6}))
    told = formats[name](REPORT, [verdict])

    assert verdict.outcome is Outcome.INCONCLUSIVE
    if name == "json":
        assert '"estimate": null' in told
    else:
        assert "saved of shipped: not measured; wanted at least 60.0 %" in told


def test_no_bar_no_verdict():
    """Without a gate there is nothing to judge."""

    assert judge(REPORT, Gate()) == []
