"""The plan: which services to run, as data.

Nothing is imported for it: services are known by their functions' names only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import Any, Literal

from .errors import PlanError, suggest

Backend = Literal["asyncio", "trio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """One service, as its table in the plan says. Durations are in seconds."""

    name: str
    #: `module:function` of a coroutine function that lives as long as the service.
    run: str | None = None
    #: `module:function` that makes the ASGI application for `mount`.
    asgi: str | None = None
    #: `module:function` that is handed the accepted sockets for `mount`.
    connections: str | None = None
    #: The path prefix that belongs to the service, by whole segments.
    mount: str | None = None
    backend: Backend = "asyncio"
    #: `lane`: shares its backend's event loop; `own-lane`: has one for itself.
    placement: str = "lane"
    #: Services that must be ready first; their values may be taken as arguments.
    after: tuple[str, ...] = ()
    #: When it stays down, the runner ends.
    essential: bool = True
    restart: str = "never"
    start_timeout: float = 10.0
    drain_timeout: float = 10.0
    #: Further keyword arguments for `run`.
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lane(self) -> str:
        """The name of the lane that the service runs in."""

        return self.backend if self.placement == "lane" else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """What the runner does about the allocator of the whole process."""

    #: The most heaps that glibc may open for threads; 0 leaves that to glibc.
    arenas: int = 1
    #: Whether garbage and free pages are given back after each busy time.
    trim: bool = True
    #: Modules that are read when something of theirs is used, not when imported.
    lazy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All services of a run, and where it listens."""

    services: Mapping[str, ServicePlan]
    host: str = "127.0.0.1"
    port: int = 3000
    #: For all services together, in seconds.
    drain_timeout: float = 15.0
    memory: MemoryPlan = MemoryPlan()

    @property
    def order(self) -> tuple[str, ...]:
        """Service names, each behind those it is after.

        Raises:
            graphlib.CycleError: two are after each other; no plan file gets that far.
        """

        graph = {name: one.after for name, one in self.services.items()}
        return tuple(TopologicalSorter(graph).static_order())

    @property
    def mounted(self) -> tuple[ServicePlan, ...]:
        """The services that have a place on the port."""

        return tuple(one for one in self.services.values() if one.mount is not None)

    @property
    def needs_http(self) -> bool:
        """Whether requests must be read to know whose they are."""

        return len(self.mounted) > 1 or any(one.asgi for one in self.mounted)

    def make_url(self, service: ServicePlan, port: int) -> str:
        """Return where clients find a mounted service; `port` is the bound one."""

        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "ws" if service.connections else "http"
        return f"{scheme}://{host}:{port}{(service.mount or '').rstrip('/')}"

    def select(self, names: Iterable[str]) -> Plan:
        """Return the plan for some services only, with all that they are after.

        Raises:
            PlanError: there is no service of that name.
        """

        wanted: set[str] = set()
        found = list(names)

        for name in found:
            if name not in self.services:
                hint = suggest(name, self.services)
                raise PlanError(f"unknown service {name!r}{hint}")

            if name not in wanted:
                wanted.add(name)
                found.extend(self.services[name].after)

        chosen = {name: one for name, one in self.services.items() if name in wanted}
        return replace(self, services=chosen)
