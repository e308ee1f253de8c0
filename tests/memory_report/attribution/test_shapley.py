"""Shares whose sums are known beforehand."""

from __future__ import annotations

import pytest

from memory_report.attribution.shapley import give_back, list_sets, share_out

#: Each brings 10 of its own; web and ws have 6 in common, all of them 3.
SIZES = {"a": 10, "b": 10, "c": 10, "web&ws": 6, "all": 3}
NEEDED = {
    "web": {"a", "web&ws", "all"},
    "ws": {"b", "web&ws", "all"},
    "tasks": {"c", "all"},
}
FLOOR = 40.0
MEMBERS = ("web", "ws", "tasks")
VALUES = {
    frozenset(each): FLOOR
    + sum(SIZES[part] for part in set().union(*(NEEDED[name] for name in each)))
    for each in list_sets(MEMBERS)
}


def test_sets_begin_with_none_and_end_with_all():
    """Every set comes once, its members in their own order."""

    assert list(list_sets(("a", "b"))) == [(), ("a",), ("b",), ("a", "b")]
    assert len(set(list_sets(MEMBERS))) == 8


def test_what_two_have_in_common_is_halved():
    """A part that several need is shared out evenly among them."""

    shares = share_out(MEMBERS, VALUES)

    assert shares == pytest.approx({"web": 14, "ws": 14, "tasks": 11})


def test_shares_add_up_to_all_above_the_floor():
    """Nothing is lost and nothing is counted twice."""

    total = sum(share_out(MEMBERS, VALUES).values())

    assert FLOOR + total == pytest.approx(VALUES[frozenset(MEMBERS)])


def test_switching_off_gives_back_what_nobody_else_needs():
    """What others hold as well stays when one of them leaves."""

    assert give_back(MEMBERS, VALUES) == {"web": 10, "ws": 10, "tasks": 10}


def test_one_who_adds_nothing_has_no_share():
    """A service that brings nothing is answerable for nothing."""

    values = {frozenset(): 1.0, frozenset("a"): 6.0}
    values |= {each | {"b"}: value for each, value in values.items()}

    assert share_out(("a", "b"), values) == pytest.approx({"a": 5, "b": 0})
