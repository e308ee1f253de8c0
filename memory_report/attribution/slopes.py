"""What one more of something costs: a line through the sizes of one launch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory

import httpcore

from memory_report.attribution.load import log_in, open_load, open_sockets
from memory_report.attribution.records import SlopeLaunch
from memory_report.attribution.sets import Setting, open_set, read_launch
from memory_report.launch_limit import limit_launch
from memory_report.statistics import Estimate, estimate_mean


async def launch_slopes(setting: Setting) -> list[SlopeLaunch]:
    """Give one launch of all services more and more logins, then more and more sockets.

    The first of each kind are not counted: they bring in what all the others use.
    Own services have none: we do not know how they are used.
    """

    procedure, prepared = setting.procedure, setting.prepared
    if prepared is None:
        return []

    with (
        TemporaryDirectory(prefix="memory-report-") as name,
        limit_launch("a launch for the slopes"),
    ):
        async with (
            open_set(setting, setting.subject.services, Path(name)) as running,
            AsyncExitStack() as stack,
        ):
            pool = await stack.enter_async_context(httpcore.AsyncConnectionPool())
            await stack.enter_async_context(open_load(running, prepared))

            async def add_logins() -> int:
                url = running.urls["web"]
                return len(await log_in(url, procedure.step, pool, Counter()))

            async def add_sockets() -> int:
                return len(await open_sockets(running, prepared, procedure.step, stack))

            slopes = []
            for unit, add in (("login", add_logins), ("socket", add_sockets)):
                counts, sizes = [0], []
                for _ in range(procedure.steps):
                    counts.append(counts[-1] + await add())
                    regions, _pss = await read_launch(running)
                    sizes.append(sum(each.own + each.cached for each in regions))

                slopes.append(
                    SlopeLaunch(unit=unit, counts=tuple(counts[1:]), sizes=tuple(sizes))
                )

    return slopes


def estimate_slope(launches: Sequence[SlopeLaunch], unit: str) -> Estimate:
    """Return bytes for one more unit, with the 95 % interval over launches.

    Readings of one launch hang together, so each launch gives one slope.
    """

    return estimate_mean(
        [
            linear_regression(launch.counts, launch.sizes).slope
            for launch in launches
            if launch.unit == unit
        ]
    )
