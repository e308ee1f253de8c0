"""A service that only holds memory, for the real runner; PLAN has two of them."""

from __future__ import annotations

import anyio
from anyio.abc import TaskStatus

PLAN = """\
[services.first]
run = "tests.memory_report.attribution.ballast_service:serve"

[services.second]
run = "tests.memory_report.attribution.ballast_service:serve"
options = {{ ballast = {ballast} }}
"""


async def serve(
    *, ballast: int = 0, task_status: TaskStatus[None], stopping: anyio.Event
) -> None:
    """Hold so many MiB until the end."""

    held = [b"x" * 1024 * 1024 for _ in range(ballast)]
    task_status.started()
    await stopping.wait()
    del held
