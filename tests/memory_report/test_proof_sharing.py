"""The proof of the figures: what is shared counts once in PSS, whoever looks."""

from __future__ import annotations

import mmap
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

import pytest

from memory_report.recording import Recorder, Sample
from memory_report.records import Launch
from memory_report.statistics import sizes_of, total_sizes
from runner.system import Footprint, read_footprint
from tests.memory_report.peers import MIB, Peer, open_peers
from tests.memory_report.test_proof_alarms import TINY, launch_tiny

COMMON = 20 * MIB
#: Others that start and end meanwhile move the PSS of the interpreter's own pages.
REPEATS = 5
#: A page table and the peers' own variables, in MiB.
NEAR = 0.25


def read_total(peers: Sequence[Peer]) -> Footprint:
    """Return the sums over all peers."""

    footprints = [read_footprint(peer.pid) for peer in peers]
    return Footprint(
        rss=sum(each.rss for each in footprints),
        pss=sum(each.pss for each in footprints),
        uss=sum(each.uss for each in footprints),
    )


def grown(before: Footprint, after: Footprint) -> tuple[float, float, float]:
    """Return by how many MiB RSS, PSS and USS have grown."""

    return (
        (after.rss - before.rss) / MIB,
        (after.pss - before.pss) / MIB,
        (after.uss - before.uss) / MIB,
    )


def sizes(launch: Launch) -> tuple[float, float]:
    """Return a launch's PSS by its process, and its total, in MiB."""

    (row,) = launch.reading("settled").processes
    return sizes_of(row).pss / MIB, total_sizes(launch, redis=False).pss / MIB


def middle(steps: Sequence[tuple[float, float, float]]) -> list[float]:
    """Return the medians of RSS, PSS and USS."""

    return [median(column) for column in zip(*steps, strict=True)]


def test_a_map_of_three_processes_counts_three_times_in_rss_and_once_in_pss():
    """20 MiB: RSS moves by 60, PSS by 20, USS by 20 for the first and then to 0."""

    steps: list[list[tuple[float, float, float]]] = [[], [], []]
    with open_peers(3, common=COMMON) as peers:
        for _ in range(REPEATS):
            before = read_total(peers)
            for peer, step in zip(peers, steps, strict=True):
                peer.share()
                step.append(grown(before, read_total(peers)))

            peers[0].drop()

    assert middle(steps[0]) == pytest.approx([20, 20, 20], abs=NEAR)
    assert middle(steps[1]) == pytest.approx([40, 20, 0], abs=NEAR)
    assert middle(steps[2]) == pytest.approx([60, 20, 0], abs=NEAR)


@contextmanager
def look_and_take(file: Path) -> Iterator[None]:
    """Map the file in this process, the observer, and take as much besides."""

    with (
        file.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as common,
        mmap.mmap(-1, COMMON, flags=mmap.MAP_PRIVATE) as ours,
    ):
        ours.write(common[:])
        yield


@contextmanager
def have_neighbour(file: Path) -> Iterator[None]:
    """Start another process of this interpreter that maps the file."""

    command = [sys.executable, "-I", "-S", TINY, file]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as neighbour:
        assert neighbour.stderr is not None
        assert b"ready" in neighbour.stderr.readline()
        yield
        neighbour.kill()


@pytest.mark.parametrize("other", [look_and_take, have_neighbour])
async def test_what_others_share_is_counted_and_what_they_have_is_not(
    other: Callable[[Path], AbstractContextManager[None]], tmp_path: Path
):
    """20 MiB that a service and somebody else map: 10 in its PSS, 20 in its total."""

    file = tmp_path / "common"
    file.write_bytes(bytes(COMMON))
    steps = []
    for number in range(REPEATS):
        alone = await launch_tiny("together", number, str(file), tmp_path)
        with other(file):
            shared = await launch_tiny("together", number, str(file), tmp_path)

        steps.append(
            tuple(
                after - before
                for before, after in zip(*map(sizes, (alone, shared)), strict=True)
            )
        )

    own, total = (median(column) for column in zip(*steps, strict=True))

    assert own == pytest.approx(-10, abs=1)  # and its part of the interpreter
    assert total == pytest.approx(0, abs=NEAR)


async def test_a_recording_says_the_same_of_the_same_map():
    """`record` adds three processes up: 60, 20 and 0, and one MiB of one's own as 1."""

    shared: list[tuple[float, float, float]] = []
    owned: list[tuple[float, float, float]] = []
    samples: list[Footprint] = []

    with open_peers(3, common=COMMON) as peers:

        def play(sample: Sample) -> None:
            samples.append(sample.total)
            match len(samples) % 3:
                case 1:
                    for peer in peers:
                        peer.share()
                case 2:
                    peers[1].own()
                    shared.append(grown(*samples[-2:]))
                case 0:
                    peers[0].drop()
                    owned.append(grown(*samples[-2:]))

        recorder = Recorder([peer.pid for peer in peers], interval=0.001)
        await recorder.run(seconds=0.001 * (3 * REPEATS - 1), progress=play)

    assert len(owned) == REPEATS
    assert middle(shared) == pytest.approx([60, 20, 0], abs=NEAR)
    assert middle(owned) == pytest.approx([1, 1, 1], abs=NEAR)
