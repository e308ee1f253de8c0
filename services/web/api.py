"""Answers for programs: health and memory, as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from quart import Response
from werkzeug.exceptions import BadRequest

from dashboard.health import check_health
from services.web.visit import Visit

_MAX_SAMPLES = 10_000


async def live(visit: Visit) -> Response:
    """Say whether the database and Redis answer, and how fast."""

    resources = visit.site.resources
    healthy, body = await check_health(resources.database, resources.bus)
    return json_response(body, status=200 if healthy else 500)


async def ready(_visit: Visit) -> Response:
    """Say that requests are taken; the body is empty."""

    return Response(b"", headers={"Cache-Control": "no-store"})


async def memory(visit: Visit) -> Response:
    """Return this process's latest samples and the last one of each other."""

    site = visit.site
    count = _read_count(visit.request.args.get("count", "60"))
    return json_response(
        {
            "process": site.monitor.label,
            "samples": [sample.as_dict() for sample in site.monitor.samples(count)],
            "others": site.live.other_processes(site.now()),
        }
    )


def json_response(body: Any, *, status: int = 200) -> Response:
    """Encode an answer that no cache may keep."""

    return Response(
        msgspec.json.encode(body),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _read_count(text: str) -> int:
    # Other alphabets have digits too, and a number without end takes long to read.
    if text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_SAMPLES)):
        count = int(text)
        if 1 <= count <= _MAX_SAMPLES:
            return count

    raise BadRequest(f"count has to be a whole number from 1 to {_MAX_SAMPLES}")
