"""The examples of the documentation, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from websockets.sync.client import connect

from .launch import ROOT, launched
from .visitor import Visitor

SITE = """
async def app(scope, receive, send):
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hi"})


def create_app():
    return app
"""

PLAN = """
[services.site]
asgi = "site_of_mine:create_app"
mount = "/"

[services.chat]
backend = "trio"
connections = "chat_of_mine:handle"
mount = "/chat"
"""


@pytest.mark.parametrize("names", [[], ["chat"]])
def test_the_echo_of_the_plan_s_page_runs_in_the_house_and_alone(
    names: list[str], tmp_path: Path
):
    """A stranger's WebSocket service, copied from the page, under both roofs."""

    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/plan.md").read_text(), re.DOTALL
    )
    echo = next(block for block in blocks if "wrap_server_stream" in block)
    (tmp_path / "chat_of_mine.py").write_text(echo)
    (tmp_path / "site_of_mine.py").write_text(SITE)
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    words = ["--plan", str(plan), "--port", "0", *names]

    with launched(*words, PYTHONPATH=str(tmp_path)) as process:
        urls = process.wait_ready()

        with connect(urls["chat"], proxy=None) as websocket:
            websocket.send("are you there?")
            assert websocket.recv(timeout=30) == "are you there?"

        if not names:
            visitor = Visitor(urls["site"])
            assert visitor.get("/").status == 200
            assert visitor.body == "hi"

        assert process.stop() == 0
