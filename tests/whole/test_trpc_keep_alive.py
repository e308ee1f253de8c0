"""The server's own PING and the real @trpc/client, in seconds instead of minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

from .launch import ROOT, launched
from .trpc_client import install_clients, open_client
from .visitor import Visitor

pytestmark = [pytest.mark.node, pytest.mark.timeout(240)]

#: The house's own ws service with shorter patience, which has no setting.
IMPATIENT = """
from services.ws import handle_connection, limits, serve

limits.PING_INTERVAL = limits.PING_GRID = 0.2
limits.PONG_TIMEOUT = 20.0
"""


@pytest.mark.parametrize("version", ["trpc-11.7", "trpc-11.18"])
def test_a_client_that_is_asked_whether_it_is_there_says_so(
    version: str, tmp_path: Path
):
    """Each PING has its PONG, and the socket stays the same."""

    install_clients()
    (tmp_path / "impatient.py").write_text(IMPATIENT)
    plan = (ROOT / "runner/plan.toml").read_text().replace("services.ws:", "impatient:")
    (tmp_path / "plan.toml").write_text(plan)
    words = ["--plan", str(tmp_path / "plan.toml"), "--port", "0"]
    env = {"DB_URL": str(tmp_path / "db.sqlite"), "REDIS_URL": ""}
    with launched(*words, PYTHONPATH=str(tmp_path), **env) as roof:
        visitor = Visitor(roof.wait_ready()["web"])
        visitor.make_first_account()
        with open_client(version, visitor.url, visitor.cookie) as client:
            number = client.subscribe("ws", "widget.memory.updatedSample")
            client.wait("subscription", id=number, happened="started")
            at = 0
            for _ in range(3):
                answered = client.wait("sent", after=at, text="PONG")
                at = client.events.index(answered, at) + 1

            bare = [one.get("text") for one in client.events[:at]]

            assert [one for one in bare if one in {"PING", "PONG"}] == [
                "PING",
                "PONG",
            ] * 3
            assert isinstance(client.query("ws", "app.all"), list)
            assert len(client.told("open")) == 1
            assert not client.told("close")
