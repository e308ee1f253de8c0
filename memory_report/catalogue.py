"""The arrangements that there are: how services are laid over processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from memory_report.errors import UsageError
from memory_report.records import REDIS
from memory_report.records import TOGETHER as TOGETHER_NAME
from runner.errors import PlanError
from runner.plan import Plan, ServicePlan
from runner.plan_file import BUNDLED_PLAN, load_plan

#: Who starts a process: the runner as it is, one that has imported everything there
#: is, a parent that forks a child for each service, or supervisord.
Starter = Literal["runner", "eager", "fork", "supervisord"]

#: Those that start another process for each service.
PARENTS: tuple[Starter, ...] = ("fork", "supervisord")

#: What these are called in the table.
_SUPERVISOR, _PARENT = "supervisord", "parent"

#: What is left when nothing is done about the allocator and about imports.
STOCK_MEMORY: Mapping[str, Any] = {"arenas": 0, "trim": False, "lazy": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Which services share a process, and who starts it."""

    name: str
    #: By the name of the process, the services that it is told to run; none of them
    #: named are all that the plan has.
    processes: Mapping[str, tuple[str, ...]]
    #: Whether there is a bus between its processes.
    redis: bool
    starter: Starter = "runner"
    #: What the plan's [memory] table says here and nowhere else.
    memory: Mapping[str, Any] = field(default_factory=dict)
    #: Whether supervisord starts again what has ended. Where memory is measured
    #: nothing may end unseen.
    restarts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The services that are arranged: the bundled ones, or somebody's own."""

    #: Those with work of their own, in the order of the plan.
    services: tuple[str, ...]
    #: Those of them that clients reach at an address.
    mounted: frozenset[str]
    #: Those of them that are an ASGI application and nothing else.
    applications: frozenset[str]
    plan: Path
    own: bool

    @property
    def arrangements(self) -> dict[str, Arrangement]:
        """All that can be launched, by name."""

        return make_arrangements(self.services, bus=not self.own)


def make_arrangements(
    services: Sequence[str], *, bus: bool = True
) -> dict[str, Arrangement]:
    """Make every arrangement of some services.

    `bus` says whether they need a Redis between processes; without one,
    `together-redis` makes no sense and is left out.
    """

    all_of_them, each = "+".join(services), tuple(services)
    apart = {name: (name,) for name in services}
    whole: dict[str, tuple[str, ...]] = {all_of_them: ()}
    made = [
        Arrangement(name="separate", processes=apart, redis=bus),
        Arrangement(
            name="shipped",
            processes={_SUPERVISOR: each},
            redis=bus,
            starter="supervisord",
            memory=STOCK_MEMORY,
        ),
        Arrangement(
            name="forked", processes={_PARENT: each}, redis=bus, starter="fork"
        ),
        Arrangement(
            name="together-arenas", processes=whole, redis=False, memory={"arenas": 0}
        ),
        Arrangement(
            name="together-untrimmed",
            processes=whole,
            redis=False,
            memory={"trim": False},
        ),
        Arrangement(
            name="together-eager",
            processes=whole,
            redis=False,
            starter="eager",
            memory={"lazy": []},
        ),
        *([Arrangement(name="together-redis", processes=whole, redis=True)] * bus),
        Arrangement(name=TOGETHER_NAME, processes=whole, redis=False),
    ]
    return {one.name: one for one in made}


def read_subject(path: Path) -> Subject:
    """Read which services a plan file has, and which of them get a process.

    A service that others are after, and that clients cannot reach, is part of those
    others; what the runner brings itself is nobody's work.

    Raises:
        UsageError: the plan is refused, or there is nothing to take apart.
    """

    try:
        plan = load_plan(path)
    except PlanError as error:
        raise UsageError(str(error)) from error

    for name in sorted({_SUPERVISOR, _PARENT, REDIS} & plan.services.keys()):
        raise UsageError(
            f"{path} has a service {name!r}, which is a row of the report's own; "
            "give it another name"
        )

    chosen = [one for one in plan.services.values() if _has_own_work(one, plan)]
    if len(chosen) < 2:
        raise UsageError(
            f"{path} has {len(chosen)} services with work of their own; "
            "it takes two to share a process"
        )

    return Subject(
        services=tuple(one.name for one in chosen),
        mounted=frozenset(one.name for one in chosen if one.mount is not None),
        applications=frozenset(one.name for one in chosen if one.asgi and not one.run),
        plan=path,
        own=path != BUNDLED_PLAN,
    )


def _has_own_work(service: ServicePlan, plan: Plan) -> bool:
    brought = (service.run or "").startswith("runner.") and service.mount is None
    needed = any(service.name in one.after for one in plan.services.values())
    return service.mount is not None or not (needed or brought)


#: The bundled application.
BUNDLED = read_subject(BUNDLED_PLAN)
ARRANGEMENTS = BUNDLED.arrangements
SEPARATE, TOGETHER = ARRANGEMENTS["separate"], ARRANGEMENTS[TOGETHER_NAME]
