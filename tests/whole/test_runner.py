"""Stopping, failing and refusing: real processes, real signals."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .launch import PATIENCE, ROOT, Launched, launched, wait_until
from .services_that_fail import GARBAGE

FAILING = "tests.whole.services_that_fail"


WritePlan = Callable[..., list[str]]


@pytest.fixture(name="plan")
def _plan(tmp_path: Path) -> WritePlan:
    """Write a plan whose services run the functions that are named."""

    def write(**services: str) -> list[str]:
        path = tmp_path / "plan.toml"
        path.write_text(
            "".join(f"[services.{name}]\n{keys}\n" for name, keys in services.items())
        )
        return ["--plan", str(path)]

    return write


def run(function: str, **keys: str) -> str:
    """Return the keys of a service that runs one of the failing functions."""

    lines = [f'run = "{FAILING}:{function}"']
    return "\n".join(lines + [f"{key} = {value}" for key, value in keys.items()])


def refuse(*words: str, **env: str) -> tuple[int, str]:
    """Return the exit code and the output of a run that cannot begin."""

    ended = subprocess.run(
        [sys.executable, "-m", "runner", *words],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return ended.returncode, ended.stderr + ended.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_drains_and_exits_0(plan: WritePlan, number: signal.Signals):
    """SIGTERM and Ctrl-C stop every service in order."""

    both = plan(one=run("serve"), two=run("serve", backend='"trio"', after='["one"]'))

    with launched(*both) as process:
        process.wait_ready()
        code = process.stop(number)

    names = [(one["event"], one.get("service")) for one in process.events[-4:]]
    assert code == 0
    assert {"event": "draining", "cause": number.name} in process.events
    assert names == [
        ("draining", None),
        ("stopped", "two"),
        ("stopped", "one"),
        ("stopped", None),
    ]


def test_a_second_signal_ends_at_once(plan: WritePlan):
    """Whoever asks twice does not wait for the drain, and is told 3."""

    words = plan(stuck=run("wait_for_ever", drain_timeout="600"))

    with launched(*words, "--drain-timeout", "600") as process:
        process.wait_ready()
        process.process.send_signal(signal.SIGINT)
        process.wait_event("draining")
        code = process.stop(signal.SIGINT)

    assert code == 3


def test_signals_give_memory_back_and_end_nothing(plan: WritePlan):
    """SIGUSR1 collects garbage, SIGUSR2 trims, and each says what it did."""

    with launched(*plan(one=run("leave_garbage"))) as process:
        process.wait_event("log", logger="garbage")
        process.process.send_signal(signal.SIGUSR1)
        collected = process.wait_event("collected")
        process.process.send_signal(signal.SIGUSR2)
        trimmed = process.wait_event("trimmed")
        code = process.stop()

    assert collected["objects"] >= GARBAGE
    assert trimmed["freed"] >= 0
    assert code == 0


def test_the_allocator_is_left_alone_where_the_plan_says_so(tmp_path: Path):
    """With arenas at 0 glibc decides, and the first event has no number."""

    told = {}
    for arenas in (0, 2):
        path = tmp_path / "plan.toml"
        path.write_text(
            f"memory.arenas = {arenas}\n[services.one]\n" + run("serve"),
        )
        with launched("--plan", str(path)) as process:
            told[arenas] = process.wait_event("starting").get("arenas")

    assert told == {0: None, 2: 2}


def test_a_port_that_opens_and_closes_at_once_aborts_nothing(plan: WritePlan):
    """An import held the loop up: then the door opens, and the crash closes it."""

    words = plan(
        ws=run("serve", backend='"trio"')
        + f'\nconnections = "{FAILING}:hang_up"'
        + '\nmount = "/ws"',
        bad='asgi = "tests.whole.slow_to_fail:create_app"\nmount = "/"',
    )

    with launched(*words, "--port", "0") as process:
        code = process.wait()

    names = [one["event"] for one in process.events]
    assert code == 1
    assert names == [
        *("starting", "ready", "crashed", "draining", "stopped", "stopped")
    ]


def test_a_crash_exits_1_and_names_the_first_cause(plan: WritePlan):
    """The bystander is drained; the crash is in one line without a traceback."""

    with launched(*plan(good=run("serve"), bad=run("crash_later"))) as process:
        code = process.wait()

    crashed = process.wait_event("crashed", service="bad")
    assert code == 1
    assert crashed["error"] == "LookupError: the well is dry"
    assert {"event": "stopped", "service": "good"} in process.events
    assert not [line for line in process.lines if "Traceback" in line]


@pytest.mark.parametrize("backend", ['"asyncio"', '"trio"'])
def test_a_start_that_blocks_its_lane_is_ended_in_time(plan: WritePlan, backend: str):
    """The loop cannot notice; the watchdog does, and names service and phase."""

    blocked = run("block_its_lane", backend=backend, start_timeout="2")

    with launched(*plan(good=run("serve"), bad=blocked)) as process:
        code = process.wait()

    crashed = process.wait_event("crashed", service="bad")
    assert code == 1
    assert crashed["phase"] == "start"
    assert "not ready within 2 s" in crashed["error"]


def test_a_drain_past_its_deadline_exits_3(plan: WritePlan):
    """What does not stop is cancelled and named."""

    stuck = run("wait_for_ever")

    with launched(*plan(stuck=stuck), "--drain-timeout", "0.5") as process:
        process.wait_ready()
        code = process.stop()

    assert code == 3
    assert process.wait_event("drain_timed_out")["services"] == ["stuck"]


def test_a_drain_that_blocks_its_lane_still_ends(plan: WritePlan):
    """Nobody can cancel a blocked thread; the process ends around it."""

    stuck = run("block_while_draining", backend='"trio"')
    words = plan(good=run("serve"), stuck=stuck)

    with launched(*words, "--drain-timeout", "1") as process:
        process.wait_ready()
        code = process.stop()

    assert code == 3
    assert process.wait_event("drain_timed_out")["services"] == ["stuck"]


def test_a_signal_during_a_blocked_start_is_heard_twice(plan: WritePlan):
    """Before the loop runs freely, two signals still end the process at once."""

    words = plan(bad=run("block_its_lane", start_timeout="60"))

    with launched(*words) as process:
        process.wait_event("starting")

        def ask() -> bool:
            # One that comes while another has not been taken yet is none of its own.
            process.process.send_signal(signal.SIGTERM)
            return process.process.poll() is not None

        wait_until(ask)
        code = process.wait()

    assert code in (3, -signal.SIGTERM)


def test_a_port_in_use_is_one_line_and_nothing_starts():
    """The line names the port and its owner; exit 1."""

    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]
        code, output = refuse("--port", str(port))

    assert code == 1
    assert len(output.splitlines()) == 1
    assert f"port {port} is in use by " in output
    assert f"pid {os.getpid()}" in output


@pytest.mark.parametrize(
    ("words", "env", "message"),
    [
        (["wbe"], {}, "unknown service 'wbe'; did you mean 'web'?"),
        (["--plan", "nowhere.toml"], {}, "cannot read the plan nowhere.toml"),
        (["--port", "80a"], {}, "--port: invalid int value: '80a'"),
        (["--port", "70000"], {}, "--port is 70000; a port is a number from 0 to"),
        ([], {"PORT": "80a"}, "PORT is '80a'; a port is a number from 0 to 65535"),
        ([], {"PORT": "-1"}, "PORT is '-1'"),
        (["--drain-timeout", "nan"], {}, "--drain-timeout must be a number of seconds"),
        ([], {"LOG_LEVEL": "inf"}, "LOG_LEVEL is 'inf'; did you mean 'info'?"),
    ],
)
def test_wrong_usage_exits_2_and_names_the_key(
    words: list[str], env: dict[str, str], message: str
):
    """A line that leads to the right word; no traceback."""

    code, output = refuse(*words, **env)

    assert code == 2
    assert message in output
    assert "Traceback" not in output


def test_an_unknown_plan_key_exits_2(plan: WritePlan):
    """The plan's path, the key and the nearest valid one are in the line."""

    code, output = refuse(*plan(one=run("serve", bakend='"trio"')))

    assert code == 2
    assert "unknown key 'bakend' in [services.one]; did you mean 'backend'?" in output


