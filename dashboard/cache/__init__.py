"""Answers that are kept for a while: in this process, and in Redis where there is one.

Nothing here is the only copy of anything: what is not found is fetched or made again.
"""

from __future__ import annotations

from dashboard.cache.cache import Cache

__all__ = ["Cache"]
