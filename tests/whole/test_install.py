"""What `make run` says while it makes the environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .launch import PATIENCE, ROOT

#: Stands for the environment's Python: it tells what it was asked for.
TELLTALE = '#!/bin/sh\necho "python $*" >&2\n'


def test_an_installation_says_so_before_it_begins(tmp_path: Path):
    """Pip is quiet, and a minute of silence looks like a hang."""

    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    for name in ("python", "pip"):
        (python.parent / name).write_text(TELLTALE)
        (python.parent / name).chmod(0o755)

    done = subprocess.run(
        ["tools/install.sh", sys.executable, str(tmp_path), "requirements.lock"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )

    said, pip, *_ = done.stderr.splitlines()
    assert said.startswith(
        f"installing the packages of requirements.lock into {tmp_path}"
    )
    assert pip.startswith("python -m pip install")
