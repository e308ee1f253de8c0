"""The honest competitor: one process that imports everything, then forks each service.

Called as `python -m memory_report.launched.forked MODULES SERVICE… --port 0 …`.
MODULES is a file with the names of modules to import before the forks; each child
adds to it, when it ends, those that it imported itself, so that the next launch
shares them.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

from memory_report.launched.preloading import preload
from runner import lazy
from runner.cli import main as run_service
from runner.plan_file import BUNDLED_PLAN, load_plan


def main(arguments: list[str]) -> int:
    """Fork a child for each service, wait for all; the highest exit code counts."""

    modules = Path(arguments[0])
    first_flag = next(i for i, word in enumerate(arguments) if word.startswith("--"))
    services, flags = arguments[1:first_flag], arguments[first_flag:]
    # https://docs.python.org/3/library/gc.html#gc.freeze: the children's collections
    # must not write to what they share, and the parent's must not leave holes that
    # their objects would fill.
    gc.disable()
    modules.touch()
    named = flags[flags.index("--plan") + 1] if "--plan" in flags else BUNDLED_PLAN
    lazy.install(load_plan(Path(named)).memory.lazy)
    preload(modules)
    gc.freeze()
    children = [fork([service, *flags], modules) for service in services]

    def hand_on(number: int, _frame: FrameType | None) -> None:
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hand_on)

    return wait(children, hand_on)


def wait(children: list[int], tell_others: Callable[[int, None], object]) -> int:
    """Wait for all children; one that fails takes the others with it.

    Returns:
        The exit code of the first one that failed, else 0.
    """

    code = 0
    for _ in children:
        _pid, status = os.wait()
        ended = os.waitstatus_to_exitcode(status)
        if ended and not code:
            code = ended if ended > 0 else 128 - ended
            tell_others(signal.SIGTERM, None)

    return code


def fork(arguments: list[str], modules: Path) -> int:
    """Start a child that runs a service, and return its id."""

    pid = os.fork()
    if pid:
        return pid

    gc.enable()
    before = set(sys.modules)
    code = run_service(arguments)
    found = "".join(f"{name}\n" for name in sys.modules if name not in before)
    with modules.open("a", encoding="utf-8") as file:
        file.write(found)

    return os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
