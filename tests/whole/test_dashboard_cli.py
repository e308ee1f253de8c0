"""`python -m dashboard` as a process of its own, beside a server that runs."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from .launch import PATIENCE, ROOT, Launched, launched
from .visitor import NAME, PASSWORD, Visitor, subscribe


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "db.sqlite"


@pytest.fixture(name="roof")
def _roof(path: Path) -> Iterator[Launched]:
    """Everything under one roof."""

    with launched("--port", "0", DB_URL=str(path), REDIS_URL="") as process:
        process.urls = process.wait_ready()  # type: ignore[attr-defined]
        yield process


@pytest.fixture(name="visitor")
def _visitor(roof: Launched) -> Visitor:
    """Somebody who is logged in, with the first account."""

    visitor = Visitor(roof.urls["web"])  # type: ignore[attr-defined]
    visitor.make_first_account()
    assert visitor.get("/").status == 200
    return visitor


def run(
    path: Path, *words: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command on a database to its end."""

    return subprocess.run(
        [sys.executable, "-m", "dashboard", *words],
        cwd=ROOT,
        env={**os.environ, "DB_URL": str(path)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def log_in(visitor: Visitor, password: str, *, name: str = NAME) -> bool:
    """Try a password on the login page; say whether it was taken."""

    visitor.cookies.clear()
    visitor.get("/auth/login")
    return visitor.post("/auth/login", name=name, password=password).status == 303


def test_a_reset_password_ends_the_visitor_s_session(path: Path, visitor: Visitor):
    """At the next page they have to log in, and only the new password is taken."""

    done = run(path, "reset-password", "-u", NAME)

    assert (done.returncode, done.stderr) == (0, "")
    response = visitor.get("/")
    assert response.status == 302
    assert "/auth/login" in str(response.getheader("Location"))

    password = re.search(
        r"New password for user admin: (\w{48})$", done.stdout, re.MULTILINE
    )
    assert password is not None
    assert not log_in(visitor, PASSWORD)
    assert log_in(visitor, password[1])


def test_a_reset_password_closes_the_visitor_s_socket(
    roof: Launched, path: Path, visitor: Visitor
):
    """The server sees that somebody else changed the database, and looks again."""

    with visitor.connect(roof.urls["ws"]) as socket:  # type: ignore[attr-defined]
        subscribe(socket, 1, "cronJobs.subscribeToStatusUpdates")
        assert run(path, "reset-password", "-u", NAME).returncode == 0

        with suppress(ConnectionClosed):
            while True:
                socket.recv(timeout=PATIENCE)

        assert socket.protocol.close_rcvd is not None
        assert socket.protocol.close_rcvd.code == 1008


def test_a_password_is_updated_from_standard_input(path: Path, visitor: Visitor):
    """Through a real pipe, beside the server; nobody sees it on a command line."""

    words = ("users", "update-password", "-u", NAME, "-p", "-")
    done = run(path, *words, stdin="another password\n")

    assert (done.returncode, done.stderr) == (0, "")
    assert visitor.get("/").status == 302
    assert log_in(visitor, "another password")


def test_a_deleted_user_is_out(path: Path, visitor: Visitor):
    """The server asks the database at every page, so it knows at once."""

    done = run(path, "users", "delete", "-u", NAME, "--force")

    assert done.returncode == 0
    assert visitor.get("/").status == 302
    assert run(path, "users", "list").stdout == "No users found\n"

    made = run(path, "recreate-admin", "-u", NAME)
    password = re.search(r"\tPassword: (\w{48})$", made.stdout, re.MULTILINE)
    assert password is not None
    assert log_in(visitor, password[1])


def test_a_backup_beside_the_server_comes_back_when_it_has_stopped(
    roof: Launched, path: Path, visitor: Visitor, tmp_path: Path
):
    """While it runs, a restore is refused and changes nothing."""

    copy = tmp_path / "copy.sqlite"
    assert run(path, "backup", str(copy)).returncode == 0
    assert run(path, "users", "delete", "-u", NAME, "--force").returncode == 0

    refused = run(path, "restore", str(copy))
    assert refused.returncode == 1
    assert f"process {roof.process.pid}" in refused.stderr
    assert run(path, "users", "list").stdout == "No users found\n"

    assert roof.stop() == 0
    restored = run(path, "restore", str(copy))
    assert (restored.returncode, restored.stderr) == (0, "")

    with launched("--port", "0", DB_URL=str(path), REDIS_URL="") as again:
        back = Visitor(again.wait_ready()["web"])
        assert log_in(back, PASSWORD)
        assert again.stop() == 0


def test_the_doctor_sees_the_server(roof: Launched, path: Path, visitor: Visitor):
    """It examines the file beside it, and disturbs nobody."""

    done = run(path, "doctor", "--json")

    assert (done.returncode, done.stderr) == (0, "")
    found = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
    assert str(roof.process.pid) in found["processes"]["found"]
    assert found["processes"]["verdict"] == "ok"
    assert found["integrity"]["verdict"] == "ok"
    assert visitor.get("/").status == 200


def test_the_others_work_beside_the_server_too(path: Path, visitor: Visitor):
    """What they change is the server's at once: an administrator anew can log in."""

    with closing(sqlite3.connect(path, isolation_level=None)) as homarr:
        homarr.execute("INSERT INTO \"user\" (id, name) VALUES ('g', 'Grace')")
        homarr.execute(
            "INSERT INTO integration (id, name, url, kind)"
            " VALUES ('i', 'Pi-hole', 'http://pi.hole', 'piHole')"
        )
        answers = [
            run(path, *words.split())
            for words in (
                "fix-usernames",
                "users list",
                "integrations list",
                "integrations delete -i i",
                "integrations list",
            )
        ]
        homarr.execute('DELETE FROM "groupMember"')
        anew = run(path, "recreate-admin", "-u", "eve")

    assert [done.returncode for done in (*answers, anew)] == [0] * 6
    assert "grace" in answers[1].stdout
    assert ["Pi-hole" in answers[n].stdout for n in (2, 4)] == [True, False]
    password = re.search(r"Password: (\w{48})$", anew.stdout, re.MULTILINE)
    assert password is not None
    assert log_in(visitor, password[1], name="eve")


def test_commands_beside_the_server_lose_nothing(path: Path, visitor: Visitor):
    """Several at once, all of which write; the file is whole afterwards."""

    words = [sys.executable, "-m", "dashboard", "users", "update-password"]
    writers = [
        subprocess.Popen(
            [*words, "-u", NAME, "-p", f"password number {number}"],
            cwd=ROOT,
            env={**os.environ, "DB_URL": str(path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]

    ends = [writer.communicate(timeout=PATIENCE)[1] for writer in writers]

    assert ends == [""] * 4
    assert [writer.returncode for writer in writers] == [0] * 4
    assert any(log_in(visitor, f"password number {number}") for number in range(4))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_reader_that_leaves_early_is_no_error(path: Path, visitor: Visitor):
    """As under `| head`: what was asked for is done, and nothing is complained of."""

    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, "-m", "dashboard", "users", "list"],
        cwd=ROOT,
        env={**os.environ, "DB_URL": str(path)},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(writing)
        _, complaint = process.communicate(timeout=PATIENCE)

    assert (process.returncode, complaint) == (0, "")


def test_an_output_that_cannot_be_written_is_an_error(path: Path, visitor: Visitor):
    """A full disk under a redirection, say."""

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dashboard", "users", "list"],
            cwd=ROOT,
            env={**os.environ, "DB_URL": str(path)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
        )

    assert done.returncode == 1
    assert done.stderr == "error: cannot print: No space left on device\n"
