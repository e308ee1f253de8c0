"""The report's errors.

ReportError
├── NotComparableError      what was measured was not measured alike
├── InconclusiveError       what was measured is too much in doubt to build on
├── UsageError              what was asked for does not go together
├── ReportFileError         a report's file cannot be read or written
└── MeasurementError        there is no figure to report
    ├── ProgramMissingError     a program that the report launches is not installed
    ├── ServiceDiedError        a launched process ended by itself
    ├── ReadyTimeoutError       a launched process was not ready in time
    ├── StopError               a launched process did not stop cleanly
    └── StoryError              a service answered something else than expected
"""

from __future__ import annotations

from collections.abc import Sequence


class ReportError(Exception):
    """Base of all errors that the report raises itself."""


class NotComparableError(ReportError):
    """Work or ways of measuring differ, so the footprints must not be compared.

    `head` says what of.
    """

    def __init__(
        self,
        differences: Sequence[str],
        *,
        head: str = "the launches did not do the same work",
    ) -> None:
        self.differences = tuple(differences)
        super().__init__(f"{head}:\n  " + "\n  ".join(differences))


class InconclusiveError(ReportError):
    """What was measured is in doubt, and is not taken for the truth."""


class UsageError(ReportError):
    """What was asked for does not go together, or is not there."""


class ReportFileError(ReportError):
    """A report's file is not there, not ours or of another schema."""


class MeasurementError(ReportError):
    """The measurement could not be made."""


class ProgramMissingError(MeasurementError):
    """A program is not installed; `remedy` says where it comes from."""

    def __init__(self, program: str, remedy: str) -> None:
        self.program = program
        super().__init__(f"program {program!r} was not found: {remedy}")


class ServiceDiedError(MeasurementError):
    """A launched process ended before it was told to."""

    def __init__(self, process: str, status: str, last_lines: Sequence[str]) -> None:
        self.process = process
        self.status = status
        self.last_lines = tuple(last_lines)
        said = "".join(f"\n  {process}: {line}" for line in last_lines)
        super().__init__(f"process {process!r} ended in the middle ({status}){said}")


class ReadyTimeoutError(MeasurementError):
    """A launched process did not say that it is ready."""

    def __init__(
        self, process: str, seconds: float, last_lines: Sequence[str] = ()
    ) -> None:
        self.process = process
        self.seconds = seconds
        said = "".join(f"\n  {process}: {line}" for line in last_lines)
        super().__init__(
            f"process {process!r} was not ready within {seconds:g} s{said}"
        )


class StopError(MeasurementError):
    """A launched process was told to stop and did it late or with an error."""

    def __init__(self, process: str, reason: str) -> None:
        self.process = process
        super().__init__(f"process {process!r} did not stop cleanly: {reason}")


class StoryError(MeasurementError):
    """A step of the story did not go as it must."""

    def __init__(self, step: str, reason: str) -> None:
        self.step = step
        super().__init__(f"the story failed at {step!r}: {reason}")
