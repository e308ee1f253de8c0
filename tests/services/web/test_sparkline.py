"""The small line of the memory widget."""

from __future__ import annotations

import pytest

from services.web.sparkline import HEIGHT, WIDTH, draw_sparkline


def test_two_points_make_a_line_over_the_full_width():
    """The line runs from edge to edge, high values at the top."""

    drawn = draw_sparkline([10, 20])

    assert drawn is not None
    assert drawn.line == "M3 45L237 3"
    assert f"M3 45L237 3L237 {HEIGHT}L3 {HEIGHT}Z" == drawn.area


def test_small_noise_looks_calm():
    """A wobble of a thousandth does not fill the whole height."""

    drawn = draw_sparkline([50.0, 50.05, 50.0])

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
    assert drawn.line.endswith(f"L{WIDTH - 3} {HEIGHT / 2:g}")
