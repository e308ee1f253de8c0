from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import accounts


def test_every_name_of_the_room_is_there():
    """Also those that are loaded at their first use; any other is an error."""
    for name in accounts.__all__:
        assert getattr(accounts, name) is not None

    later = {name for names in accounts._LATER.values() for name in names}

    assert later <= set(accounts.__all__)

    with pytest.raises(AttributeError, match="has no attribute 'fly'"):
        _ = accounts.fly


def test_a_process_loads_what_it_uses():
    """The sockets need sessions, and neither invites nor the throttle."""
    program = (
        "import sys, dashboard.accounts.sessions; from dashboard.accounts import User;"
        "print(*[name for name in sys.modules if name.startswith('dashboard.acc')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(accounts.__file__).parents[2],
        capture_output=True,
        check=True,
    )
    loaded = {name.split(".")[-1] for name in answer.stdout.decode().split()}

    assert "sessions" in loaded
    assert not {"users", "groups", "invites", "api_keys", "throttle"} & loaded
