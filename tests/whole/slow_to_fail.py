"""A module whose import takes its time, holding its lane, and fails."""

from __future__ import annotations

import time

from .services_that_fail import serving

serving.wait()
time.sleep(0.5)  # so that the runner hears of it, and cannot act upon it yet
raise ImportError("the well is dry")
