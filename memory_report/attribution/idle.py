"""A service that does nothing: the floor of a plan whose services share none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import anyio
    from anyio.abc import TaskStatus

#: All of a plan; no TOML file is needed to say so little.
PLAN = '[services.idle]\nrun = "memory_report.attribution.idle:serve"\n'


async def serve(*, task_status: TaskStatus[None], stopping: anyio.Event) -> None:
    """Be ready, and wait for the end."""

    task_status.started()
    await stopping.wait()
