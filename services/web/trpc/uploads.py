"""Takes files that come as multipart/form-data, for procedures that ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from quart import Request
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from dashboard.errors import ProcedureError
from dashboard.trpc.procedure import Upload

#: Seconds for all of it to arrive; a home's way up to a rented server is slow.
UPLOAD_TIMEOUT = 300
_MAX_PARTS = 100


@asynccontextmanager
async def open_upload(
    request: Request, storing: asyncio.Lock
) -> AsyncIterator[dict[str, Any]]:
    """Receive a form; yields its fields, each a text or a list of files.

    While files arrive, they lie on the disk; they are in memory for as long as the
    body of the `with` runs, which holds the lock.

    What is no form has no fields. Raises ProcedureError: PAYLOAD_TOO_LARGE or TIMEOUT.
    """

    request.body_timeout = UPLOAD_TIMEOUT
    request.max_form_parts = _MAX_PARTS
    try:
        files, fields = await request.files, await request.form
    except RequestEntityTooLarge as error:
        raise ProcedureError("PAYLOAD_TOO_LARGE") from error
    except RequestTimeout as error:
        raise ProcedureError("TIMEOUT", "The files took too long to arrive") from error

    given: dict[str, Any] = dict(fields)
    async with storing:
        for field in files:
            given[field] = [
                Upload(
                    name=file.filename or "",
                    content_type=file.mimetype,
                    content=await asyncio.to_thread(file.read),
                )
                for file in files.getlist(field)
            ]

        yield given
