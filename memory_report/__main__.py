"""`python -m memory_report`."""

from __future__ import annotations

import sys

from memory_report.exit_codes import NOT_MEASURED


def run() -> int:
    """Run the command line; tell an interpreter that lacks what it needs."""

    try:
        from memory_report.cli import main

        return main()
    except ModuleNotFoundError as error:
        # A dotted name is a part of what is there, so to install it would not help.
        name = error.name or "."
        if "." in name or name in sys.stdlib_module_names:
            raise

        sys.stderr.write(
            f"error: the module {name!r} is not installed for {sys.executable}; "
            "run `make install`, then use .venv/bin/python -m memory_report\n"
        )
        return NOT_MEASURED


if __name__ == "__main__":
    sys.exit(run())
