"""What a benchmark prints, and what it reads of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.figures import Figure, median_ratio, render_table
from benchmarks.start import list_imports
from benchmarks.wrk import read_rate
from memory_report.arrangements import make_environment
from memory_report.errors import MeasurementError

WRK = """\
Running 5s test @ http://127.0.0.1:3000/
  1 threads and 16 connections
  10150 requests in 5.00s, 1.2MB read
Requests/sec:   2030.11
Transfer/sec:    245.32KB
"""


def test_table_shows_figure_beside_its_bar():
    """A bar that is missed cannot be overlooked; a line without one has no verdict."""

    figures = [
        Figure(what="start", before="1.0 s", after="1.4 s", value=1.4, bar=1.5),
        Figure(
            what="rate",
            before="100 /s",
            after="80 /s",
            value=0.8,
            bar=0.9,
            wanted="at least",
        ),
        Figure(what="echo, idle", before="1 ms", after="1 ms", value=1.0),
    ]

    assert render_table(figures) == (
        "| what | before | after | figure | bar | met |\n"
        "|---|---|---|---|---|---|\n"
        "| start | 1.0 s | 1.4 s | 1.40 x | ≤ 1.50 x | yes |\n"
        "| rate | 100 /s | 80 /s | 0.80 x | ≥ 0.90 x | NO |\n"
        "| echo, idle | 1 ms | 1 ms | 1.00 x |  |  |"
    )


def test_ratio_is_the_median_of_pairs():
    """One pair in which something else happened does not decide."""

    assert median_ratio([(1, 1.2), (2, 2.2), (1, 9)]) == 1.2


def test_rate_is_read_from_wrk():
    """Requests per second, as wrk writes them."""

    assert read_rate(WRK) == 2030.11


@pytest.mark.parametrize(
    "trouble",
    ["  Non-2xx or 3xx responses: 7\n", "  Socket errors: connect 0, read 3\n"],
)
def test_a_rate_of_failed_requests_is_refused(trouble: str):
    """Quick errors would otherwise look like a fast server."""

    with pytest.raises(MeasurementError, match=trouble.strip()):
        read_rate(WRK + trouble)


def test_imports_are_those_until_readiness(tmp_path: Path):
    """Modules are listed once, in order; what comes after the ready line is not."""

    program = (
        "import sys, wave, wave\n"
        'sys.stderr.write(\'{"event":"ready","seconds":1}\\n\')\n'
        "sys.stderr.flush()\n"
        "import turtle\n"
    )

    names = list_imports(("-c", program), make_environment(tmp_path / "db"))

    assert names.count("wave") == 1
    assert "turtle" not in names
