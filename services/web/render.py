"""Turn templates into pages: compiled once, escaped always.

A Jinja environment of our own: Quart's renders asynchronously, which costs a
page as much again and gains nothing where the data is there already.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.web.assets import Assets

_FOLDER = Path(__file__).parent / "templates"


class Renderer:
    """Render pages from the templates beside this file."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = {
            name: asset.url for name, asset in assets.items()
        }

    def render(self, template: str, **values: Any) -> str:
        """Render one template; a name that it lacks is an error."""

        return self._environment.get_template(template).render(values)
