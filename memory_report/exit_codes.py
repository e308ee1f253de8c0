"""What each exit code means; `help.py` says it to the user."""

from __future__ import annotations

PASSED, FAILED, USAGE, INCONCLUSIVE = 0, 1, 2, 3
NOT_COMPARABLE, NOT_MEASURED, INTERRUPTED = 4, 5, 130
