"""The command line of `python -m runner`: reads it, runs the plan, ends with a code.

The only place that prints an error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path

from .errors import EXIT_CRASHED, EXIT_USAGE, ListenError, PlanError, suggest
from .plan import Plan
from .plan_file import BUNDLED_PLAN, check_port, load_plan
from .run import run_plan
from .usage import Parser

EXAMPLES = """\
examples:
  .venv/bin/python -m runner                        all services of the bundled plan
  .venv/bin/python -m runner web                    web alone, with what it needs
  .venv/bin/python -m runner web tasks --port 8080  two of them, on another port
  .venv/bin/python -m runner --plan mine.toml       your own services
  .venv/bin/python -m runner --log-format json      one JSON object per event

exit codes:
  0  stopped and drained
  1  a service failed, also because its module is not there; or the port is taken
  2  wrong usage, plan or setting
  3  drained past its deadline
"""

LOG_LEVELS = ("error", "warn", "info", "debug")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the services that the command line asks for; return the exit code."""

    arguments = _make_parser().parse_args(argv)

    try:
        plan = _make_plan(arguments, os.environ)
        level = _read_log_level(os.environ)
        return run_plan(plan, log_format=arguments.log_format, log_level=level)
    except PlanError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except ListenError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_CRASHED


def _make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m runner",
        description="Run services as concurrent tasks in one interpreter, on one port.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "services",
        nargs="*",
        metavar="SERVICE",
        help="run only these and what they are after (default: all)",
    )
    parser.add_argument(
        "--plan", type=Path, help="a TOML file (default: the bundled dashboard)"
    )
    parser.add_argument("--host", help="address to listen on (env: HOST)")
    parser.add_argument(
        "--port", type=int, help="port to listen on, 0 for a free one (env: PORT)"
    )
    parser.add_argument(
        "--drain-timeout",
        type=float,
        metavar="SECONDS",
        help="time for all services to finish what is in flight",
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="how events are written to standard error (default: text)",
    )
    return parser


def _make_plan(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Plan:
    plan = load_plan(arguments.plan or BUNDLED_PLAN)

    if environ.get("HOST"):
        plan = replace(plan, host=environ["HOST"])

    if environ.get("PORT"):
        plan = replace(plan, port=_parse_port(environ["PORT"]))

    if arguments.host is not None:
        plan = replace(plan, host=arguments.host)

    if arguments.port is not None:
        check_port(arguments.port, "--port")
        plan = replace(plan, port=arguments.port)

    if arguments.drain_timeout is not None:
        if not 0 < arguments.drain_timeout < inf:
            raise PlanError("--drain-timeout must be a number of seconds above 0")

        plan = replace(plan, drain_timeout=arguments.drain_timeout)

    return plan.select(arguments.services) if arguments.services else plan


def _parse_port(text: str) -> int:
    if not text.isdecimal():
        raise PlanError(f"PORT is {text!r}; a port is a number from 0 to 65535")

    check_port(int(text), "PORT")
    return int(text)


def _read_log_level(environ: Mapping[str, str]) -> str:
    level = environ.get("LOG_LEVEL") or "info"
    if level not in LOG_LEVELS:
        raise PlanError(f"LOG_LEVEL is {level!r}{suggest(level, LOG_LEVELS)}")

    return level
