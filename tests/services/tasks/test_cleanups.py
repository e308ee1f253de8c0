"""The jobs that delete what nobody can use any more."""

from __future__ import annotations

import time

import pytest

from dashboard.accounts import create_first_admin, create_invite, list_invites
from dashboard.resources import Resources
from services.tasks.jobs import invite_cleanup


async def test_expired_invites_go(
    resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    """Those that can be used stay; where there is nothing to do, nothing is said."""
    caplog.set_level("INFO")
    database = resources.database
    admin = await create_first_admin(database, name="admin", password="correct horse")
    now = time.time()
    for expires in (now - 3600, now - 1, now + 3600):
        await create_invite(
            database, creator_id=admin.id, expires=expires, clock=lambda: now - 7200
        )

    for _ in range(2):
        await invite_cleanup.run(resources)

    assert [one.expires for one in await list_invites(database)] == [int(now + 3600)]
    assert [record.getMessage() for record in caplog.records] == [
        "2 expired invites deleted"
    ]
