from __future__ import annotations

from dashboard.boards.places import find_free_place


def test_the_first_gap_that_fits_is_taken():
    """Row by row, from the left."""
    taken = [(0, 0, 1, 1), (3, 0, 10, 1), (0, 1, 10, 2)]

    assert find_free_place(taken, columns=10, width=2, height=1) == (1, 0)
    assert find_free_place(taken, columns=10, width=3, height=1) == (0, 2)
    assert find_free_place(taken, columns=10, width=2, height=2) == (0, 2)


def test_an_empty_board_starts_at_the_corner():
    """Also for an item as wide as the board."""
    assert find_free_place([], columns=10, width=10, height=3) == (0, 0)


def test_a_full_board_grows_at_the_bottom():
    """And a gap in the middle of it is found."""
    assert find_free_place([(0, 0, 4, 7)], columns=4, width=1, height=1) == (0, 7)

    taken = [(0, 0, 4, 2), (0, 3, 4, 9)]

    assert find_free_place(taken, columns=4, width=4, height=1) == (0, 2)


def test_items_of_absurd_size_cost_nothing():
    """A file from elsewhere may hold any numbers."""
    taken = [(0, 0, 10**9, 10**12), (-5, -5, -1, -1), (2, 10**13, 3, 10**14)]

    assert find_free_place(taken, columns=10, width=1, height=1) == (0, 10**12)
