"""The baseline as a reviewer reads it."""

from __future__ import annotations

from memory_report.baseline import Bars, update_baseline
from memory_report.render.baseline import render_baseline
from tests.memory_report.whole_report import make_whole_report


def test_a_count_of_both_ends_is_one_count():
    """The file has it twice, once of either end."""

    baseline = update_baseline(None, make_whole_report(3), bars=Bars(), release="1.0")

    text = render_baseline(baseline)

    assert len(baseline.last.work) == 18
    assert text.count("  work: 11 counts, 7 of them of both ends\n") == 2
