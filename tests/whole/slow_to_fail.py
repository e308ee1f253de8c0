"""A module whose import takes its time, holding its lane, and fails."""

from __future__ import annotations

import time

time.sleep(0.5)
raise ImportError("the well is dry")
