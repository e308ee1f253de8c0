"""What a report says beside its figures, and the figures that are not sizes."""

from __future__ import annotations

import dataclasses

from memory_report.figures import work_out
from memory_report.notes import list_notes
from memory_report.records import (
    CHECKPOINTS,
    Launch,
    Ledger,
    OwnServices,
    Price,
    Report,
    SourceFile,
)
from tests.memory_report.examples import MIB, make_growing, make_launch, make_report
from tests.memory_report.whole_report import make_whole_report

WHOLE = make_whole_report(2, names=("separate", "together"))


def notes_of(report: Report) -> dict[str, str]:
    """Return the notes by their names."""

    return dict(list_notes(report))


def without(launch: Launch, *checkpoints: str) -> Launch:
    """Return a launch that was not read at some checkpoints."""

    readings = tuple(
        reading for reading in launch.readings if reading.checkpoint not in checkpoints
    )
    return dataclasses.replace(launch, readings=readings)


def test_doubts_come_first_with_their_launches():
    """Whoever reads one line reads that."""

    moving = make_launch(2, "together", [make_growing("roof", 50, 60)])
    first, _, *others = make_report((100, 50), (100, 50)).launches
    report = dataclasses.replace(
        make_report((100, 50)), launches=(first, moving, *others)
    )

    name, text = next(list_notes(report))

    assert name == "unsettled"
    assert text == "launch 2 (together): it moved by 18.2 % while it was sampled"


def test_the_load_that_was_timed_is_stated():
    """A latency without its load means nothing."""

    notes = notes_of(WHOLE)

    assert "whose load is light" in notes["price"]
    assert ": 200 board pages, asked by 6 visitors at a time" in notes["price"]
    assert notes["late"].startswith("as the monitor in each process saw it")
    assert "left out" not in notes


def test_what_nobody_told_is_said_not_to_be_known():
    """No lateness, and two checkpoints that one arrangement could not be asked for."""

    launches = tuple(
        dataclasses.replace(
            without(launch, "collected", "trimmed")
            if launch.arrangement == "separate"
            else launch,
            price=Price(request_p50=0.1),
        )
        for launch in WHOLE.launches
    )
    report = dataclasses.replace(WHOLE, launches=launches)
    separate, together = work_out(report).columns

    assert notes_of(report)["late"].startswith("not told")
    assert notes_of(report)["left out"].startswith(
        "collected and trimmed of separate: not all of its processes run the runner"
    )
    assert list(separate.checkpoints) == ["start", "loaded", "settled", "drained"]
    assert tuple(together.checkpoints) == CHECKPOINTS


def test_a_report_without_a_price_has_no_notes_on_it():
    """An old launch, or one that was only sampled, was not timed."""

    assert not {"price", "late"} & notes_of(make_report((100, 50))).keys()


def test_checkpoints_are_totals_without_redis():
    """As the table's, so that `settled` is the same figure in both."""

    separate, together = work_out(WHOLE).columns

    assert separate.checkpoints["settled"] == separate.total.pss
    assert separate.checkpoints["start"] < separate.checkpoints["loaded"]
    assert together.checkpoints["settled"] < 60 * MIB


def test_dying_counts_services_and_not_what_they_do_together():
    """One dies alone in a process of its own, three in one process."""

    separate, together = work_out(WHOLE).columns
    crashes = tuple(
        dataclasses.replace(crash, died=(*crash.died, "pushes"))
        for crash in WHOLE.crashes
    )
    pushing = work_out(dataclasses.replace(WHOLE, crashes=crashes))
    untried = work_out(dataclasses.replace(WHOLE, crashes=()))

    assert (separate.dying, together.dying) == (1, 3)
    assert [column.dying for column in pushing.columns] == [1, 3]
    assert [column.dying for column in untried.columns] == [None, None]


def with_pushes(count: int) -> Report:
    """Return a report whose launches timed so many pushes each: 1, 2, 3 … ms."""

    launches = tuple(
        dataclasses.replace(
            launch,
            price=Price(
                push_p50=9,
                push_p99=9,
                pushes=tuple(
                    (launch.number // 3 * count + place + 1) / 1000
                    for place in range(count)
                ),
            ),
        )
        for launch in WHOLE.launches
    )
    return dataclasses.replace(WHOLE, launches=launches)


def test_pushes_of_all_launches_are_one_lot():
    """Two launches of 60 have a percentile together that neither has alone."""

    report = with_pushes(60)
    separate, together = work_out(report).columns

    assert notes_of(report)["push"] == "of each arrangement 120 pushes were timed"
    for column in (separate, together):
        assert (column.price.push_p50, column.price.push_p99) == (0.060, 0.119)


def test_the_slowest_of_a_few_pushes_is_called_so():
    """The 99th percentile of twenty is their maximum; older reports do not say."""

    report = with_pushes(10)

    assert work_out(report).together.price.push_p99 == 0.020
    assert notes_of(report)["push"] == (
        "of each arrangement 20 pushes were timed: their p99 is the slowest of them"
    )
    assert "push" not in notes_of(WHOLE)


def test_counts_of_both_ends_are_not_counted_twice():
    """They are a part of those that are alike in all launches, or bytes or pushes."""

    first, *others = make_report((100, 50)).launches
    ledger = dataclasses.replace(first.ledger, digests={"item": "a", "user": "b"})
    launches = (dataclasses.replace(first, ledger=ledger), *others)
    report = dataclasses.replace(make_report((100, 50)), launches=launches)

    assert notes_of(make_report((100, 50)))["ledger"].endswith(
        "; 8 counts agree at both ends, 11 are alike in all 2 launches"
    )
    assert notes_of(report)["ledger"].endswith(
        ", 11 and what is in 2 tables are alike in all 2 launches"
    )


def test_what_only_one_end_of_own_services_counts_is_said():
    """Nobody shall take a digest, or a beat, for work that both ends agreed on."""

    report = make_report((100, 50))
    file = SourceFile(path="mine", sha256="0")
    plan = dataclasses.replace(report.plan, own=OwnServices(plan=file, story=file))
    ledger = Ledger(
        client={"site.requests": 5, "crc": 77},
        services={"site.requests": 5, "clock.ticks": 900},
        rows={},
    )
    launches = [dataclasses.replace(each, ledger=ledger) for each in report.launches]
    own = dataclasses.replace(report, plan=plan, launches=tuple(launches))

    assert notes_of(own)["ledger"] == (
        "crc = 77, 5 site.requests; 1 counts agree at both ends, 2 are alike in all 2 "
        "launches; only the story counts crc; only the services count clock.ticks"
    )


def test_the_size_of_the_observer_is_stated_where_it_was_read():
    """It is in no figure, and nobody has to guess how large what is left out is."""

    measured = make_report((120, 60))
    environment = dataclasses.replace(measured.environment, observer=41 * MIB)
    stated = dataclasses.replace(measured, environment=environment)

    assert notes_of(stated)["observer"].startswith("this report's own process, 41.0")
    assert "observer" not in notes_of(measured)