def test_a_service_that_cannot_be_imported_exits_1(plan: WritePlan):
    """Its name, the phase and the cause are told."""

    with launched(*plan(bad='run = "tests.whole.nowhere:serve"')) as process:
        code = process.wait()

    crashed = process.wait_event("crashed", service="bad")
    assert code == 1
    assert crashed["phase"] == "import"
    assert "there is no module 'tests.whole.nowhere'" in crashed["error"]


def test_a_lack_of_descriptors_holds_up_new_clients_only(tmp_path: Path):
    """Who is inside is served meanwhile, who is outside once there are some again."""

    path = tmp_path / "plan.toml"
    path.write_text(
        'services.web = { asgi = "tests.runner.fakes:create_echo", mount = "/" }\n'
    )

    with launched("--plan", str(path), "--port", "0") as process:
        port = urlsplit(process.wait_ready()["web"]).port
        address = ("127.0.0.1", port)

        with socket.create_connection(address, PATIENCE) as inside:
            assert ask(inside, "/first") == "GET /first 0"

            with no_descriptors(process.process.pid):
                late = socket.create_connection(address, PATIENCE)
                paused = process.wait_event("accept_paused")
                answer = ask(inside, "/second")

            with late:
                late_answer = ask(late, "/third")

        code = process.stop()

    assert paused["error"] == "OSError: [Errno 24] Too many open files"
    assert (answer, late_answer) == ("GET /second 0", "GET /third 0")
    assert code == 0


def test_a_log_that_nobody_reads_keeps_nobody_from_the_stop(plan: WritePlan):
    """The drain is complete and the exit code tells so, though no line arrives."""

    words = [sys.executable, "-m", "runner", "--log-format", "json"]
    process = subprocess.Popen(
        [*words, *plan(one=run("serve"), two=run("serve", backend='"trio"'))],
        cwd=ROOT,
        # As Python is by itself: what it could not write, it tries again at its end.
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stderr=subprocess.PIPE,
        text=True,
    )

    with process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if json.loads(line).keys() == {"event", "seconds", "pid"}:
                    break  # all are ready

            process.stderr.close()
            process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE)
        finally:
            process.kill()

    assert code == 0


def test_the_runner_starts_no_process(plan: WritePlan):
    """No supervisor, no child: one pid."""

    with launched(
        *plan(one=run("serve"), two=run("serve", backend='"trio"'))
    ) as process:
        process.wait_ready()
        assert _children(process) == ""


@contextmanager
def no_descriptors(pid: int) -> Iterator[None]:
    """Let a process open no more files while the body runs."""

    used = {int(one.name) for one in Path(f"/proc/{pid}/fd").iterdir()}
    free = next(number for number in count() if number not in used)
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, limits[1]))

    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def ask(sock: socket.socket, path: str) -> str:
    """Ask for a path over a connection that stays open; return the body."""

    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    received = b""

    while not received.endswith(b"\n") or received.endswith(b"\r\n"):
        data = sock.recv(65536)
        assert data, "the connection was closed"
        received += data

    return received.partition(b"\r\n\r\n")[2].decode().strip()


def _children(process: Launched) -> str:
    pid = process.process.pid
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()
