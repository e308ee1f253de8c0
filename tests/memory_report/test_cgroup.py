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
