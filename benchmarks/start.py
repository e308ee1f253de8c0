"""Start of the whole roof against importing the same modules in a bare interpreter.

The modules are those that the roof itself names under `python -v` until its
whole-ready line (`-X importtime` leaves out what importlib is asked for); those that
wait for their first use wait in both. Both are timed from exec to a line on standard
error, in turn, with bytecode compiled and the page cache warm.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Timer

from benchmarks.cli import run_alone
from benchmarks.figures import Figure, median_ratio
from memory_report.arrangements import ROOT, is_whole_ready, make_environment
from memory_report.environment import compile_bytecode
from memory_report.errors import MeasurementError
from runner.plan_file import BUNDLED_PLAN, load_plan

TIMEOUT = 60.0
PAIRS, QUICK_PAIRS = 15, 5

_IMPORT = re.compile(r"import '([\w.]+)' #")
_BARE = """\
import sys
from importlib import import_module
from runner import lazy
lazy.install({lazy!r})
for name in {names!r}:
    import_module(name)
sys.stderr.write("imported\\n")
"""


async def run(*, quick: bool) -> list[Figure]:
    """Time both, pair by pair."""

    compile_bytecode()
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        environment = make_environment(Path(folder) / "db.sqlite")
        roof = ("-m", "runner", "--port", "0", "--log-format", "json")
        names = list_imports(roof, environment)
        waiting = load_plan(BUNDLED_PLAN).memory.lazy
        bare = ("-c", _BARE.format(names=names, lazy=waiting))
        pairs = [
            (
                time_until(bare, environment, lambda line: line == "imported"),
                time_until(roof, environment, is_whole_ready),
            )
            for _ in range(QUICK_PAIRS if quick else PAIRS)
        ]

    return [
        Figure(
            what=f"start to whole-ready / import of the same {len(names)} modules",
            before=f"{median(before for before, _ in pairs):.3f} s",
            after=f"{median(after for _, after in pairs):.3f} s",
            value=median_ratio(pairs),
            bar=1.5,
        )
    ]


def list_imports(roof: Sequence[str], environment: dict[str, str]) -> list[str]:
    """Return the modules that the roof imports until it is ready, in its order."""

    names: dict[str, None] = {}

    def until_ready(line: str) -> bool:
        # Lanes are threads: one may begin its line in the middle of another's.
        names.update(dict.fromkeys(_IMPORT.findall(line)))
        return '"event":"ready","seconds"' in line

    time_until(("-v", *roof), environment, until_ready)
    return list(names)


def time_until(
    arguments: Sequence[str],
    environment: dict[str, str],
    is_last: Callable[[str], bool],
) -> float:
    """Start an interpreter and return the seconds until it says a certain line.

    Raises:
        MeasurementError: it ended, or a minute passed, without it.
    """

    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        guard = Timer(TIMEOUT, process.kill)
        guard.start()
        try:
            for line in process.stderr:
                if is_last(line.rstrip()):
                    return time.perf_counter() - begin
        finally:
            process.terminate()
            process.stderr.read()
            process.wait()
            guard.cancel()

    raise MeasurementError(f"python {' '.join(arguments)[:60]} ended too early")


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
