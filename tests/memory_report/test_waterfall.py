"""The way from a reference to everything together."""

from __future__ import annotations

from itertools import accumulate

import pytest

from memory_report.waterfall import Waterfall, list_worths, work_out_waterfall
from tests.memory_report.examples import MIB, make_report
from tests.memory_report.whole_report import make_whole_report

ALL = ("together-arenas", "together-untrimmed", "together-eager", "together-redis")


def fall(*names: str) -> Waterfall:
    """Return the waterfall of a report with these arrangements and together."""

    waterfall = work_out_waterfall(make_whole_report(names=(*names, "together")))
    assert waterfall is not None
    return waterfall


def test_a_saving_is_worth_what_it_costs_to_take_it_away():
    """Pair by pair: the sizes are of 57.9, 55.2, 66.8, 58.7 and 52.6 MiB."""

    worths = {
        step.name: round(step.size.value / MIB, 1)
        for step in list_worths(make_whole_report())
    }

    assert worths == {
        "no client of Redis": 6.1,
        "one arena in malloc": 5.3,
        "collected and trimmed when idle": 2.6,
        "imports at first use": 14.2,
    }


@pytest.mark.parametrize("reference", ["separate", "shipped", "forked"])
def test_the_steps_lead_from_the_reference_to_together(reference: str):
    """They add up, Redis included, because the last one is what is left over."""

    waterfall = fall(reference, *ALL)
    ends = list(
        accumulate(
            (-step.size.value for step in waterfall.steps), initial=waterfall.start
        )
    )

    assert waterfall.reference == reference
    assert ends[-1] == pytest.approx(waterfall.end)
    assert waterfall.end / MIB == pytest.approx(53.84, abs=0.01)


def test_a_saving_that_the_reference_has_too_is_no_step():
    """Late imports are in the services; separate processes cap and trim as well."""

    shipped = [step.name for step in fall("separate", "shipped", *ALL).steps]
    separate = [step.name for step in fall("separate", "forked", *ALL).steps]

    assert shipped == [
        "no redis-server",
        "no client of Redis",
        "one arena in malloc",
        "collected and trimmed when idle",
        "one interpreter (the rest)",
    ]
    assert separate == [
        "no redis-server",
        "no client of Redis",
        "one interpreter (the rest)",
    ]


def test_every_step_has_its_interval():
    """The rest as well: it is worked out launch by launch."""

    for step in fall("shipped", *ALL).steps:
        assert step.size.lower is not None
        assert step.size.upper is not None
        assert step.size.lower <= step.size.value <= step.size.upper


def test_nothing_taken_away_is_no_waterfall():
    """A report of two arrangements has one difference, and no names for its parts."""

    assert work_out_waterfall(make_report((100, 50))) is None
    assert list_worths(make_report((100, 50))) == ()
