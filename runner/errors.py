"""The runner's errors, and the exit codes of its process.

RunnerError
├── PlanError                 the plan, a flag or the environment is wrong
├── ListenError               the port cannot be had
├── LaneClosedError           work was sent to a lane that has ended
├── ContractError             a function of the plan cannot be called (contract.py)
├── ServiceStartError         a service failed before it was ready
│   └── StartTimeoutError     … because its start timeout passed
└── ServiceCrashedError       a service failed after it was ready
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path

#: Where the files are whose lines are no place for whoever's import failed: Python's
#: own import, and what asked it on behalf of the plan.
_IMPORTERS = ("<frozen ", importlib.__file__, f"{Path(__file__).parent}/")

#: It was told to stop, or had nothing left to do, and all have drained.
EXIT_DRAINED = 0
#: A service crashed, or the port could not be had.
EXIT_CRASHED = 1
#: As argparse's own: a flag, the plan, the environment or a setting is wrong.
EXIT_USAGE = 2
#: Somebody did not drain in time, or was not let to.
EXIT_LATE = 3


class RunnerError(Exception):
    """Base of all errors that the runner raises itself."""


class PlanError(RunnerError):
    """The plan, a flag or the environment names something that cannot be."""


class ListenError(RunnerError):
    """The listening address cannot be had."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        super().__init__(f"cannot listen on {host}:{port}: {reason}")


class LaneClosedError(RunnerError):
    """The lane that should have done the work has ended."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        super().__init__(f"lane {lane!r} has ended")


class ServiceStartError(RunnerError):
    """A service failed before it was ready; its cause is `__cause__`."""

    def __init__(self, service: str, phase: str, reason: str) -> None:
        self.service = service
        self.phase = phase
        self.reason = reason
        super().__init__(f"service {service!r} failed in phase {phase!r}: {reason}")


class StartTimeoutError(ServiceStartError):
    """A service was not ready within its start timeout (seconds)."""

    def __init__(self, service: str, phase: str, seconds: float) -> None:
        self.seconds = seconds
        reason = f"not ready within {seconds:g} s (see start_timeout in the plan)"
        super().__init__(service, phase, reason)


class ServiceCrashedError(RunnerError):
    """A service failed after it was ready; its cause is `__cause__`."""

    def __init__(self, service: str, reason: str) -> None:
        self.service = service
        self.phase = "run"
        self.reason = reason
        super().__init__(f"service {service!r} crashed: {reason}")


def find_cause(error: BaseException) -> BaseException:
    """Return the first error inside a group of groups, or the error itself."""

    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]

    return error


def find_exit_code(error: BaseException) -> int | None:
    """Return the exit code that an error brings along: it is its user's to mend."""

    code = getattr(error, "exit_code", None)
    return code if isinstance(code, int) else None


def find_place(error: BaseException) -> str | None:
    """Return the file and line where an error was raised.

    None where none was, and where the error's own words are enough. What Python's
    import raised is placed at the last line of somebody who imports, if there is one.
    """

    if _speaks_for_itself(error):
        return None

    places, trace = [], error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next

    if places and places[-1].startswith("<frozen "):
        places = [place for place in places if not place.startswith(_IMPORTERS)]

    return places[-1] if places else None


def describe_error(error: BaseException) -> str:
    """Say what an error is in one line."""

    error = find_cause(error)
    text = " ".join(str(error).split())
    if text and _speaks_for_itself(error):
        return text

    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _speaks_for_itself(error: BaseException) -> bool:
    return isinstance(error, RunnerError) or find_exit_code(error) is not None


def suggest(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that leads from a wrong word to a right one."""

    from difflib import get_close_matches  # late: only mistakes need it

    known = sorted(known)
    nearest = get_close_matches(word, known, n=1, cutoff=0.5)
    if nearest:
        return f"; did you mean {nearest[0]!r}?"

    return f"; there are {', '.join(known)}"
