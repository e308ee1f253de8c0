"""The memory control group that we are in, on machines that are not this one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from memory_report import doctor
from memory_report.cgroup import find_memory_group
from memory_report.doctor import Finding, Severity

MIB = 1024 * 1024
NO_LIMIT = {1: str(2**63 - 4096), 2: "max"}

Write = Callable[..., Path]


@pytest.fixture(name="root")
def _root(write: Write) -> Path:
    """A machine with 4 GiB free."""

    return write(meminfo=f"MemAvailable: {4096 * 1024} kB\n")


def write_groups(
    write: Write, version: int, groups: dict[str, tuple[int | None, int]]
) -> None:
    """Write groups as the kernel shows them, the last one ours.

    By their path, the limit and the usage in MiB.
    """

    path = list(groups)[-1]
    if version == 1:
        write(self__cgroup=f"9:name=systemd:/\n4:cpu,memory:/{path}\n0::/\n")
        top, names = "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
    else:
        write(self__cgroup=f"0::/{path}\n")
        top, names = "", ("memory.max", "memory.current")

    for group, (limit, usage) in groups.items():
        words = NO_LIMIT[version] if limit is None else str(limit * MIB), usage * MIB
        for name, word in zip(names, words, strict=True):
            write(**{f"fs__cgroup__{top}__{group}__{name}": f"{word}\n"})


@pytest.mark.parametrize("version", [1, 2])
def test_a_small_group_counts_for_the_room(write: Write, root: Path, version: int):
    """As a container's limit does, in either version of control groups."""

    write_groups(write, version, {"box": (600, 200)})

    assert doctor.check_room(root, root) == Finding(
        Severity.WARNING,
        "room",
        f"400 MiB free in the group; control group v{version} of 600 MiB",
    )


@pytest.mark.parametrize("version", [1, 2])
def test_a_group_without_a_limit_has_the_machine_s_room(
    write: Write, root: Path, version: int
):
    """Each version says so in its own way."""

    write_groups(write, version, {"box": (None, 200)})

    assert doctor.check_room(root, root) == Finding(
        Severity.OK, "room", f"4096 MiB free on the machine; control group v{version}"
    )


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("limits", [(None, 700, None), (900, 700, 1000)])
def test_a_tighter_group_around_ours_counts(
    write: Write, root: Path, version: int, limits: tuple[int | None, ...]
):
    """A slice or a pod has the limit that its services hit."""

    outer, middle, inner = limits
    groups = {
        "pod": (outer, 500),
        "pod/slice": (middle, 450),
        "pod/slice/box": (inner, 200),
    }
    write_groups(write, version, groups)

    assert doctor.check_room(root, root) == Finding(
        Severity.WARNING,
        "room",
        f"250 MiB free in the group; control group v{version} of 700 MiB",
    )


@pytest.mark.parametrize(
    ("version", "stat"),
    [
        (1, "active_file 1\ntotal_active_file {0}\ntotal_inactive_file {1}\n"),
        (2, "anon 1\nactive_file {0}\ninactive_file {1}\nslab_reclaimable 0\n"),
        (2, "anon 1\nactive_file 0\ninactive_file {0}\nslab_reclaimable {1}\n"),
    ],
)
def test_files_that_were_read_leave_room(
    write: Write, root: Path, version: int, stat: str
):
    """The kernel takes them back, as it does from the machine's own room."""

    write_groups(write, version, {"box": (600, 590)})
    top = "memory__" if version == 1 else ""
    text = stat.format(300 * MIB, 10 * MIB)
    write(**{f"fs__cgroup__{top}box__memory.stat": text})

    assert doctor.check_room(root, root).text.startswith("320 MiB free in the group; ")


def test_a_group_that_is_over_its_limit_has_no_room(write: Write, root: Path):
    """The limit was lowered below what it has."""

    write_groups(write, 2, {"box": (600, 700)})

    assert doctor.check_room(root, root).text.startswith("0 MiB free in the group; ")


def test_the_limit_at_which_the_kernel_slows_a_group_down_counts(
    write: Write, root: Path
):
    """A launch that hits memory.high crawls; the lower one of both counts."""

    write_groups(write, 2, {"box": (None, 200)})
    write(**{"fs__cgroup__box__memory.high": f"{600 * MIB}\n"})
    text = "400 MiB free in the group; control group v2 of 600 MiB"

    assert doctor.check_room(root, root).text == text

    write_groups(write, 2, {"box": (500, 200)})
    text = "300 MiB free in the group; control group v2 of 500 MiB"

    assert doctor.check_room(root, root).text == text


def test_a_group_without_the_controller_is_accounted_for_further_out(
    write: Write, root: Path
):
    """As in a user's session of systemd: only the slice around it has figures."""

    write_groups(write, 2, {"slice": (600, 200)})
    write(
        self__cgroup="0::/slice/session/scope\n",
        **{"fs__cgroup__slice__session__scope__cgroup.procs": "1\n"},
    )

    assert doctor.check_room(root, root) == Finding(
        Severity.WARNING,
        "room",
        "400 MiB free in the group; control group v2 of 600 MiB",
    )


def test_a_group_of_the_host_s_name_is_not_taken_for_ours(write: Write, root: Path):
    """A container may have a slice of its own of the name that its own is in."""

    write_groups(write, 2, {"": (600, 200), "slice": (900, 1)})
    write(self__cgroup="0::/slice/container.scope\n")
    group = find_memory_group(proc=root, sys=root)

    assert group is not None
    assert group.read_limit() == 600 * MIB


@pytest.mark.parametrize(
    ("version", "name", "text"),
    [
        (1, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"),
        (2, "memory.events", "max 7\noom 4\noom_kill 3\noom_group_kill 0\n"),
    ],
)
def test_those_that_the_kernel_has_killed_are_counted(
    write: Write, root: Path, version: int, name: str, text: str
):
    """None where it does not tell."""

    write_groups(write, version, {"box": (600, 200)})
    group = find_memory_group(proc=root, sys=root)

    assert group is not None
    assert group.count_kills() == 0

    (group.folder / name).write_text(text, encoding="ascii")

    assert group.count_kills() == 3


def test_a_group_that_is_mounted_as_the_root_is_found(write: Write, root: Path):
    """As in a container, whose own files name its group as the host does."""

    write(
        self__cgroup="0::/../outside\n",
        **{
            "fs__cgroup__memory.current": "4096\n",
            "fs__cgroup__memory.max": "max\n",
            "fs__outside__memory.current": "1\n",
        },
    )
    group = find_memory_group(proc=root, sys=root)

    assert group is not None
    assert (group.version, group.read_usage(), group.read_limit()) == (2, 4096, None)


def test_the_second_version_is_found_beside_the_first(write: Write, root: Path):
    """Where both are mounted it has a folder of its own."""

    write(
        self__cgroup="3:cpuset:/\n0::/box\n",
        **{"fs__cgroup__unified__box__memory.current": "4096\n"},
    )
    group = find_memory_group(proc=root, sys=root)

    assert group is not None
    assert (group.version, group.read_usage(), group.read_room()) == (2, 4096, None)


def test_no_group_is_found_where_there_is_none(write: Write, root: Path):
    """No list of groups, none for memory, or one without figures."""

    assert find_memory_group(proc=root, sys=root) is None
    write(self__cgroup="9:name=systemd:/\n")
    assert find_memory_group(proc=root, sys=root) is None
    write(self__cgroup="0::/\n")
    assert find_memory_group(proc=root, sys=root) is None
    assert doctor.check_room(root, root).text.endswith("; no memory control group")
