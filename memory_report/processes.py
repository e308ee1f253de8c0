"""One launched process: started in a group of its own, watched, stopped, reaped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import trio

from memory_report.errors import (
    ProgramMissingError,
    ReadyTimeoutError,
    ReportError,
    ServiceDiedError,
    StopError,
)

#: After its main process ended, how long others may keep its output open.
LAST_WORDS_TIMEOUT = 0.2
#: How long a failed step waits for the end of a process that would explain it.
CAUSE_TIMEOUT = 0.5
#: Of 1000, as oom_score_adj: before the report, whose own is 0.
_FIRST_TO_GO = "500"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to launch and the sign by which it says that it is ready."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    #: Where it speaks; the other stream is thrown away.
    speaks_on: Literal["stdout", "stderr"] = "stderr"
    ready_line: Callable[[str], bool]


class LaunchedProcess:
    """A process and everything that it has said so far."""

    def __init__(self, command: Command, process: subprocess.Popen[bytes]) -> None:
        self.command = command
        self.lines: list[str] = []
        self._process = process
        self._stream = _open_stream(process)
        self._ready = trio.Event()
        self._ended = trio.Event()
        self._heard = trio.Event()
        self._stopping = False

    @property
    def name(self) -> str:
        """The name that errors and the table call it by."""

        return self.command.name

    @property
    def pid(self) -> int:
        """The id of its main process."""

        return self._process.pid

    async def watch(self) -> None:
        """Listen to the process until it ends.

        Raises:
            ServiceDiedError: it ended without being told to.
        """

        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen)
            await self._wait()
            nursery.cancel_scope.deadline = trio.current_time() + LAST_WORDS_TIMEOUT

        self._ended.set()
        if not self._stopping:
            raise ServiceDiedError(self.name, self._status(), self.last_lines())

    async def wait_ready(self, timeout: float) -> None:
        """Wait until the process has said that it is ready."""

        with trio.move_on_after(timeout) as scope:
            await self._ready.wait()

        if scope.cancelled_caught:
            raise ReadyTimeoutError(self.name, timeout, self.last_lines())

    async def wait_heard(self, condition: Callable[[], bool]) -> None:
        """Wait until the lines that it has said so far fulfil a condition."""

        while not condition():
            await self._heard.wait()

    async def wait_cause(self) -> None:
        """Give an end that would explain a failed step the time to be noticed."""

        await trio.sleep(CAUSE_TIMEOUT)
        if not self._stopping and self._has_ended():
            await trio.sleep_forever()  # until `watch` has told of it

    async def kill(self, pid: int | None = None) -> None:
        """Kill it, or one of its descendants, as a crash would, and wait for the end.

        Should it end of that as well, nobody is surprised.
        """

        self._stopping = True
        descriptor = os.pidfd_open(self.pid if pid is None else pid)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            await trio.lowlevel.wait_readable(descriptor)
        finally:
            os.close(descriptor)

    async def stop(self, timeout: float) -> None:
        """Send SIGTERM and wait for an end with exit code 0."""

        self._stopping = True
        self._process.terminate()

        with trio.move_on_after(timeout) as scope:
            await self._ended.wait()

        if scope.cancelled_caught:
            raise StopError(self.name, f"still running {timeout:g} s after SIGTERM")

        if self._process.returncode != 0:
            said = "".join(f"\n  {self.name}: {line}" for line in self.last_lines())
            raise StopError(self.name, f"{self._status()}{said}")

    async def reap(self) -> None:
        """End what is left of the process's session, at once and for certain."""

        with trio.CancelScope(shield=True):
            with suppress(ProcessLookupError):  # nobody is left, as it should be
                os.killpg(self.pid, signal.SIGKILL)

            # A supervisor gives each of its children a group of its own.
            for pid in list_session(self.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

            await self._wait()
            await self._stream.aclose()

    def last_lines(self, count: int = 5) -> list[str]:
        """Return the last lines that it said, the newest last."""

        return list(deque(self.lines, maxlen=count))

    async def _listen(self) -> None:
        unfinished = b""
        async for chunk in self._stream:
            *lines, unfinished = (unfinished + chunk).split(b"\n")
            for line in lines:
                self._hear(line.decode(errors="replace").rstrip())

        if unfinished:
            self._hear(unfinished.decode(errors="replace"))

    def _hear(self, line: str) -> None:
        self.lines.append(line)
        self._heard.set()
        self._heard = trio.Event()
        if self.command.ready_line(line):
            self._ready.set()

    def _has_ended(self) -> bool:
        """Say so from the kernel's mouth: who waits for it may not know yet."""

        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.pid, look) is not None
        except ChildProcessError:
            return True

    async def _wait(self) -> None:
        await trio.to_thread.run_sync(self._process.wait, abandon_on_cancel=True)

    def _status(self) -> str:
        code = self._process.returncode
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"

        return f"exit code {code}"


