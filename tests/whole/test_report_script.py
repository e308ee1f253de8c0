"""What `make report` keeps, and where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .launch import PATIENCE, ROOT

#: Stands for Python where it is asked to measure: it tells what it was asked for.
TELLTALE = """\
#!/bin/sh
case "$1 $3" in
-c*) exec {python} "$@" ;;
*measure) echo "$*"; exit {code} ;;
*show) printf 'the figures' ;;
esac
"""


def keep_report(
    folder: Path, *, code: int = 0, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the script with a stand-in for the measurement, which ends with a code."""

    python = folder / "python"
    python.write_text(TELLTALE.format(python=sys.executable, code=code))
    python.chmod(0o755)
    return subprocess.run(
        ["tools/report.sh", str(python), "--quick"],
        cwd=ROOT,
        env={**os.environ, "DB_DRIVER": "aiosqlite", "MEMORY_REPORT_PATH": "", **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("name", ["DB_URL", "MEMORY_REPORT_PATH"])
def test_the_report_is_kept_where_the_page_looks_for_it(tmp_path: Path, name: str):
    """Beside the database, or where the setting says; nobody else can read it."""

    folder = tmp_path / "new" / "folder"
    value = folder / "db.sqlite" if name == "DB_URL" else folder
    done = keep_report(tmp_path, **{name: str(value)})

    assert done.returncode == 0, done.stderr
    samples = folder / "memory-samples.json"
    assert done.stdout.strip() == f"-m memory_report measure --json {samples} --quick"
    assert [one.name for one in folder.iterdir()] == ["memory-report.json"]
    assert (folder / "memory-report.json").read_text() == "the figures"
    assert (folder / "memory-report.json").stat().st_mode & 0o077 == 0


def test_a_measurement_that_failed_leaves_the_last_report(tmp_path: Path):
    """What was kept stays, and make is told the exit code."""

    kept = tmp_path / "memory-report.json"
    kept.write_text("of yesterday")
    done = keep_report(tmp_path, code=5, MEMORY_REPORT_PATH=str(tmp_path))

    assert done.returncode == 5
    assert kept.read_text() == "of yesterday"


def test_with_the_database_of_a_server_it_only_prints(tmp_path: Path):
    """There is no folder beside it."""

    pytest.importorskip("aiolibsql")
    done = keep_report(tmp_path, DB_DRIVER="libsql", DB_URL="https://db.example")

    assert done.stdout.strip() == "-m memory_report measure --quick"
