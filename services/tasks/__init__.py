"""Cron jobs and their API, in the asyncio lane.

service      what the runner calls: the scheduler's life
scheduler    which job runs when (cron: its expressions)
api          Homarr's cron API as an ASGI application (procedures: its seven calls)
jobs/        what the jobs do, one file each
"""

from __future__ import annotations

from .api import create_app
from .scheduler import Scheduler
from .service import serve

__all__ = ["Scheduler", "create_app", "serve"]
