"""What these tests share: trio only, and services that are no services."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FAKE = Path(__file__).with_name("fake_service.py")


@pytest.fixture
def anyio_backend() -> str:
    """The report is a trio program."""

    return "trio"


@pytest.fixture(name="fake_runner")
def _fake_runner(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """Return the command of a runner that behaves as told."""

    return lambda behaviour: (sys.executable, str(FAKE), str(tmp_path), behaviour)


@pytest.fixture(name="launched_pids")
def _launched_pids(tmp_path: Path) -> Callable[[], list[int]]:
    """Return the ids of all processes that fake runners have started."""

    return lambda: [
        int(word)
        for file in tmp_path.glob("*.pids")
        for word in file.read_text(encoding="utf-8").split()
    ]


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Callable[..., Path]:
    """Write files below a root that stands for /proc or /sys; return the root."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="ascii")

        return tmp_path

    return write
