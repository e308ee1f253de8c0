"""What all tests share: programs that are missing are told by name."""

from __future__ import annotations

import os
import shutil

import pytest

#: The programs behind each marker, by the names that their packages install.
PROGRAMS = {
    "redis": {"redis-server": "redis-server"},
    "browser": {"chromium": "chromium", "chromedriver": "chromium-driver"},
    "node": {"node": "nodejs", "npm": "npm"},
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing; where CI is set, fail it."""

    for marker, programs in PROGRAMS.items():
        if item.get_closest_marker(marker) is None:
            continue

        for program, package in programs.items():
            if shutil.which(program) is None:
                message = (
                    f"{program} is missing; install it with: apt install {package}"
                )
                if os.environ.get("CI"):
                    pytest.fail(message)

                pytest.skip(message)
