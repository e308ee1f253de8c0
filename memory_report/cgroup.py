"""The control group that accounts for this process's memory: version 2, 1 or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

PROC, SYS = Path("/proc"), Path("/sys")
#: Version 1 writes a number near 2**63 where there is no limit.
_NO_LIMIT = 2**60
#: In memory.stat, groups inside included.
_RECLAIMABLE: dict[int, tuple[str, ...]] = {
    1: ("total_active_file", "total_inactive_file"),
    2: ("active_file", "inactive_file", "slab_reclaimable"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryGroup:
    """A memory control group and the folder that its figures are read from."""

    version: Literal[1, 2]
    folder: Path
    #: Where the groups are mounted: the outermost one that is ours to see.
    root: Path

    def read_limit(self) -> int | None:
        """Return the most bytes that the group may have, None for no limit.

        At memory.high nobody is killed, but everybody is slowed down.
        """

        second = ("memory.max", "memory.high")
        names = second if self.version == 2 else ("memory.limit_in_bytes",)
        limits = [_read_number(self.folder / name) for name in names]
        return min(
            (limit for limit in limits if limit is not None and limit < _NO_LIMIT),
            default=None,
        )

    def read_usage(self) -> int | None:
        """Return the bytes that are charged to the group, page cache included."""

        name = "memory.current" if self.version == 2 else "memory.usage_in_bytes"
        return _read_number(self.folder / name)

    def read_reclaimable(self) -> int:
        """Return how much of the usage the kernel takes back when it needs to.

        The same as in the machine's MemAvailable: files that were read, which would
        soon fill any group, and the kernel's own caches of them.
        """

        figures = _read_figures(self.folder / "memory.stat")
        return sum(figures.get(name, 0) for name in _RECLAIMABLE[self.version])

    def count_kills(self) -> int:
        """Return how many of its processes the kernel has killed for want of memory."""

        name = "memory.events" if self.version == 2 else "memory.oom_control"
        return _read_figures(self.folder / name).get("oom_kill", 0)

    def read_room(self) -> tuple[int, int] | None:
        """Return how many bytes are left, and the limit that leaves so few.

        The limit often stands further out, at the user's slice or the container's
        pod. None where there is none.
        """

        rooms = [
            (max(limit - usage + group.read_reclaimable(), 0), limit)
            for group in self.list_outwards()
            if (limit := group.read_limit()) is not None
            and (usage := group.read_usage()) is not None
        ]
        return min(rooms, default=None)

    def list_outwards(self) -> Iterator[MemoryGroup]:
        """Yield the group and those around it, as far as we may see them."""

        folder = self.folder
        while folder != self.root:
            yield replace(self, folder=folder)
            folder = folder.parent

        yield replace(self, folder=folder)


def find_memory_group(*, proc: Path = PROC, sys: Path = SYS) -> MemoryGroup | None:
    """Find this process's group; None where the kernel accounts for no memory.

    A container often sees its own group mounted as the root, and its path in
    /proc/self/cgroup as the host names it: then the root is the group.
    """

    try:
        lines = (proc / "self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None

    paths = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        paths[controllers] = path.lstrip("/")

    root = sys / "fs/cgroup"
    for controllers, path in paths.items():
        if "memory" in controllers.split(","):
            return _find_group(1, root / "memory", path)

    if "" not in paths:
        return None

    # Where both versions are mounted, the second has a folder of its own.
    return _find_group(2, root, paths[""]) or _find_group(
        2, root / "unified", paths[""]
    )


def _find_group(version: Literal[1, 2], root: Path, path: str) -> MemoryGroup | None:
    name = "memory.current" if version == 2 else "memory.usage_in_bytes"
    inside = ".." not in Path(path).parts  # else the host's, from a group above ours
    folder = root / path if inside and (root / path).is_dir() else root
    group = MemoryGroup(version=version, folder=folder, root=root)
    # Version 2 accounts for a group that has no controller of its own further out.
    for each in group.list_outwards():
        if (each.folder / name).is_file():
            return each

    return None


def _read_number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None

    return int(text) if text.isdigit() else None


def _read_figures(path: Path) -> dict[str, int]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return {}

    return {name: int(word) for name, word in map(str.split, lines)}
