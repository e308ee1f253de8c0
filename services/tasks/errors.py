"""What the scheduler refuses, in Homarr's words where it has some.

TasksError
    InvalidCronError(cron, reason)
    JobRunningError(name)
    ManualExecutionError(name)
    QueueUnavailableError(reason)
    SchedulerStoppedError
    TickTakenError(name)
"""

from __future__ import annotations


class TasksError(Exception):
    """Base of what the scheduler refuses; the message is for the API's client."""


class InvalidCronError(TasksError):
    """A cron expression cannot be read, or never comes."""

    def __init__(self, cron: str, reason: str) -> None:
        super().__init__(f"Invalid cron expression: {cron} ({reason})")
        self.cron = cron
        self.reason = reason


class JobRunningError(TasksError):
    """A job is run once at a time."""

    def __init__(self, name: str) -> None:
        super().__init__(f'The job "{name}" is already running.')
        self.name = name


class ManualExecutionError(TasksError):
    """A job runs at its ticks only."""

    def __init__(self, name: str) -> None:
        super().__init__(f'The job "{name}" can not be executed manually.')
        self.name = name


class QueueUnavailableError(TasksError):
    """Redis does not take what is to be queued."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The queue cannot be reached ({reason}); try again soon.")
        self.reason = reason


class SchedulerStoppedError(TasksError):
    """The service is draining."""

    def __init__(self) -> None:
        super().__init__("The service is stopping; try again soon.")


class TickTakenError(TasksError):
    """Another process runs the job for the same tick or request."""

    def __init__(self, name: str) -> None:
        super().__init__(f'The job "{name}" is run by another process.')
        self.name = name
