"""The attribution: the sets of services, then the slopes, then the imports."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from memory_report.arrangements import BUNDLED, RUNNER, Subject
from memory_report.attribution.imports import make_recorder, weigh_imports
from memory_report.attribution.load import check_work
from memory_report.attribution.records import (
    SCHEMA,
    Attribution,
    AttributionProcedure,
    Imports,
    Machine,
)
from memory_report.attribution.sets import (
    Setting,
    launch_set,
    launch_sets,
    open_setting,
)
from memory_report.attribution.slopes import launch_slopes
from memory_report.environment import compile_bytecode
from memory_report.errors import UsageError
from memory_report.processes import first_error

#: Each more of them doubles the launches.
MOST_SERVICES = 6


async def attribute(
    procedure: AttributionProcedure,
    *,
    progress: Callable[[str], None],
    subject: Subject = BUNDLED,
    runner: tuple[str, ...] = RUNNER,
) -> Attribution:
    """Launch every set of the services, then the slopes and the imports.

    Raises:
        NotComparableError: a service had other work in one set than in another.
        UsageError: there are too many services.
        MeasurementError: a launch failed.
    """

    if len(subject.services) > MOST_SERVICES:
        raise UsageError(
            f"{subject.plan} has {len(subject.services)} services with work of their "
            f"own; attribute launches every set of them, and takes {MOST_SERVICES}"
        )

    if subject.own:
        procedure = replace(procedure, story=None)

    machine = _prepare_machine()
    with first_error(), TemporaryDirectory(prefix="memory-report-") as name:
        async with open_setting(procedure, subject, runner, Path(name)) as setting:
            launches = await launch_sets(setting, progress)
            check_work([(each.services, each.work) for each in launches])
            slopes = []
            for number in range(1, procedure.rounds + 1):
                progress(f"slopes, launch {number} of {procedure.rounds}")
                slopes += await launch_slopes(setting)

            progress("imports")
            imports = await _record_imports(setting, Path(name))

    return Attribution(
        schema=SCHEMA,
        machine=machine,
        plan=procedure,
        services=subject.services,
        launches=tuple(launches),
        slopes=tuple(slopes),
        imports=imports,
    )


async def _record_imports(setting: Setting, folder: Path) -> Imports:
    """Launch all services once more, and weigh what they import."""

    log = folder / "imports"
    recording = replace(setting, runner=make_recorder(setting.runner, log))
    await launch_set(recording, setting.subject.services, number=0)
    return await weigh_imports(log, folder=folder, rounds=setting.procedure.rounds)


def _prepare_machine() -> Machine:
    """Compile what is launched, and describe where that is."""

    return Machine(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        kernel=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        bytecode=compile_bytecode(),
    )
