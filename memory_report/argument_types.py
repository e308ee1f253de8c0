"""How words of the command line become values, or are refused."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def pid(text: str) -> int:
    """Read the id of a process."""

    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the id of a process")

    return int(text)


def count(text: str) -> int:
    """Read how often something is done."""

    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000")

    return int(text)


def number(least: float, most: float) -> Callable[[str], float]:
    """Return what reads a number between two others, both allowed."""

    def read_number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan

        if math.isfinite(value) and least <= value <= most:
            return value

        limit = f" to {most:g}" if most < math.inf else " up"
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number from {least:g}{limit}"
        )

    return read_number
