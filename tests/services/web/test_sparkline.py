"""The small line of the memory widget."""

from __future__ import annotations

import pytest

from services.web.sparkline import HEIGHT, WIDTH, draw_sparkline


def test_the_line_runs_from_edge_to_edge_over_a_scale_from_zero():
    """Twice as much is drawn twice as high; the highest leaves room for the stroke."""

    drawn = draw_sparkline([0, 10, 20])

    assert drawn is not None
    assert drawn.line == "M3 48L120 25.5L237 3"
    assert f"{drawn.line}L237 {HEIGHT}L3 {HEIGHT}Z" == drawn.area


def test_what_grew_a_little_looks_so():
    """A process that has just started does not seem to have come from nothing."""

    drawn = draw_sparkline([50.0, 52.5])

    assert drawn is not None
    heights = [float(point.split(" ")[1]) for point in drawn.line[1:].split("L")]
    assert max(heights) - min(heights) < HEIGHT / 10


@pytest.mark.parametrize("values", [[], [1.0]])
def test_too_few_values_draw_nothing(values: list[float]):
    """One point is no line."""

    assert draw_sparkline(values) is None


def test_zeros_are_drawn_without_a_fault():
    """A flat line at zero is still a line."""

    drawn = draw_sparkline([0, 0, 0])

    assert drawn is not None
    assert drawn.line.endswith(f"L{WIDTH - 3} {HEIGHT}")
