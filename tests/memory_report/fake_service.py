"""A program that behaves like `python -m runner`, as far as a test wants it to.

Called as `fake_service.py FOLDER BEHAVIOUR [SERVICE...] --port 0 …`. It starts a
child, leaves both process ids in FOLDER and speaks the runner's JSON lines.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path


def say(**event: object) -> None:
    """Write one event line."""

    # Not print: a signal handler must not enter a buffered file again.
    os.write(sys.stderr.fileno(), json.dumps(event).encode() + b"\n")


def answer_memory_signals(behaviour: str) -> None:
    """Say that memory was given back, as the runner does."""

    def give_back(number: int, _frame: object) -> None:
        if behaviour != "keeps-its-memory":
            say(event="collected" if number == signal.SIGUSR1 else "trimmed")

    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, give_back)


def main() -> int:
    """Live as the behaviour says."""

    folder, behaviour, *rest = sys.argv[1:]
    services = rest[: rest.index("--port")] or ["web", "ws", "tasks"]
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal; print('up', flush=True); signal.pause()",
        ],
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    name = "+".join(services)
    ids = f"{child.pid} {os.getpid()}"
    Path(folder, f"{name}.pids").write_text(ids, encoding="utf-8")

    def stop(*_: object) -> None:
        for service in services:
            say(event="stopped", service=service, statistics={"requests": 3})

        sys.exit(5 if behaviour == "stops-badly" else 0)

    deaf = behaviour == "ignores-sigterm"
    signal.signal(signal.SIGTERM, signal.SIG_IGN if deaf else stop)

    answer_memory_signals(behaviour)
    if behaviour != "is-no-runner":
        say(event="starting", pid=os.getpid(), services=services)

    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    for service in services:
        say(event="ready", service=service, url=f"http://{host}:{port}/{service}")

    if behaviour == "never-ready":
        signal.pause()

    say(event="ready", seconds=0.1, pid=1)

    if behaviour == "dies":
        sys.stderr.write("the roof is on fire\n")
        _connection = listener.accept()  # the story's first step reaches out
        # Whoever it cuts off finds it dead, and not about to die.
        os._exit(7)

    # Unlike `signal.pause`, this misses no signal that comes just before it.
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    while True:
        woken.recv(64)


sys.exit(main())
