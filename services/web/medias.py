"""Uploaded images, sent so that nothing in them can do anything.

Homarr sends them to everybody; here strangers get only what everybody is shown anyway.
"""

from __future__ import annotations

from quart import Response
from werkzeug.exceptions import NotFound

from services.web.visit import Visit

#: An SVG may hold a script: in a page of its own it runs in a box without scripts, and
#: in an <img> no browser runs it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
#: The content behind an id never changes.
_KEPT = "private, max-age=3600"


async def show_media(visit: Visit, media_id: str) -> Response:
    """Send a file to members, and to others if a public board or search shows it.

    Raises:
        NotFound: there is none, or none for this visitor.
    """

    # Loaded late: many installations have no such files.
    from dashboard.media import find_media, is_media_public, read_media

    database = visit.site.resources.database
    found = await find_media(database, media_id) if media_id.isascii() else None
    if found is None:
        raise NotFound

    if visit.session is None and not await is_media_public(database, media_id):
        raise NotFound

    content_type, size = found
    headers = {
        # Who has it is told so on the way out, before any of it is read.
        "ETag": f'"{media_id}-{size}"',
        "Content-Length": str(size),
        "Cache-Control": _KEPT,
        "Vary": "Cookie",
        "Content-Security-Policy": _POLICY,
    }
    response = Response(
        read_media(database, media_id), content_type=content_type, headers=headers
    )
    # However slowly it is taken: no more than a piece of it is in memory.
    response.timeout = None
    return response
