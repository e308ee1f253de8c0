"""OWASP ASVS 5.0 where it takes real sockets; named as in tests/services/web."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from .launch import PATIENCE, Launched, launched
from .visitor import NAME, PASSWORD, Visitor, subscribe

GUEST, GUEST_PASSWORD = "guest", "a guest of this house"


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "db.sqlite"


@pytest.fixture(name="roof")
def _roof(path: Path) -> Iterator[Launched]:
    with launched("--port", "0", DB_URL=str(path), REDIS_URL="") as roof:
        yield roof


@pytest.fixture(name="urls")
def _urls(roof: Launched) -> dict[str, str]:
    return roof.wait_ready()


@pytest.fixture(name="admin")
def _admin(urls: dict[str, str]) -> Visitor:
    visitor = Visitor(urls["web"])
    visitor.make_first_account()
    return visitor


@pytest.fixture(name="guest")
def _guest(urls: dict[str, str], admin: Visitor) -> Visitor:
    """Somebody who came in by an invite."""

    admin.get("/manage/invites")
    admin.post("/manage/invites", lifetime="1h")
    link = admin.body.partition('id="link" value="')[2].partition('"')[0]
    path, _, token = link.removeprefix(urls["web"]).partition("?token=")
    guest = Visitor(urls["web"])
    guest.get(f"{path}?token={token}")
    passwords = {"password": GUEST_PASSWORD, "confirmPassword": GUEST_PASSWORD}
    response = guest.post(path, token=token, name=GUEST, **passwords)
    assert response.status == 303, guest.body

    return guest


def _user_path(admin: Visitor, path: Path, name: str) -> str:
    """Open a user's page in the administration; return its path."""

    with sqlite3.connect(path) as file:
        row = file.execute('SELECT id FROM "user" WHERE name = ?', (name,)).fetchone()

    file.close()
    assert admin.get(f"/manage/users/{row[0]}").status == 200
    return f"/manage/users/{row[0]}"


def _close_code(client: ClientConnection) -> int | None:
    try:
        while True:
            client.recv(timeout=PATIENCE)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def _is_outside(visitor: Visitor, ws: str) -> bool:
    """Say whether neither a page nor a socket opens for this visitor."""

    page = visitor.get("/account").status
    with pytest.raises(InvalidStatus) as refused:
        visitor.connect(ws).close()

    return (page, refused.value.response.status_code) == (302, 401)


def _ask(url: str, request: bytes) -> bytes:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as client:
        client.sendall(request)
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk

    return answer


# The end of a session, and of its sockets


def test_7_4_1_a_logout_ends_session_and_socket(admin: Visitor, urls: dict[str, str]):
    """The cookie opens nothing any more, and what was open is closed with 1008."""

    with admin.connect(urls["ws"]) as client:
        cookies = dict(admin.cookies)
        admin.get("/account")
        admin.post("/auth/logout")

        assert _close_code(client) == 1008

    thief = Visitor(urls["web"])
    thief.cookies = cookies

    assert _is_outside(thief, urls["ws"])


def test_7_4_1_log_out_everywhere_ends_them_all(admin: Visitor, urls: dict[str, str]):
    """Those of other browsers as well."""

    other = Visitor(urls["web"])
    other.log_in()
    with admin.connect(urls["ws"]) as one, other.connect(urls["ws"]) as two:
        admin.get("/account")
        admin.post("/account/end-sessions")

        assert [_close_code(one), _close_code(two)] == [1008, 1008]

    assert _is_outside(other, urls["ws"])


@pytest.mark.parametrize("action", ["delete", "end-sessions"])
def test_7_4_2_and_7_4_5_an_administrator_ends_sessions_and_sockets(
    admin: Visitor, guest: Visitor, urls: dict[str, str], path: Path, action: str
):
    """By deleting the user, or by ending their sessions; others go on."""

    with admin.connect(urls["ws"]) as mine, guest.connect(urls["ws"]) as theirs:
        admin.post(f"{_user_path(admin, path, GUEST)}/{action}")

        assert _close_code(theirs) == 1008

        subscribe(mine, 1, "widget.memory.updatedSample")

    assert _is_outside(guest, urls["ws"])


