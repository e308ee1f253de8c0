"""Autobahn's cases: front door, hand-over, stream and trio-websocket as they stand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import kosoku
import pytest

from .launch import launched

#: Whatever the outcome, these are only told: RFC 6455 leaves it open.
INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}
SECTIONS = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
CASES = 247
AT_ONCE = 4

SITE = """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def create_app():
    return app
"""

PLAN = """
[services.site]
asgi = "quiet_site:create_app"
mount = "/"

[services.echo]
backend = "trio"
run = "tests.whole.echo_service:serve"
connections = "tests.whole.echo_service:handle_connection"
mount = "/websockets"
"""


@pytest.mark.parametrize("names", [[], ["echo"]], ids=["shared port", "own port"])
def test_all_cases_of_autobahn_pass(names: list[str], tmp_path: Path):
    """None failed; nor is one NON-STRICT, where trio-websocket alone has ten."""

    (tmp_path / "quiet_site.py").write_text(SITE)
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    words = ["--plan", str(plan), "--port", "0", *names]

    with launched(*words, PYTHONPATH=str(tmp_path)) as process:
        results = asyncio.run(_run_cases(process.wait_ready()["echo"]))
        assert process.stop() == 0

    verdicts: dict[str, set[str]] = {}
    for result in results:
        for kind in {result.behavior.value, result.behavior_close.value} - {"OK"}:
            verdicts.setdefault(kind, set()).add(result.case_id)

    assert len(results) == CASES
    assert verdicts == {"INFORMATIONAL": INFORMATIONAL}


async def _run_cases(url: str) -> list[Any]:
    try:
        return await kosoku.run_fuzzingclient(url, SECTIONS, concurrency=AT_ONCE)
    except kosoku.FailureError as error:
        return error.results
