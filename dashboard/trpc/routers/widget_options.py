"""widget.options: what the server decides for all widgets."""

from __future__ import annotations

from typing import Any

from dashboard.stored import read_server_setting
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Router

router = Router()


@router.query("getWidgetOptionSettings", guard=anyone)
async def get_widget_option_settings(context: Context) -> dict[str, Any]:
    """Whether apps show their state, where their items do not say."""
    setting = await read_server_setting(context.resources.database, "board")
    return {
        "server": {
            "board": {
                "enableStatusByDefault": setting.get("enableStatusByDefault", True),
                "forceDisableStatus": setting.get("forceDisableStatus", False),
            }
        }
    }
