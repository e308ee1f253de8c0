"""`python -m memory_report`."""

from __future__ import annotations

import sys

from memory_report.cli import main

sys.exit(main())
