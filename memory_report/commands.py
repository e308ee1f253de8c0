"""The commands that start the processes of an arrangement."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from memory_report.catalogue import PARENTS, Arrangement, Subject
from memory_report.errors import ProgramMissingError
from memory_report.late_imports import find_late_imports
from memory_report.processes import Command
from memory_report.redis_server import find_free_port
from memory_report.toml_writer import write_toml
from runner.plan_file import load_plan

#: What is launched: this interpreter, as a user would call it.
RUNNER = (sys.executable, "-m", "runner")
#: The folder that holds our packages, in a clone as in an installation.
ROOT = Path(__file__).parent.parent

_FLAGS = ("--port", "0", "--log-format", "json")
#: https://hypercorn.readthedocs.io: its word that a listener is open.
_HYPERCORN_READY = re.compile(r"Running on http://")

_SUPERVISORD = """\
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=%(here)s/supervisord.pid
"""
_PROGRAM = """
[program:{name}]
command={command}
autorestart={restart}
stdout_logfile=NONE
stderr_logfile=/dev/fd/2
stderr_logfile_maxbytes=0
environment={environment}
"""


def make_commands(
    arrangement: Arrangement,
    subject: Subject,
    *,
    runner: tuple[str, ...],
    environment: Mapping[str, str],
    folder: Path,
    cache: Path,
) -> list[Command]:
    """Return the command of each process of an arrangement.

    `folder` belongs to this launch, `cache` to all launches of a measurement.

    Raises:
        ProgramMissingError: supervisord is not installed.
    """

    plan = _write_plan(arrangement, subject, folder)
    flags = (*(("--plan", str(plan)) if plan else ()), *_FLAGS)
    return [
        Command(
            name=name,
            arguments=_STARTERS[arrangement.starter](
                services,
                flags,
                runner=runner,
                subject=subject,
                folder=folder,
                cache=cache,
                restarts=arrangement.restarts,
            ),
            environment=environment,
            folder=Path.cwd() if subject.own else ROOT,
            ready_line=_count_ready(_count_words(arrangement, subject, services)),
        )
        for name, services in arrangement.processes.items()
    ]


def decode_event(line: str) -> dict[str, Any]:
    """Decode one of the runner's JSON lines; anything else gives nothing."""

    try:
        event = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {}

    return event if isinstance(event, dict) else {}


def is_whole_ready(line: str) -> bool:
    """Say whether a line is the runner's word that all its services are ready."""

    event = decode_event(line)
    return event.get("event") == "ready" and not isinstance(event.get("service"), str)


def _run(
    services: tuple[str, ...],
    flags: tuple[str, ...],
    *,
    runner: tuple[str, ...],
    **_: Any,
) -> tuple[str, ...]:
    return (*runner, *services, *flags)


def _run_eagerly(
    services: tuple[str, ...],
    flags: tuple[str, ...],
    *,
    subject: Subject,
    cache: Path,
    **_: Any,
) -> tuple[str, ...]:
    modules = cache / "late-imports"
    if not modules.exists():
        names = find_late_imports(load_plan(subject.plan), _list_folders(subject))
        modules.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")

    program = (sys.executable, "-m", "memory_report.launched.eager")
    return (*program, str(modules), *services, *flags)


def _list_folders(subject: Subject) -> list[Path]:
    """Return where the services' modules are looked for, but for what is installed."""

    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own = [Path.cwd(), *map(Path, filter(None, named))]
    return [*(own if subject.own else []), ROOT]


def _fork(
    services: tuple[str, ...], flags: tuple[str, ...], *, cache: Path, **_: Any
) -> tuple[str, ...]:
    program = (sys.executable, "-m", "memory_report.launched.forked")
    return (*program, str(cache / "forked-imports"), *services, *flags)


def find_supervisord() -> None:
    """Make sure that supervisord can be started.

    Raises:
        ProgramMissingError: it is not installed.
    """

    if importlib.util.find_spec("supervisor") is None:
        raise ProgramMissingError(
            "supervisord",
            "the shipped arrangement is started by it; install the extra `report`, "
            "`.venv/bin/pip install 'supervisor>=4.3,<5'`, or leave shipped out of "
            "--arrangements",
        )


def _supervise(
    services: tuple[str, ...],
    flags: tuple[str, ...],
    *,
    runner: tuple[str, ...],
    subject: Subject,
    folder: Path,
    restarts: bool,
    **_: Any,
) -> tuple[str, ...]:
    find_supervisord()
    sections = [_SUPERVISORD]
    for name in services:
        command, environment = (*runner, name, *flags), {}
        if name in subject.applications:
            bind = f"127.0.0.1:{find_free_port()}"
            app = "memory_report.launched.application:make_app()"
            command = (sys.executable, "-m", "hypercorn", app, "--bind", bind)
            environment = {
                "MEMORY_REPORT_PLAN": str(subject.plan.absolute()),
                "MEMORY_REPORT_SERVICE": name,
                "MEMORY_REPORT_URL": f"http://{bind}",
            }

        sections.append(
            _PROGRAM.format(
                name=name,
                command=_quote_all(command),
                restart="true" if restarts else "false",
                environment=",".join(
                    f"{k}={_quote(v)}" for k, v in environment.items()
                ),
            )
        )

    settings = folder / "supervisord.conf"
    settings.write_text("".join(sections), encoding="utf-8")
    return (sys.executable, "-m", "supervisor.supervisord", "-c", str(settings))


_STARTERS: Mapping[str, Callable[..., tuple[str, ...]]] = {
    "runner": _run,
    "eager": _run_eagerly,
    "fork": _fork,
    "supervisord": _supervise,
}


def _write_plan(
    arrangement: Arrangement, subject: Subject, folder: Path
) -> Path | None:
    """Return the plan file to name, if the runner would not take it by itself."""

    if not arrangement.memory:
        return subject.plan.absolute() if subject.own else None

    plan = tomllib.loads(subject.plan.read_text(encoding="utf-8"))
    plan["memory"] = {**plan.get("memory", {}), **arrangement.memory}
    path = folder / "plan.toml"
    path.write_text(write_toml(plan), encoding="utf-8")
    return path


def _count_words(
    arrangement: Arrangement, subject: Subject, services: tuple[str, ...]
) -> int:
    """Return how often a process and what it starts say that they are ready."""

    if arrangement.starter not in PARENTS:
        return 1

    supervised = arrangement.starter == "supervisord"
    # Hypercorn's listener opens after its application is ready, and has its own word.
    listeners = len(subject.applications.intersection(services)) if supervised else 0
    return len(services) + listeners


def _count_ready(words: int) -> Callable[[str], bool]:
    """Make a judge of lines: true for the last word that something is ready."""

    missing = words

    def judge(line: str) -> bool:
        nonlocal missing
        missing -= is_whole_ready(line) or bool(_HYPERCORN_READY.search(line))
        return missing <= 0

    return judge


def _quote_all(words: tuple[str, ...]) -> str:
    return " ".join(_quote(word) for word in words)


def _quote(word: str) -> str:
    """Quote a word for supervisord, whose own sign is the per cent."""

    return '"' + word.replace("%", "%%").replace('"', '\\"') + '"'
