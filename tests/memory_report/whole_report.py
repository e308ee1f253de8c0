"""A report that has everything a report can have, of chosen numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from memory_report.records import (
    CHECKPOINTS,
    REDIS,
    Crash,
    Launch,
    MeasuredProcess,
    Peak,
    Price,
    Reading,
    Report,
    Series,
)
from tests.memory_report.examples import MIB, make_launch, make_process, make_report

#: PSS in MiB of each process at the settled checkpoint, by arrangement.
SIZES: dict[str, dict[str, float]] = {
    "separate": {"web": 48.2, "ws": 27.1, "tasks": 41.0, REDIS: 5.1},
    "shipped": {"supervisord": 162.3, REDIS: 5.1},
    "forked": {"parent": 74.6, REDIS: 5.1},
    "together-arenas": {"web+ws+tasks": 57.9},
    "together-untrimmed": {"web+ws+tasks": 55.2},
    "together-eager": {"web+ws+tasks": 66.8},
    "together-redis": {"web+ws+tasks": 58.7, REDIS: 5.1},
    "together": {"web+ws+tasks": 52.6},
}
#: What each checkpoint has of the settled one.
_PARTS = {
    "start": 0.72,
    "loaded": 1.03,
    "settled": 1.0,
    "collected": 0.995,
    "trimmed": 0.97,
    "drained": 0.96,
}


def make_whole_report(
    repeats: int = 5,
    *,
    names: Sequence[str] = tuple(SIZES),
    factor: float = 1.0,
) -> Report:
    """Return a report of these arrangements, every size multiplied by a factor."""

    simple = make_report((100, 50))
    order = [
        name for repeat in range(repeats) for name in names[:: 1 - 2 * (repeat % 2)]
    ]
    launches = [
        _make_launch(number, name, order[:number].count(name), factor)
        for number, name in enumerate(order)
    ]
    return dataclasses.replace(
        simple,
        plan=dataclasses.replace(
            simple.plan, arrangements=tuple(names), repeats=repeats, samples=5
        ),
        launches=tuple(launches),
        crashes=tuple(_list_crashes(names)),
    )


def _make_launch(number: int, name: str, repeat: int, factor: float) -> Launch:
    # A spread of about 0.3 %, the same at every call.
    factor *= 1 + ((repeat * 7 + len(name)) % 5 - 2) * 0.0015
    total = sum(size for each, size in SIZES[name].items() if each != REDIS) * factor
    bare = make_launch(number + 1, name, [make_process("any", 1)])
    seconds = tuple(round(place * 0.1, 1) for place in range(160))
    return dataclasses.replace(
        bare,
        ready_seconds=0.6 + 0.01 * repeat,
        readings=tuple(
            Reading(
                checkpoint=checkpoint,
                processes=tuple(_list_processes(name, factor * _PARTS[checkpoint])),
                held_elsewhere=(round(1.2 * MIB),) * 5,
            )
            for checkpoint in CHECKPOINTS
        ),
        series=Series(
            seconds=seconds,
            pss=tuple(
                round(MIB * total * min(1.0, 0.72 + second * 0.07))
                for second in seconds
            ),
        ),
        peak=Peak(pss=round(total * 1.04 * MIB), rss=round(total * 1.7 * MIB)),
        price=Price(
            request_p50=0.0021,
            request_p99=0.0094 + 0.0001 * repeat,
            requests_per_second=870.0 + repeat,
            push_p50=0.0031,
            push_p99=0.0082 + 0.0001 * repeat,
            lag={"asyncio": 0.012, "trio": 0.003},
        ),
    )


def _list_processes(name: str, factor: float) -> Iterator[MeasuredProcess]:
    for process, size in SIZES[name].items():
        pss = [size * factor + 0.02 * place for place in range(5)]
        yield make_process(
            process, *pss, uss=size * factor * 0.85, rss=size * factor * 1.6
        )


def _list_crashes(names: Sequence[str]) -> Iterator[Crash]:
    for name in ("separate", "together"):
        if name in names:
            for service in ("web", "ws", "tasks"):
                died = (service,) if name == "separate" else ("web", "ws", "tasks")
                yield Crash(arrangement=name, service=service, died=died, back=None)
