"""The web service: pages and the REST API. `create_app` is its whole face."""

from __future__ import annotations

from services.web.app import create_app

__all__ = ["create_app"]
