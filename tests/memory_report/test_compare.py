"""Two reports side by side."""

from __future__ import annotations

import dataclasses
import re

import pytest

from memory_report.baseline import Bars, judge_drift, update_baseline
from memory_report.changes import Change, Direction, estimate_growth
from memory_report.compare import Comparison, compare_reports, list_differences
from memory_report.errors import NotComparableError
from memory_report.figures import work_out
from memory_report.gates import Outcome, Verdict
from memory_report.records import OwnServices, Report, SourceFile
from memory_report.render.comparison import FORMATS, render_text
from memory_report.render.words import (
    PRICE_HEAD,
    bounds,
    describe_verdict,
    list_prices,
    mib,
    percent,
    signed,
)
from memory_report.statistics import Estimate, counted, estimate_difference
from tests.memory_report.examples import make_report
from tests.memory_report.whole_report import make_whole_report

NAMES = ("separate", "together")
REPORT = make_whole_report(3, names=NAMES)
MORE = make_whole_report(3, names=NAMES, factor=1.03)


@pytest.fixture(name="grown", scope="module")
def _grown() -> Comparison:
    """A report, and the same with every size a thirtieth larger."""

    return compare_reports(REPORT, MORE)


def find(comparison: Comparison, subject: str) -> Change:
    """Return the change of one figure."""

    return next(each for each in comparison.changes if each.subject == subject)


def test_what_grew_by_a_thirtieth_is_found(grown: Comparison):
    """The interval has the truth inside and zero outside."""

    change = find(grown, "together, USS")

    assert change.direction is Direction.MORE
    assert change.growth.value == pytest.approx(0.03, abs=1e-6)
    assert change.growth.lower is not None
    assert change.growth.upper is not None
    assert 0.02 < change.growth.lower < 0.03 < change.growth.upper < 0.04


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ([50, 51, 52], [60, 61, 62], Direction.MORE),
        ([60, 61, 62], [50, 51, 52], Direction.LESS),
        ([50, 61, 52], [60, 51, 62], Direction.UNCLEAR),
    ],
)
def test_only_a_whole_interval_is_a_direction(
    before: list[float], after: list[float], direction: Direction
):
    """What has zero inside may be either."""

    growth = estimate_growth(before, after)
    change = Change(subject="any", unit="bytes", before=1, after=1, growth=growth)

    assert change.direction is direction


def test_a_report_is_no_different_from_itself():
    """Nothing is seen where nothing is, to the last digit of a float."""

    report = make_report((100, 50), (101, 51), (100, 52))
    comparison = compare_reports(report, report)

    assert {each.direction for each in comparison.changes} == {Direction.UNCLEAR}
    assert comparison.differences == ()
    assert "No difference is seen in any figure." in render_text(comparison)


@pytest.mark.parametrize("launches", [1, 2])
def test_few_launches_show_no_change(launches: int):
    """However far apart two values are; of two the interval would have no end."""

    comparison = compare_reports(
        make_report(*[(100, 50)] * launches),
        make_report(*[(200, 20), (999, 1)][:launches]),
    )

    assert {each.direction for each in comparison.changes} == {Direction.UNCLEAR}
    rows = [row for row in render_text(comparison).splitlines() if "MiB" in row]
    assert rows
    assert all(row.endswith("too few launches") for row in rows)
    assert "\nToo few launches to tell" in render_text(comparison)


def test_a_row_s_change_is_that_of_its_own_columns():
    """Launches that differ a lot have another arithmetic mean than a geometric one."""

    before = make_report((100, 10), (100, 10), (100, 90))
    after = make_report((100, 30), (100, 30), (100, 30))

    for change in compare_reports(before, after).changes:
        if change.unit == "share":
            expected = change.after - change.before
        else:
            expected = change.after / change.before - 1

        assert change.growth.value == pytest.approx(expected)


def test_a_comparison_folds_away_only_what_differs():
    """Nothing is behind the fold of two reports of one machine."""

    same = compare_reports(REPORT, REPORT)
    other = dataclasses.replace(same, differences=(("python", "3.11", "3.12"),))

    assert "<details>" not in FORMATS["markdown"](same)
    assert "libraries are the same on both sides." in FORMATS["markdown"](same)
    assert "not the same on both sides: 1</summary>" in FORMATS["markdown"](other)


def test_a_saving_is_compared_in_points():
    """48 % after 50 % are two points less, not a twenty-fifth."""

    before = make_report((100, 50), (100, 50), (100, 50))
    after = make_report((100, 52), (100, 52), (100, 52))
    saved = find(compare_reports(before, after), "saved of separate, PSS")

    assert (saved.before, saved.after) == (0.5, 0.48)
    assert saved.growth.value == pytest.approx(-0.02)
    assert saved.direction is Direction.LESS


def test_only_what_both_have_is_compared():
    """A report with more arrangements has nothing to hold them against."""

    comparison = compare_reports(
        make_whole_report(1, names=NAMES), make_whole_report(1)
    )
    subjects = {each.subject.partition(",")[0] for each in comparison.changes}

    assert subjects == {"separate", "together", "saved of separate"}


def test_what_of_the_machine_differs_is_named():
    """Library by library, what is absent on one side as well; not the report's size."""

    then = REPORT.environment
    now = dataclasses.replace(
        then,
        python="CPython 3.13.0",
        memory=then.memory * 2,
        versions={"trio": "0.31.0"},
        observer=41,
    )

    assert list(list_differences(then, now)) == [
        ("python", "CPython 3.12.1", "CPython 3.13.0"),
        ("memory", "4096.0 MiB", "8192.0 MiB"),
        ("quart", "0.20.0", "absent"),
        ("trio", "absent", "0.31.0"),
    ]


