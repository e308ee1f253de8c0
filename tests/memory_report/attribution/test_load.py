"""Equal work in every set of services, or no shares."""

from __future__ import annotations

import pytest

from memory_report.attribution.load import check_ends, check_work
from memory_report.errors import NotComparableError

ALONE = (("web",), {"web.requests": 7})
TOGETHER = (
    ("web", "ws"),
    {"web.requests": 7, "ws.connections": 2, "ws.pushes": 9, "ws.sent_bytes": 4},
)


def test_the_same_work_in_each_set_passes():
    """Pushes come with time, so they and their bytes may differ."""

    timed = {"ws.pushes": 5, "ws.sent_bytes": 3}
    check_work([ALONE, TOGETHER, (("ws",), {"ws.connections": 2} | timed)])


@pytest.mark.parametrize("work", [{"web.requests": 8}, {}])
def test_a_service_that_did_something_else_is_named(work: dict[str, int]):
    """More work in one set, or none of a kind, makes its memory no share."""

    with pytest.raises(NotComparableError, match=r"web\.requests"):
        check_work([ALONE, TOGETHER, (("web", "tasks"), work)])


def test_both_ends_must_have_counted_the_same():
    """What clients asked and services answered is one number."""

    check_ends(("web",), {"web.requests": 7}, {"web.requests": 7})

    with pytest.raises(NotComparableError, match=r"clients counted 7, services 6"):
        check_ends(("web",), {"web.requests": 7}, {"web.requests": 6})
