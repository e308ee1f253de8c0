"""Shares that do not depend on an order, and what each one alone would give back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import factorial


def list_sets(members: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield every set of the members, the empty one first, the whole one last.

    Each keeps the order of the members.
    """

    for count in range(len(members) + 1):
        yield from combinations(members, count)


def share_out(
    members: Sequence[str], values: Mapping[frozenset[str], float]
) -> dict[str, float]:
    """Return each member's Shapley value: what it adds, averaged over all orders.

    `values` has one for each set of the members. The shares add up to the value of
    all members less that of the empty set.
    """

    return {
        member: sum(
            _weight(len(others), len(members))
            * (values[others | {member}] - values[others])
            for others in map(
                frozenset, list_sets([each for each in members if each != member])
            )
        )
        for member in members
    }


def give_back(
    members: Sequence[str], values: Mapping[frozenset[str], float]
) -> dict[str, float]:
    """Return what the value loses when one member leaves and the others stay."""

    everybody = frozenset(members)
    return {
        member: values[everybody] - values[everybody - {member}] for member in members
    }


def _weight(before: int, count: int) -> float:
    """Return the share of orders in which exactly these came before a member."""

    return factorial(before) * factorial(count - before - 1) / factorial(count)
