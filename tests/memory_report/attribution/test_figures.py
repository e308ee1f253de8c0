"""Figures of chosen numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory_report.attribution.figures import MappedFile, work_out
from memory_report.attribution.slopes import estimate_slope
from memory_report.regions import Region
from memory_report.statistics import estimate_mean
from tests.memory_report.attribution.examples import MIB, make_attribution


def test_shares_of_a_known_record():
    """Floor and shares make up the total; what both have in common is halved."""

    figures = work_out(make_attribution())

    web, ws = figures.shares
    assert figures.floor.value == 30 * MIB
    assert figures.total.value == 44 * MIB
    assert (web.service, web.share.value, web.alone.value, web.back.value) == (
        "web",
        9 * MIB,
        10 * MIB,
        8 * MIB,
    )
    assert (ws.share.value, ws.alone.value, ws.back.value) == (
        5 * MIB,
        6 * MIB,
        4 * MIB,
    )


def test_what_changes_from_round_to_round_is_in_the_interval():
    """Each round has shares of its own; one round alone has no interval."""

    web, ws = work_out(make_attribution(rounds=3, drift=1)).shares

    assert web.share.value == pytest.approx(10 * MIB)
    assert web.share.lower is not None
    assert web.share.upper is not None
    assert web.share.lower < 9.5 * MIB
    assert web.share.upper > 10.5 * MIB
    assert (ws.share.lower, ws.share.upper) == (5 * MIB, 5 * MIB)
    assert work_out(make_attribution(rounds=1)).total.lower is None


def test_merging_saves_the_floor_but_not_the_files():
    """Files are in memory once already, however many processes map them."""

    (merging,) = work_out(make_attribution()).mergings

    assert merging.services == ("web", "ws")
    assert merging.apart == (40 + 36 - 4) * MIB
    assert merging.together == 44 * MIB
    assert merging.saved.value == 28 * MIB
    assert merging.share.value == pytest.approx(28 / 72)


def test_the_whole_is_held_against_its_imports():
    """What is more than the same imports is what the services do."""

    figures = work_out(make_attribution())

    assert (figures.bare, figures.imports) == (9 * MIB, 40 * MIB)
    assert figures.ratio.value == pytest.approx(1.1)
    assert figures.pss == 42 * MIB


def test_an_uncertain_floor_makes_the_ratio_uncertain():
    """It was measured in each round, as the whole was."""

    record = make_attribution()
    floors = (38 * MIB, 42 * MIB)
    imports = replace(record.imports, floors=floors)
    figures = work_out(replace(record, imports=imports))

    ratios = estimate_mean([44 * MIB / floor for floor in floors])
    assert figures.imports == 40 * MIB
    assert figures.ratio == ratios
    assert ratios.upper is not None
    assert ratios.upper > 1.1


def test_only_the_whole_is_shown_by_what_is_mapped():
    """The sets that are but a means to the shares have no place there."""

    assert work_out(make_attribution()).regions == {
        "malloc's heap": 40 * MIB,
        "the interpreter": 4 * MIB,
    }


def test_the_largest_files_are_named_without_their_folders():
    """Those of the whole alone, and no kind of memory that has no file."""

    record = make_attribution(rounds=1)
    module = "/home/me/.venv/lib/python3.12/site-packages/msgspec/_core.so"
    regions = (
        Region(name="[heap]", own=MIB, cached=0),
        Region(name="/usr/lib/libc.so.6", own=1, cached=2),
        Region(name=module, own=5, cached=8),
    )
    whole = replace(record.launches[-1], regions=regions)
    files = work_out(replace(record, launches=(*record.launches[:-1], whole))).files

    assert set(whole.services) == set(record.services)
    assert files == (
        MappedFile(name="msgspec/_core.so", own=5, cached=8),
        MappedFile(name="libc.so.6", own=1, cached=2),
    )


def test_modules_that_could_go_are_those_that_other_packages_ask_for():
    """Neither the command's own package nor a package's inner parts are on the list."""

    freed = work_out(make_attribution()).freed

    assert [(each.name, each.importers) for each in freed] == [
        ("quart", ("runner.cli",)),
        ("ssl", ("runner.cli", "quart.app")),
        ("small", ("quart",)),
    ]
    assert [each.size / MIB for each in freed[:2]] == pytest.approx([5, 4], abs=0.01)


def test_the_tree_has_what_weighs_a_mebibyte():
    """With all that it pulled in first, from the command down."""

    tree = work_out(make_attribution()).tree

    assert [(each.depth, each.module) for each in tree] == [
        (0, "runner.cli"),
        (1, "quart"),
        (2, "quart.app"),
        (3, "ssl"),
    ]
    assert tree[0].size == 10 * MIB + 1


def test_each_launch_gives_one_slope():
    """Readings of one launch hang together; launches do not."""

    record = make_attribution()

    socket = estimate_slope(record.slopes, "socket")
    assert (socket.value, socket.lower, socket.upper) == pytest.approx((12 * 1024,) * 3)
    assert work_out(record).slopes["login"].value == pytest.approx(0)
