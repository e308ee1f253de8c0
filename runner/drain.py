"""The drain: who is asked to stop, in which order, and who was late."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import anyio

from .errors import LaneClosedError
from .front_door import FrontDoor
from .service import Service


@dataclass(slots=True)
class Resident:
    """A service as the roof sees it, from the main lane."""

    service: Service
    ready: anyio.Event = field(default_factory=anyio.Event)
    #: It is ready, or will never be.
    settled: anyio.Event = field(default_factory=anyio.Event)
    ended: anyio.Event = field(default_factory=anyio.Event)
    #: Around its whole life, to end a start that nobody wants any more.
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


async def drain(residents: Mapping[str, Resident], door: FrontDoor | None) -> None:
    """Close the port and stop all services, each before those that it is after."""

    async with anyio.create_task_group() as tasks:
        if door is not None:
            door.stop()

        for resident in residents.values():
            tasks.start_soon(_drain_one, resident, residents)


def find_late(residents: Mapping[str, Resident]) -> tuple[str, ...]:
    """Return the services that did not stop in time, by themselves."""

    return tuple(
        name
        for name, resident in residents.items()
        if resident.service.late or not resident.ended.is_set()
    )


async def _drain_one(resident: Resident, residents: Mapping[str, Resident]) -> None:
    service = resident.service

    for other in residents.values():
        if service.name in other.service.plan.after:
            await other.ended.wait()

    if not resident.ready.is_set():
        resident.scope.cancel()
    else:
        if service.mount is not None:
            service.mount.open = False

        with suppress(LaneClosedError):
            service.lane.post(service.stop)

    await resident.ended.wait()
