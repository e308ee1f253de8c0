"""The runner with nothing left to import later.

Called as `python -m memory_report.launched.eager MODULES …`: MODULES is a file with
the names of modules, the rest is the runner's.
"""

from __future__ import annotations

import sys
from pathlib import Path

from memory_report.launched.preloading import preload
from runner.cli import main

if __name__ == "__main__":
    preload(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
