"""Reports made of chosen numbers, and the vocabulary of these tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from memory_report.records import (
    REDIS,
    SCHEMA,
    Environment,
    Launch,
    Ledger,
    MeasuredProcess,
    Procedure,
    Reading,
    Report,
    Story,
)
from runner.system import Footprint

MIB = 1024 * 1024

CLIENT = {
    "web.requests": 120,
    "web.responses_2xx": 90,
    "web.responses_3xx": 30,
    "tasks.requests": 8,
    "tasks.responses_2xx": 8,
    "ws.connections": 5,
    "ws.subscriptions": 15,
    "ws.pushes": 41,
    "ws.status_pushes": 20,
    "ws.ping_pushes": 10,
}
BOTH_ENDS = ("web.", "tasks.", "ws.connections", "ws.subscriptions", "ws.pushes")
SERVICES = {key: n for key, n in CLIENT.items() if key.startswith(BOTH_ENDS)}


def make_process(
    name: str, *pss: float, uss: float = 0, rss: float = 0
) -> MeasuredProcess:
    """Return a process whose samples have these sizes in MiB."""

    samples = tuple(
        Footprint(pss=round(each * MIB), uss=round(uss * MIB), rss=round(rss * MIB))
        for each in pss
    )
    return MeasuredProcess(name=name, processes=1, samples=samples)


def make_growing(name: str, *sizes: float) -> MeasuredProcess:
    """Return a process whose own memory has these sizes in MiB, and no other."""

    grown = [make_process(name, size, uss=size, rss=size) for size in sizes]
    samples = tuple(sample for process in grown for sample in process.samples)
    return MeasuredProcess(name=name, processes=1, samples=samples)


def make_launch(
    number: int,
    arrangement: str,
    processes: Sequence[MeasuredProcess],
    *,
    warm_up: bool = False,
    share: float = 0,
    client: dict[str, int] | None = None,
    services: dict[str, int] | None = None,
    rows: dict[str, int] | None = None,
) -> Launch:
    """Return a launch whose ledger agrees with all others unless told otherwise."""

    return Launch(
        arrangement=arrangement,
        number=number,
        warm_up=warm_up,
        ready_seconds=0.5,
        story_seconds=2.0,
        readings=(
            Reading(
                checkpoint="settled",
                processes=tuple(processes),
                held_elsewhere=(round(share * MIB),) * len(processes[0].samples),
            ),
        ),
        ledger=Ledger(
            client=CLIENT if client is None else client,
            services=SERVICES if services is None else services,
            rows={"session": 4, "user": 1} if rows is None else rows,
        ),
    )


def make_pair(number: int, separate: float, together: float) -> list[Launch]:
    """Return a launch of each arrangement with these totals of PSS in MiB."""

    web = make_process("web", separate / 2, uss=separate / 3, rss=separate)
    ws = make_process("ws", separate / 4, uss=separate / 6, rss=separate / 2)
    tasks = make_process("tasks", separate / 4, uss=separate / 6, rss=separate / 2)
    redis = make_process(REDIS, 5, uss=4, rss=9)
    roof = make_process("web+ws+tasks", together, uss=together, rss=together)
    return [
        make_launch(number, "separate", [web, ws, tasks, redis]),
        make_launch(number + 1, "together", [roof]),
    ]


def make_report(*pairs: tuple[float, float]) -> Report:
    """Return a report with these pairs of totals (separate, together) in MiB."""

    launches = [
        launch
        for index, (separate, together) in enumerate(pairs)
        for launch in make_pair(2 * index + 1, separate, together)
    ]
    return Report(
        schema=SCHEMA,
        environment=Environment(
            python="CPython 3.12.1",
            kernel="Linux 6.1",
            machine="x86_64",
            cpu="A Processor",
            cpus=2,
            memory=4096 * MIB,
            huge_pages="madvise",
            bytecode="compiled beforehand",
            redis="redis-server 7.0.15",
            neighbours=1,
            versions={"quart": "0.20.0"},
        ),
        plan=Procedure(
            repeats=len(pairs),
            settle=2.0,
            samples=1,
            sample_interval=0.2,
            story=Story(),
        ),
        launches=tuple(launches),
    )


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be collected does not."""

    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False

    return status.rpartition(")")[2].split()[0] not in "ZX"
