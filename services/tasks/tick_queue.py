"""SAQ's queue in Redis, with the three things changed that ticks need otherwise."""

from __future__ import annotations

import asyncio
from typing import Any

from saq import Job, Status
from saq.queue.redis import RedisQueue

#: Before Redis is asked again that did not answer.
PAUSE = 1.0

#: SAQ's own script asks whether a job of this key is not done yet. A tick that was
#: run within the moment must not be queued again either.
_ENQUEUE = """
if redis.call('EXISTS', KEYS[2]) == 0 and redis.call('EXISTS', KEYS[4]) == 0 then
    redis.call('SET', KEYS[2], ARGV[1])
    redis.call('ZADD', KEYS[1], ARGV[2], KEYS[2])
    if ARGV[2] == '0' then redis.call('RPUSH', KEYS[3], KEYS[2]) end
    return 1
end
"""


class TickQueue(RedisQueue):
    """A key is taken for as long as its job is remembered; sweeping disturbs nobody."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._unstarted: set[str] = set()

    async def _enqueue(self, job: Job) -> Job | None:
        if self._enqueue_script is None:
            self._enqueue_script = self.redis.register_script(_ENQUEUE)

        return await super()._enqueue(job)

    async def dequeue(
        self, timeout: float = 0.0, poll_interval: float = 0.0
    ) -> Job | None:
        """As SAQ does it; it asks again at once, whatever happens."""
        try:
            return await super().dequeue(timeout, poll_interval)
        except Exception:  # noqa: BLE001
            # While Redis is away, that would take a whole core.
            await asyncio.sleep(PAUSE)
            return None

    async def sweep(self, lock: int = 60, abort: float = 5.0) -> list[str]:
        """Queue again what dead workers had; one process at a time does, in `lock` s.

        SAQ's own takes what a worker is just beginning for lost, and cuts it short.
        Here that has to be seen twice, and nothing is aborted: a worker that lives
        after all learns from the history that another one has its run.
        """
        if not await self.redis.set(self._sweep, 1, nx=True, ex=lock):
            return []

        swept: list[str] = []
        before, self._unstarted = self._unstarted, set()
        found: list[Any] = await self.redis.lrange(self._active, 0, -1)
        for job_id in found:
            job = await self._get_job_by_id(job_id)
            if job is None:
                await self.redis.lrem(self._active, 0, job_id)
                await self.redis.zrem(self._incomplete, job_id)
                continue

            if job.status == Status.QUEUED:
                self._unstarted.add(job.key)

            if job.stuck or job.key in before & self._unstarted:
                swept.append(job.key)
                if job.retryable:
                    await self.retry(job, "its worker died")
                else:
                    await self.finish(job, Status.ABORTED, error="its worker died")

        return swept
