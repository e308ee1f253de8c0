"""Launching what pushes: the roof with a publisher in it, and the servers beside it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import msgspec
import trio

from benchmarks.crowd import Crowd
from dashboard.accounts import create_first_admin, open_session
from dashboard.accounts.rows import insert_user
from dashboard.boards import add_app_item, find_home_board
from dashboard.database import Database
from dashboard.identity import Session, User
from memory_report.arrangements import (
    READY_TIMEOUT,
    ROOT,
    RUNNER,
    is_whole_ready,
    make_environment,
    read_events,
)
from memory_report.processes import Command, LaunchedProcess, first_error, open_process

ROOF = "roof"
#: One user may have 64 sockets.
SOCKETS_PER_USER = 50
_PLAN = """\
[services.monitor]
run = "runner.monitor:serve"

[services.resources]
run = "dashboard.resources:serve"
after = ["monitor"]

[services.web]
asgi = "services.web:create_app"
mount = "/"
after = ["monitor", "resources"]

[services.ws]
backend = "trio"
run = "services.ws:serve"
connections = "services.ws:handle_connection"
mount = "/websockets"
after = ["resources"]

[services.publisher]
run = "benchmarks.publisher:serve"
after = ["resources"]

[services.publisher.options]
control = {control}
topic = {topic}
"""
#: They publish as well, so only where they are what is measured.
_TASKS = """
[services.tasks]
run = "services.tasks:serve"
asgi = "services.tasks:create_app"
mount = "/trpc"
after = ["resources"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A launched server that pushes when told to."""

    name: str
    process: LaunchedProcess
    url: str
    path: str
    #: Of somebody who is logged in; one for each socket, used in turn.
    cookies: Sequence[str]
    subscribe: bytes
    control: Path
    #: What its clients have to say from time to time, and is not answered.
    keep_alive: bytes = b""

    def open_crowd(self) -> Crowd:
        """Return clients for it; use it as a context manager."""

        return Crowd(self.url, cookies=self.cookies, path=self.path)

    async def publish(self, count: int, *, padding: int, pause: float = 0.0) -> None:
        """Have it push messages of about so many bytes, so many seconds apart."""

        async with await trio.open_unix_socket(self.control) as stream:
            await stream.send_all(f"{count} {padding} {pause}\n".encode())

    def read_cpu(self) -> float:
        """Return the seconds of one core that it has used: to the nanosecond, where
        /proc counts in hundredths of a second.
        """

        clock = (~self.process.pid << 3) | 2  # as clock_getcpuclockid(3) does it
        return time.clock_gettime(clock)


@asynccontextmanager
async def open_roof(*, sockets: int, jobs: bool = False) -> AsyncIterator[Server]:
    """Launch the roof, with users for so many sockets, while the block runs."""

    with TemporaryDirectory(prefix="benchmarks-") as folder, first_error():
        path = Path(folder)
        users = -(-sockets // SOCKETS_PER_USER)
        tokens, app_id = await trio.to_thread.run_sync(
            lambda: asyncio.run(furnish(path / "db.sqlite", users))
        )
        plan, control = path / "plan.toml", path / "control"
        plan.write_text(
            (_PLAN + _TASKS if jobs else _PLAN).format(
                control=msgspec.json.encode(str(control)).decode(),
                topic=msgspec.json.encode(f"ping:{app_id}").decode(),
            )
        )
        command = Command(
            name=ROOF,
            arguments=(
                *(*RUNNER, "--plan", str(plan)),
                *("--port", "0", "--log-format", "json"),
            ),
            environment=make_environment(path / "db.sqlite"),
            folder=ROOT,
            ready_line=is_whole_ready,
        )
        async with open_process(command) as process:
            await process.wait_ready(READY_TIMEOUT)
            urls = {
                each["service"]: each["url"]
                for each in read_events(process, "ready")
                if each.get("url")
            }
            yield Server(
                name=ROOF,
                process=process,
                url=f"http://{urlsplit(urls['ws']).netloc}",
                path="/websockets",
                cookies=[f"homarr.session-token={token}" for token in tokens],
                subscribe=(
                    b'{"id":1,"method":"subscription","params":{"path":'
                    b'"widget.app.updatedPing","input":{"json":{"id":"%s"}}}}'
                    % app_id.encode()
                ),
                control=control,
                keep_alive=b"PONG",
            )


@asynccontextmanager
async def open_peer(name: str) -> AsyncIterator[Server]:
    """Launch one of benchmarks/push_peers.py for as long as the block runs."""

    with TemporaryDirectory(prefix="benchmarks-") as folder, first_error():
        control = Path(folder) / "control"
        command = Command(
            name=name,
            arguments=(
                *(sys.executable, "-m", "benchmarks.push_peers"),
                *(name, str(control)),
            ),
            environment=make_environment(Path(folder) / "none.sqlite"),
            folder=ROOT,
            ready_line=lambda line: line.startswith("ready "),
        )
        async with open_process(command) as process:
            await process.wait_ready(READY_TIMEOUT)
            yield Server(
                name=name,
                process=process,
                url=f"http://127.0.0.1:{process.lines[-1].split()[1]}",
                path="/",
                cookies=["none=none"],
                subscribe=b"subscribe",
                control=control,
            )


async def furnish(path: Path, users: int) -> tuple[list[str], str]:
    """Make administrators who are logged in, and a board that shows an app."""

    database = Database(path)
    try:
        admin = await create_first_admin(
            database, name="admin", password="Correct-Horse-7"
        )
        session = await open_session(database, admin)
        app_id = await _add_app(database, session)
        sessions = [session]
        for number in range(1, users):
            async with database.write() as tx:
                user_id = await insert_user(tx, name=f"user{number}", hashed="!")
                await tx.execute(
                    'INSERT INTO "groupMember" (group_id, user_id)'
                    ' SELECT group_id, ? FROM "groupMember" WHERE user_id = ?',
                    (user_id, admin.id),
                )

            user = User(id=user_id, name=f"user{number}")
            sessions.append(await open_session(database, user))

        return [each.token for each in sessions], app_id
    finally:
        await database.close()


async def _add_app(database: Database, session: Session) -> str:
    board = await find_home_board(database, session)
    if board is None:
        raise RuntimeError("there is no home board")

    await add_app_item(
        database,
        board.id,
        name="Pushed",
        href="http://127.0.0.1:9/",
        icon_url="",
        ping_url=None,
        session=session,
    )
    async with database.write() as tx:
        # Nobody pings it: all that its readers hear is what the publisher says.
        await tx.execute("UPDATE board SET disable_status = 1")

    board = await find_home_board(database, session)
    assert board is not None
    return next(app.id for app in board.apps.values() if app.name == "Pushed")
