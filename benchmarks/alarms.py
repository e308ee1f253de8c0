"""How often the memory report takes nothing for something.

The whole roof is measured against itself, as the report measures two arrangements:
fresh launches in ABBA order, the quick story, pairs, intervals. Whatever it says then
is a false alarm. Long (twenty minutes), so `python -m benchmarks` leaves it out.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from statistics import fmean, median, stdev

from benchmarks.cli import run_alone
from benchmarks.figures import Figure
from memory_report.arguments import QUICK_SETTLE, SAMPLE_INTERVAL, SAMPLES
from memory_report.arrangements import TOGETHER
from memory_report.environment import compile_bytecode
from memory_report.measure import launch_once
from memory_report.records import QUICK_STORY, Launch, Procedure
from memory_report.statistics import Estimate, estimate_saving, total_sizes
from memory_report.validity import find_doubts

COMPARISONS, QUICK_COMPARISONS = 20, 4
#: The least difference that is an alarm: as much as a gate for regressions asks for.
BAR = 0.02
PROCEDURE = Procedure(
    arrangements=(TOGETHER.name,),
    repeats=3,
    settle=QUICK_SETTLE,
    samples=SAMPLES,
    sample_interval=SAMPLE_INTERVAL,
    story=QUICK_STORY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The roof against itself."""

    #: PSS of each launch in bytes, on either side.
    before: tuple[float, ...]
    after: tuple[float, ...]
    #: How many doubts the report has about its launches.
    doubts: int

    @property
    def saving(self) -> Estimate:
        """What the second side is said to save."""

        return estimate_saving(self.before, self.after)

    def is_beyond(self, bar: float) -> bool:
        """Say whether the whole interval is on one side of nothing, by so much."""

        lower, upper = self.saving.lower, self.saving.upper
        assert lower is not None
        assert upper is not None
        return lower > bar or upper < -bar


async def run(*, quick: bool) -> list[Figure]:
    """Compare again and again, and count what was said."""

    compile_bytecode()
    count = QUICK_COMPARISONS if quick else COMPARISONS
    return _describe([await _compare() for _ in range(count)])


async def _compare() -> Comparison:
    sides: list[list[Launch]] = [[], []]
    for number in range(PROCEDURE.repeats):
        # Which side a launch is on is all that tells the two apart.
        for side in sides if number % 2 == 0 else reversed(sides):
            side.append(
                await launch_once(TOGETHER, PROCEDURE, number=number + 1, warm_up=False)
            )

    before, after = (
        tuple(total_sizes(launch, redis=False).pss for launch in side) for side in sides
    )
    doubts = sum(len(find_doubts(side)) for side in sides)
    return Comparison(before=before, after=after, doubts=doubts)


def _describe(comparisons: list[Comparison]) -> list[Figure]:
    count = len(comparisons)
    intervals = [each.saving for each in comparisons]
    widths = [(each.upper or 0) - (each.lower or 0) for each in intervals]
    launches = [size for each in comparisons for size in (*each.before, *each.after)]
    spread = stdev(launches) / fmean(launches)
    return [
        Figure(
            what=f"false alarms in {count} comparisons of the roof with itself, 2 %",
            before="",
            after="",
            value=sum(each.is_beyond(BAR) for each in comparisons),
            form="{:.0f}",
            bar=1,
        ),
        Figure(
            what="of their 95 % intervals, those without nothing in them",
            before=f"{count * 0.05:.1f} expected",
            after="",
            value=sum(each.is_beyond(0) for each in comparisons),
            form="{:.0f}",
            # More has one chance in 400 where intervals are what they say they are.
            bar=max(1, count // 5),
        ),
        Figure(
            what="comparisons with launches that were doubted",
            before="",
            after=f"{sum(each.doubts for each in comparisons)} doubts",
            value=sum(each.doubts > 0 for each in comparisons),
            form="{:.0f}",
        ),
        Figure(
            what="width of the interval in points, median",
            before="",
            after=f"{max(widths) * 100:.2f} at most",
            value=median(widths) * 100,
            form="{:.2f}",
            bar=1.5,
        ),
        Figure(
            what="PSS from launch to launch, standard deviation",
            before=f"{min(launches) / 2**20:.1f} MiB at least",
            after=f"{max(launches) / 2**20:.1f} MiB at most",
            value=spread * 100,
            form="{:.2f} %",
        ),
    ]


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
