"""The control group that accounts for this process's memory: version 2, 1 or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

PROC, SYS = Path("/proc"), Path("/sys")
#: Version 1 writes a number near 2**63 where there is no limit.
_NO_LIMIT = 2**60


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryGroup:
    """A memory control group and the folder that its figures are read from."""

    version: Literal[1, 2]
    folder: Path
    #: Where the groups are mounted: the outermost one that is ours to see.
    root: Path

    def read_limit(self) -> int | None:
        """Return the most bytes that the group may have, None for no limit."""

        name = "memory.max" if self.version == 2 else "memory.limit_in_bytes"
        limit = _read_number(self.folder / name)
        return None if limit is None or limit >= _NO_LIMIT else limit

    def read_usage(self) -> int | None:
        """Return the bytes that are charged to the group, page cache included."""

        name = "memory.current" if self.version == 2 else "memory.usage_in_bytes"
        return _read_number(self.folder / name)

    def read_room(self) -> tuple[int, int] | None:
        """Return how many bytes are left, and the limit that leaves so few.

        The limit often stands further out, at the user's slice or the container's
        pod. None where there is none.
        """

        rooms = [
            (limit - usage, limit)
            for group in self._list_outwards()
            if (limit := group.read_limit()) is not None
            and (usage := group.read_usage()) is not None
        ]
        return min(rooms, default=None)

    def _list_outwards(self) -> Iterator[MemoryGroup]:
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
    for folder in (root / path, root) if inside else (root,):
        if (folder / name).is_file():
            return MemoryGroup(version=version, folder=folder, root=root)

    return None


def _read_number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None

    return int(text) if text.isdigit() else None
