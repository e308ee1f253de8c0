"""What the pages show of calls and answers, sent and received as it stands there."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from tests.dashboard.oldmarr.files import medium

from .launch import PATIENCE, ROOT, launched
from .visitor import NAME, PASSWORD, Visitor

KEY = "the key of the tests"
#: Stands for anything in the pages.
ANYTHING = "…"
SHOWN = "127.0.0.1:3000"
needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="curl is not installed (apt install curl)"
)


@pytest.fixture(name="visitor", scope="module")
def _visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """The first account, logged in to a house that runs for all tests."""

    path = tmp_path_factory.mktemp("documented") / "db.sqlite"
    env = {"DB_URL": str(path), "REDIS_URL": "", "CRON_JOB_API_KEY": KEY}
    with launched("--port", "0", NO_EXTERNAL_CONNECTION="true", **env) as roof:
        visitor = Visitor(roof.wait_ready()["web"])
        visitor.make_first_account()
        yield visitor


def find_blocks(page: str, heading: str, language: str = "") -> list[str]:
    """The blocks of code under a heading of a page, of one language."""

    text = (ROOT / page).read_text().partition(f"\n## {heading}\n")[2]
    text = text.partition("\n## ")[0]
    return [
        block
        for kind, block in re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL)
        if kind == language
    ]


def assert_like(received: str, shown: str) -> None:
    """Compare two texts, the second of which may leave things out."""

    pattern = ".*".join(map(re.escape, shown.split(ANYTHING)))

    assert re.fullmatch(pattern, received, re.DOTALL), (received, shown)


def run(command: str, visitor: Visitor, folder: Path, **env: str) -> str:
    """Run lines of a shell against the house; what they print."""

    done = subprocess.run(
        ["sh", "-e", "-c", command.replace(SHOWN, urlsplit(visitor.url).netloc)],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return done.stdout


@needs_curl
def test_the_calls_of_the_cron_api_are_answered_as_shown(
    visitor: Visitor, tmp_path: Path
):
    """All seven, an expression that never ticks, and a wrong key."""

    (block,) = find_blocks("docs/tasks.md", "The API", "sh")
    lines = block.splitlines()
    called = set()
    for command, shown in zip(lines[::2], lines[1::2], strict=True):
        assert_like(run(f"{command} -s", visitor, tmp_path, KEY=KEY), shown)
        called.add(command.rpartition("/")[2])

    assert called == {
        "getAll",
        "trigger",
        "updateInterval",
        "disable",
        "enable",
        "stop",
        "start",
    }


@needs_curl
def test_the_login_of_the_page_leads_to_a_cookie(visitor: Visitor, tmp_path: Path):
    """It opens what is for members."""

    (block,) = find_blocks("docs/trpc.md", "Over WebSocket", "sh")
    cookie = run(block, visitor, tmp_path, NAME=NAME, PASSWORD=PASSWORD).strip()
    other = Visitor(visitor.url)
    other.cookies["homarr.session-token"] = cookie.splitlines()[-1]

    assert other.get("/api/trpc/app.all").status == 200


@needs_curl
def test_the_calls_over_http_are_answered_as_shown(visitor: Visitor, tmp_path: Path):
    """A mutation and a batch, with the cookie that the page's login leaves behind."""

    (login,) = find_blocks("docs/trpc.md", "Over WebSocket", "sh")
    run(login, visitor, tmp_path, NAME=NAME, PASSWORD=PASSWORD)

    (block,) = find_blocks("docs/trpc.md", "Over HTTP", "sh")
    lines = block.splitlines()
    assert len(lines) == 4
    for command, shown in zip(lines[::2], lines[1::2], strict=True):
        assert_like(run(f"{command} -s", visitor, tmp_path), shown)


@needs_curl
def test_an_old_board_is_imported_as_shown(visitor: Visitor, tmp_path: Path):
    """From a file in the folder."""

    (login,) = find_blocks("docs/trpc.md", "Over WebSocket", "sh")
    run(login, visitor, tmp_path, NAME=NAME, PASSWORD=PASSWORD)
    (tmp_path / "default.json").write_text(json.dumps(medium()))

    (block,) = find_blocks("docs/trpc.md", "Boards of Homarr before 1.0", "sh")
    command, shown = block.splitlines()
    assert_like(run(f"{command} -s", visitor, tmp_path), shown)
    assert visitor.get("/boards/old").status == 302


def test_the_frames_of_the_page_are_answered_as_shown(visitor: Visitor):
    """From the handshake with its cookie and origin to the last PONG."""

    handshake, frames = find_blocks("docs/trpc.md", "Over WebSocket")
    request, answer = handshake.rstrip("\n").split("\n\n")
    address = urlsplit(visitor.url)
    request = request.replace(SHOWN, address.netloc)
    request = re.sub(r"Cookie: .*", f"Cookie: {visitor.cookie}", request)
    place = (address.hostname, address.port)
    with socket.create_connection(place, timeout=PATIENCE) as client:
        client.sendall(request.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)

        assert head.decode() == answer.replace("\n", "\r\n") + "\r\n\r\n"
        talk(client, frames.splitlines())


def talk(client: socket.socket, lines: list[str]) -> None:
    """Send what begins with `>`, and compare what comes with what begins with `<`."""

    connection = Connection(ConnectionType.CLIENT)
    texts: list[str] = []
    for line in lines:
        if line.startswith("> "):
            client.sendall(connection.send(TextMessage(data=line[2:])))
            continue

        while not texts or is_surplus(texts[0], line):
            if texts:
                texts.pop(0)
                continue

            connection.receive_data(client.recv(65536))
            for event in connection.events():
                assert isinstance(event, TextMessage)
                texts.append(event.data)

        assert_like(texts.pop(0), line[2:])

    assert texts == []


def is_surplus(text: str, shown: str) -> bool:
    """Say whether it is one more of a subscription's, which may come at any time."""

    data = '{"id":2,"result":{"type":"data"'
    return text.startswith(data) and not shown[2:].startswith(data)
