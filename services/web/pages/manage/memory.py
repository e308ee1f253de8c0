"""The memory of this process over a day, of the others now, and the last report."""

from __future__ import annotations

import asyncio

from quart import Response

from services.web.visit import Visit

#: Points of the drawing, which is about twice as many pixels wide, and table rows.
_POINTS = 240
_ROWS = 24


async def show_memory(visit: Visit) -> Response:
    """Show the figures, the drawing with a table of the same, and the report."""

    # Loaded late: many never open this page.
    from services.web.chart import draw_chart
    from services.web.kept_report import read_kept
    from services.web.memory_page import list_processes, list_rows, read_now

    site = visit.site
    return visit.page(
        "manage/memory.html",
        process=site.monitor.label,
        now=read_now(site),
        # The history ends with the highest of its last minutes, the drawing with now.
        chart=draw_chart([*site.monitor.history(_POINTS), *site.monitor.samples(1)]),
        rows=list_rows(site.monitor.history(_ROWS)),
        processes=list_processes(site),
        # Files, of up to a megabyte each: the lane has others to answer meanwhile.
        kept=await asyncio.to_thread(read_kept, site.resources.settings),
    )
