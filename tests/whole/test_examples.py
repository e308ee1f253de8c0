"""The examples of the documentation, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from websockets.sync.client import connect

from .launch import ROOT, launched
from .visitor import Visitor


def read_block(page: str, kind: str, word: str) -> str:
    """Return the block of this kind on a page that has a word in it."""

    blocks = re.findall(rf"```{kind}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    (found,) = (block for block in blocks if word in block)
    return str(found)


@pytest.mark.parametrize("names", [[], ["site"], ["chat"]])
def test_the_plan_of_the_front_page_runs_in_the_house_and_split(
    names: list[str], tmp_path: Path
):
    """A stranger's services, copied from the pages, by the three commands there."""

    mine = tmp_path / "mine"
    mine.mkdir()
    for file, word in (
        ("site.py", "http.response.start"),
        ("chat.py", "wrap_server_stream"),
    ):
        (mine / file).write_text(read_block("docs/plan.md", "python", word))

    plan = tmp_path / "mine.toml"
    plan.write_text(read_block("README.md", "toml", "mine.site:create_app"))
    words = ["--plan", str(plan), "--port", "0", *names]

    with launched(*words, PYTHONPATH=str(tmp_path)) as process:
        urls = process.wait_ready()

        if "site" not in names:
            with connect(urls["chat"], proxy=None) as websocket:
                websocket.send("are you there?")
                assert websocket.recv(timeout=30) == "are you there?"

        if "chat" not in names:
            visitor = Visitor(urls["site"])
            assert visitor.get("/").status == 200
            assert visitor.body == "hi\n"

        assert process.stop() == 0
