"""A password from the command line, from standard input or from whoever sits there."""

from __future__ import annotations

import sys

from dashboard.accounts.passwords import check_new_password
from dashboard.cli.answers import USAGE, CommandError

#: Far above what any password may have; the rest of the line is not read.
LONGEST = 64 * 1024


def read_password(given: str) -> str:
    """The password that `given` stands for: itself, or - for standard input.

    Standard input is its first line; at a terminal it is asked for and not shown.
    Raises CommandError where there is none, and InvalidAccountError for one that
    nobody could choose on the pages.
    """
    password = given if given != "-" else _read_input()
    if not password:
        raise CommandError("error: the password is empty", exit_code=USAGE)

    if "\0" in password:
        # No login form sends one, and some hashes end at it.
        raise CommandError(
            "error: the password contains a NUL character", exit_code=USAGE
        )

    check_new_password(password)
    return password


def _read_input() -> str:
    if sys.stdin is None:
        raise CommandError("error: there is no standard input", exit_code=USAGE)

    if sys.stdin.isatty():
        from getpass import getpass

        return getpass("New password: ")

    line = sys.stdin.buffer.readline(LONGEST)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise CommandError(
            "error: the password on standard input is not UTF-8", exit_code=USAGE
        ) from None

    return text.removesuffix("\n").removesuffix("\r")
