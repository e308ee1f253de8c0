from __future__ import annotations

from typing import Any

import pytest

from tests.dashboard.trpc.routers.callers import Callers


@pytest.mark.parametrize(
    ("given", "topics"),
    [
        ({}, ["logging:info"]),
        ({"levels": ["warn"]}, ["logging:warn"]),
        ({"levels": ["debug", "error", "debug"]}, ["logging:debug", "logging:error"]),
        ({"levels": []}, []),
    ],
)
async def test_the_levels_are_those_asked_for(
    callers: Callers, given: dict[str, Any], topics: list[str]
):
    """None includes another, and by default it is info alone."""
    assert await callers.call("log.subscribe", given) == topics


@pytest.mark.parametrize(
    "given", [{"levels": ["warning"]}, {"levels": "info"}, {"levels": None}]
)
async def test_other_levels_are_refused(callers: Callers, given: Any):
    """Homarr has four."""
    assert await callers.answer("log.subscribe", given) == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("by", "having", "answer"),
    [
        ("stranger", (), "UNAUTHORIZED"),
        ("other", ("board-view-all",), "FORBIDDEN"),
        ("other", ("other-view-logs",), "OK"),
        ("admin", (), "OK"),
    ],
)
async def test_the_log_is_for_those_with_its_permission(
    callers: Callers, by: str, having: tuple[str, ...], answer: str
):
    """Administrators have it too."""
    assert await callers.answer("log.subscribe", {}, by=by, having=having) == answer