@asynccontextmanager
async def open_process(command: Command) -> AsyncIterator[LaunchedProcess]:
    """Launch a process for as long as the block runs, and reap its whole group.

    Should it end by itself, the block is cancelled and `ServiceDiedError` raised.
    """

    launched = LaunchedProcess(command, _start(command))
    try:
        with first_error():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(launched.watch)
                try:
                    yield launched
                except Exception:
                    # A broken connection is noticed before the end of the process
                    # that broke it: the cause gets the time to overtake it.
                    await launched.wait_cause()
                    raise

                nursery.cancel_scope.cancel()
    finally:
        await launched.reap()


def list_session(leader: int) -> list[int]:
    """Return the ids of the processes whose session a process began."""

    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):  # it has just ended
            if os.getsid(int(entry.name)) == leader:
                found.append(int(entry.name))

    return found


@contextmanager
def first_error() -> Iterator[None]:
    """Raise the one error that says most instead of a nursery's group of them."""

    try:
        yield
    except BaseExceptionGroup as group:
        _, errors = group.split(trio.Cancelled)
        if errors is None:
            raise

        ours = errors.subgroup(ReportError) or errors
        error: BaseException = errors.subgroup(KeyboardInterrupt) or ours
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]

        raise error from None


def _start(command: Command) -> subprocess.Popen[bytes]:
    """Start the program from this very thread: the kernel ends it with the thread.

    That is why it is not left to trio, which would start it from one of its own.
    """

    program, path = command.arguments[0], command.environment.get("PATH")
    if shutil.which(program, path=path) is None:
        raise ProgramMissingError(program, "it could not be started")

    speaks_on_stdout = command.speaks_on == "stdout"
    process = subprocess.Popen(
        [*_ended_with_us(), *command.arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if speaks_on_stdout else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if speaks_on_stdout else subprocess.PIPE,
        env=command.environment,
        cwd=command.folder,
        start_new_session=True,
    )
    # Where memory is short the kernel shall take one of them, and not who tells of it.
    with suppress(OSError):
        Path(f"/proc/{process.pid}/oom_score_adj").write_text(_FIRST_TO_GO)

    return process


@cache
def _ended_with_us() -> tuple[str, ...]:
    """Return the words that have a program asked to stop should we be killed.

    A killed report reaps nobody. What a supervisor started is the supervisor's to
    stop, hence SIGTERM. None where util-linux is missing or is Busybox's.
    """

    program = shutil.which("setpriv")
    if program is None:
        return ()

    words = (program, "--pdeathsig", "TERM", "--")
    trial = subprocess.run([*words, program, "-h"], capture_output=True, check=False)
    return () if trial.returncode else words


def _open_stream(process: subprocess.Popen[bytes]) -> trio.lowlevel.FdStream:
    """Take over the pipe that the process speaks into."""

    pipe = process.stdout or process.stderr
    assert pipe is not None  # noqa: S101 -- we asked for one
    with pipe:
        return trio.lowlevel.FdStream(os.dup(pipe.fileno()))
