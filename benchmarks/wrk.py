"""Saturating a web server with wrk (https://github.com/wg/wrk)."""

from __future__ import annotations

import re
import shutil
import subprocess

import trio

from memory_report.errors import MeasurementError, ProgramMissingError

CONNECTIONS = 16


async def saturate(url: str, *, cookies: str, seconds: int) -> float:
    """Ask for a page as fast as it comes; return the requests per second."""

    program = shutil.which("wrk")
    if program is None:
        raise ProgramMissingError("wrk", "install the distribution's wrk")

    with trio.fail_after(seconds + 20):
        finished = await trio.run_process(
            [
                program,
                "-t1",
                f"-c{CONNECTIONS}",
                f"-d{seconds}s",
                "-H",
                f"Cookie: {cookies}",
                url,
            ],
            capture_stdout=True,
            stderr=subprocess.STDOUT,
        )

    return read_rate(finished.stdout.decode())


def read_rate(output: str) -> float:
    """Return the requests per second that wrk reports, if all were answered well."""

    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    failed = re.search(r"(Non-2xx.*|Socket errors:.*)", output)
    if found is None or failed is not None:
        raise MeasurementError(f"wrk said: {failed[0] if failed else output.strip()}")

    return float(found[1])