@pytest.mark.parametrize("how", ["settle", "work"])
def test_reports_of_another_way_are_refused(how: str):
    """Other times or other work: nothing to compare, and the reason is told."""

    first, *others = REPORT.launches
    if how == "settle":
        other = dataclasses.replace(
            REPORT, plan=dataclasses.replace(REPORT.plan, settle=5.0)
        )
        line = "settle: 2.0 in the first, 5.0 in the second"
    else:
        ledger = dataclasses.replace(first.ledger, rows={"user": 1})
        less = dataclasses.replace(first, ledger=ledger)
        other = dataclasses.replace(REPORT, launches=(less, *others))
        line = "rows in session: 4 in the first, 0 in the second"

    with pytest.raises(NotComparableError) as caught:
        compare_reports(REPORT, other)

    assert caught.value.differences == (line,)


def test_the_interval_of_a_difference_is_no_narrower_than_welch_s():
    """Worked out by hand: three and three values, four and two degrees of freedom."""

    alike = estimate_difference([10, 12, 14], [20, 22, 24])
    one_sided = estimate_difference([10, 10, 10], [20, 22, 24])

    assert alike.value == one_sided.value - 2 == 10
    assert alike.lower == pytest.approx(10 - 2.776 * (8 / 3) ** 0.5)
    assert alike.upper == pytest.approx(10 + 2.776 * (8 / 3) ** 0.5)
    assert one_sided.lower == pytest.approx(12 - 4.303 * (4 / 3) ** 0.5)


def test_growth_is_a_part_of_what_was():
    """Twice as much is 1, half of it -0.5."""

    assert estimate_growth([50, 50], [100, 100]).value == pytest.approx(1)
    assert estimate_growth([100, 100], [50, 50]).value == pytest.approx(-0.5)


def test_a_comparison_renders_to_the_same_bytes(grown: Comparison):
    """Drawn lots included: they have a seed."""

    again = compare_reports(REPORT, MORE)

    assert again == grown
    for render in FORMATS.values():
        assert render(again) == render(grown)


def test_the_sentence_says_how_much_of_it_chance_would_do(grown: Comparison):
    """Of twenty figures that did not change one looks as if it had."""

    text = render_text(grown)

    assert "together, PSS +2.9 %" in " ".join(text.split())
    assert "By chance alone 0.9 of the" in text


def test_somebody_s_own_story_is_told_from_the_bundled_one():
    """In one line: each count differs, and none of them, nor one launch, is why."""

    file = SourceFile(path="mine", sha256="0")
    own = dataclasses.replace(
        REPORT,
        plan=dataclasses.replace(REPORT.plan, own=OwnServices(plan=file, story=file)),
    )
    baseline = update_baseline(None, REPORT, bars=Bars(), release=None)

    with pytest.raises(NotComparableError) as caught:
        compare_reports(REPORT, own)

    with pytest.raises(NotComparableError) as held:
        judge_drift(_keep_one(own), baseline)

    assert caught.value.differences == (
        "the second is of somebody's own story, the first of the bundled one",
    )
    assert held.value.differences == (
        "the report is of somebody's own story, baseline 'last' of the bundled one",
        "each story has a file of its own (see --baseline)",
    )


def _keep_one(report: Report) -> Report:
    """Return it with one launch of each arrangement that counts."""

    launches = tuple(each for each in report.launches if each.number <= 2)
    assert len(counted(launches, "together")) == 1
    return dataclasses.replace(report, launches=launches)


def test_nothing_has_no_sign():
    """A hair less is rounded to nothing, not to less than nothing."""

    report = make_report((100, 50), (100, 50))
    less = make_report((100, 49.9999), (100, 49.9999))

    text = render_text(compare_reports(report, less))
    assert "-0.0 " not in text
    assert "+" not in text
    assert signed(-0.0004) == signed(0.0004) == signed(0) == "0.0"
    assert percent(-0.0001) == "0.0 %"
    assert mib(-1) == "0.0"
    nothing = Estimate(value=-0.0001, lower=-0.0002, upper=-0.0001)
    assert bounds(nothing) == "0.0 to 0.0 %"


def test_a_small_fall_is_told_as_one():
    """By as many digits as it takes, up to three: never with a plus."""

    report = make_report((100, 50), (100, 50))
    less = make_report((100, 49.98), (100, 49.98))

    text = " ".join(render_text(compare_reports(report, less)).split())
    assert "together, PSS 50.0 MiB 50.0 MiB -0.04 %" in text
    assert "saved of separate, PSS 50.0 % 50.0 % +0.02 points" in text
    fall = Estimate(value=-0.0001, lower=-0.0002, upper=-0.0001)
    verdict = Verdict(subject="drift", bar=0.05, estimate=fall, outcome=Outcome.PASSED)
    assert "PSS together -0.01 % since" in describe_verdict(verdict)


def test_a_time_below_a_millisecond_is_told_to_the_microsecond():
    """Of 0.5 ms and 0.5 ms nobody would see what changed by a tenth."""

    growth = Estimate(value=0.1, lower=None, upper=None)
    change = Change(
        subject="request p50",
        unit="seconds",
        before=0.000458,
        after=0.00114,
        growth=growth,
    )

    text = render_text(Comparison(changes=(change,), differences=()))
    assert "request p50 0.458 ms 1.1 ms +10.0 %" in " ".join(text.split())


def test_readiness_has_the_unit_of_the_report():
    """Milliseconds in both, so that neither has to be converted."""

    assert ("ready", "ms") in PRICE_HEAD
    text = " ".join(render_text(compare_reports(REPORT, REPORT)).split())
    (told,) = list_prices(work_out(REPORT).together)[:1]
    (read,) = re.findall(r"together, ready ([0-9.]+) ms", text)
    assert round(float(read)) == int(told) > 100
