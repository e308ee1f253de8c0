"""The cron jobs as data."""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job; the tasks service has the function of the same name.

    Times are in seconds.
    """

    name: str
    #: Five fields, or six with leading seconds; people can change it.
    cron: str
    #: A run that takes longer is cancelled, and counts as failed.
    timeout: float
    run_on_start: bool = False
    prevent_manual_execution: bool = False
    #: Runs begin up to so much after their tick: not every house asks at one instant.
    jitter: float = 0.0
    #: A tick that was missed is made up for if it is not older.
    catch_up: float = 60.0


#: In the order that the API lists them: Homarr's, then our own.
JOBS: tuple[Job, ...] = (
    Job(
        name="iconsUpdater",
        cron="0 0 * * 1",
        timeout=120.0,
        run_on_start=True,
        jitter=300.0,
    ),
    Job(name="ping", cron="* * * * *", timeout=30.0, run_on_start=True),
    Job(name="rssFeeds", cron="*/10 * * * *", timeout=60.0, jitter=20.0),
    Job(
        name="updateChecker",
        cron="0 * * * *",
        timeout=30.0,
        run_on_start=True,
        jitter=120.0,
    ),
    Job(name="weather", cron="*/10 * * * *", timeout=60.0, jitter=20.0),
    Job(name="sessionCleanup", cron="15 * * * *", timeout=30.0, run_on_start=True),
    Job(name="inviteCleanup", cron="45 0 * * *", timeout=30.0, catch_up=12 * HOUR),
    Job(
        name="databaseMaintenance",
        cron="30 3 * * *",
        timeout=300.0,
        catch_up=12 * HOUR,
    ),
    Job(name="backup", cron="0 4 * * *", timeout=600.0, catch_up=12 * HOUR),
)
