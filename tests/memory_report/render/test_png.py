"""The report as a picture."""

from __future__ import annotations

import struct
import sys
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.legend import Legend

from memory_report.errors import UsageError
from memory_report.render.png import render_png
from tests.memory_report.examples import make_report
from tests.memory_report.whole_report import make_whole_report


def test_the_picture_is_the_same_for_the_same_report():
    """Nothing in it depends on when or where it was drawn."""

    report = make_report((100, 50))
    picture = render_png(report, [])

    assert picture == render_png(report, [])
    assert b"tEXt" not in picture


def test_what_was_measured_takes_its_room():
    """A report that has everything is six charts high, one of little only two."""

    whole = render_png(make_whole_report(1), [])
    small = render_png(make_report((100, 50)), [])
    (width, height), (_, lower) = (
        struct.unpack(">II", picture[16:24]) for picture in (whole, small)
    )

    assert whole.startswith(b"\x89PNG\r\n\x1a\n")
    assert width == 990
    assert lower < 600 < 1500 < height


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch):
    """It is an extra: whoever wants a picture learns how to get it."""

    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(UsageError, match=r"pip install 'matplotlib>=3.9'"):
        render_png(make_report((100, 50)), [])


def test_every_part_of_a_bar_is_in_a_legend(monkeypatch: pytest.MonkeyPatch):
    """What has no room for its name, Redis and shared pages, is named there."""

    named = []
    draw = Axes.legend

    def spy(panel: Axes, **options: Any) -> Legend:
        named.append([patch.get_label() for patch in options["handles"]])
        return draw(panel, **options)

    monkeypatch.setattr(Axes, "legend", spy)
    render_png(make_report((100, 50)), [])

    parts = ["web", "ws", "tasks", "shared", "redis-server", "web+ws+tasks"]
    assert named == [parts]