@pytest.mark.parametrize(
    "words",
    [
        ["reset-password", "-u", GUEST, "-p", "another password"],
        ["users", "delete", "-u", GUEST],
    ],
    ids=["password reset", "user deleted"],
)
def test_7_4_2_the_command_line_ends_sessions_and_sockets(
    admin: Visitor, guest: Visitor, urls: dict[str, str], path: Path, words: list[str]
):
    """Another process did it, and told nobody: the socket is closed all the same."""

    with admin.connect(urls["ws"]) as mine, guest.connect(urls["ws"]) as theirs:
        subprocess.run(
            [sys.executable, "-m", "dashboard", *words],
            env={"DB_URL": str(path), "PATH": ""},
            cwd=Path(__file__).parents[2],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=PATIENCE,
        )

        assert _close_code(theirs) == 1008

        subscribe(mine, 1, "widget.memory.updatedSample")

    assert _is_outside(guest, urls["ws"])


def test_7_4_3_a_changed_password_ends_the_other_sessions(
    admin: Visitor, urls: dict[str, str]
):
    """With their sockets; the browser that changed it stays inside."""

    other = Visitor(urls["web"])
    other.log_in()
    with other.connect(urls["ws"]) as theirs:
        admin.get("/account")
        fields = {"password": "a new password", "confirmPassword": "a new password"}
        response = admin.post("/account/password", currentPassword=PASSWORD, **fields)

        assert response.status == 303
        assert _close_code(theirs) == 1008

    assert _is_outside(other, urls["ws"])
    assert admin.get("/account").status == 200


# WebSockets


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        lambda _: "null",
        lambda _: "https://evil.example",
        lambda own: own.replace("://", "://sub."),
        lambda own: f"{own}0",
        lambda own: own.rpartition(":")[0],
        lambda own: f"{own}.evil.example",
        lambda own: f"{own}/",
    ],
    ids=["missing", "null", "evil", "sub", "port", "no port", "suffix", "path"],
)
def test_4_4_2_only_our_own_pages_open_sockets(
    admin: Visitor, urls: dict[str, str], change: Callable[[str], str | None]
):
    """Any other Origin is 403, whatever cookie comes with it."""

    with pytest.raises(InvalidStatus) as refused:
        admin.connect(urls["ws"], Origin=change(urls["web"])).close()  # type: ignore[arg-type]

    assert refused.value.response.status_code == 403


def test_4_4_2_our_own_origin_is_known_in_any_case(
    admin: Visitor, urls: dict[str, str]
):
    """Browsers write it in small letters; it is the same in large ones."""

    with admin.connect(urls["ws"], Origin=urls["web"].upper()) as client:
        subscribe(client, 1, "widget.memory.updatedSample")


def test_4_4_3_a_socket_has_the_session_of_the_pages(
    admin: Visitor, urls: dict[str, str]
):
    """The cookie, and nothing else: no token in the address opens one."""

    token = admin.cookies["homarr.session-token"]
    stranger = Visitor(urls["web"])
    for query in ("", f"?token={token}", f"?homarr.session-token={token}"):
        with pytest.raises(InvalidStatus) as refused:
            stranger.connect(urls["ws"] + query, Origin=urls["web"]).close()

        assert refused.value.response.status_code == 401


def test_4_4_4_a_token_is_never_logged(
    roof: Launched, admin: Visitor, urls: dict[str, str]
):
    """Neither that of a session nor one that stands in an address."""

    token = admin.cookies["homarr.session-token"]
    secret = "f" * 40
    admin.get(f"/auth/invite/x?token={secret}")
    admin.get(f"/nowhere?token={secret}")
    address = f"{urls['ws']}?token={secret}"
    with pytest.raises(InvalidStatus):
        Visitor(urls["web"]).connect(address, Origin=urls["web"]).close()

    with admin.connect(urls["ws"]) as client:
        subscribe(client, 1, "widget.memory.updatedSample")

    assert roof.stop() == 0
    log = "\n".join(roof.lines)
    assert token not in log
    assert secret not in log
    assert NAME not in log


# Messages


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: +4\r\n",
        b"Content-Length : 4\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
    ],
)
def test_4_2_1_where_a_message_ends_is_never_a_guess(urls: dict[str, str], head: bytes):
    """What two parsers could read in two ways is refused, and the connection ends."""

    smuggled = b"GET /api/health/ready HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = _ask(
        urls["web"],
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\n"
        + head
        + b"\r\n0\r\n\r\n"
        + smuggled,
    )

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert answer.count(b"HTTP/1.1 ") == 1
