"""`python -m runner`."""

from __future__ import annotations

import sys


def run() -> int:
    """Run the command line; tell an interpreter that lacks what it needs."""

    try:
        from .cli import main

        return main()
    except ModuleNotFoundError as error:
        # A dotted name is a part of what is there, so to install it would not help.
        name = error.name or "."
        if "." in name or name in sys.stdlib_module_names:
            raise

        sys.stderr.write(
            f"error: the module {name!r} is not installed for {sys.executable}; "
            "run `make install`, then use .venv/bin/python -m runner\n"
        )
        return 1


if __name__ == "__main__":
    sys.exit(run())
