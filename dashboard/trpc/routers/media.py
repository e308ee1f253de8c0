"""media: uploaded images."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from msgspec import Meta

from dashboard.boards.access import require_session
from dashboard.errors import InvalidInputError, ProcedureError
from dashboard.image_types import TYPES, find_type
from dashboard.inputs import ById, Input, Paginated
from dashboard.media import MAX_BYTES, NewMedia, add_media, list_media
from dashboard.media import delete_media as delete_stored_media
from dashboard.superjson import UNDEFINED
from dashboard.trpc.guards import member, permission
from dashboard.trpc.procedure import Context, Router, Upload

router = Router()

#: All files of one upload; so much of them is in memory at once.
MAX_TOTAL_BYTES = 2 * MAX_BYTES
LONGEST_NAME = 255


class Page(Paginated, frozen=True, kw_only=True):
    """One page of the caller's files, or of everybody's."""

    include_from_all_users: bool = False


class Uploads(Input, frozen=True, kw_only=True):
    """The files of a form."""

    files: Annotated[tuple[Upload, ...], Meta(min_length=1, max_length=100)]


@router.query("getPaginated", guard=member, input=Page)
async def get_paginated(context: Context, given: Page) -> dict[str, Any]:
    """A page of files without their content, the newest first."""
    found, total = await list_media(
        context.resources.database,
        require_session(context.session),
        everyone=given.include_from_all_users,
        search=given.search.strip(),
        limit=given.page_size,
        offset=given.offset,
    )
    items = [
        {
            "id": media.id,
            "name": media.name,
            "contentType": media.content_type,
            "size": media.size,
            "createdAt": media.created_at,
            "creatorId": media.creator_id,
            "creator": None
            if media.creator_id is None
            else {
                "id": media.creator_id,
                "name": media.creator_name,
                "image": media.creator_image,
            },
        }
        for media in found
    ]
    return {"items": items, "totalCount": total}


@router.mutation(
    "uploadMedia", guard=permission("media-upload"), input=Uploads, form=True
)
async def upload(context: Context, given: Uploads) -> list[str]:
    """Keep files, all or none; returns their ids."""
    # In a thread: files that are looked into for long must not hold up everybody.
    issues = await asyncio.to_thread(_find_issues, given.files)
    if issues:
        raise InvalidInputError(issues)

    if sum(len(file.content) for file in given.files) > MAX_TOTAL_BYTES:
        message = f"at most {MAX_TOTAL_BYTES} bytes at once; send fewer files"
        raise ProcedureError("PAYLOAD_TOO_LARGE", message)

    files = [
        NewMedia(
            name=_tidy(file.name),
            content_type=file.content_type,
            content=file.content,
        )
        for file in given.files
    ]
    session = require_session(context.session)
    return await add_media(
        context.resources.database, files, creator_id=session.user_id
    )


@router.mutation("deleteMedia", guard=member, input=ById)
async def delete(context: Context, given: ById) -> Any:
    """Delete a file of the caller's own, or of anybody's who may."""
    session = require_session(context.session)
    await delete_stored_media(context.resources.database, given.id, session=session)
    return UNDEFINED


def _find_issues(files: tuple[Upload, ...]) -> list[dict[str, Any]]:
    return [
        {"code": "custom", "path": ["files", index], **issue}
        for index, file in enumerate(files)
        for issue in _find_faults(file)
    ]


def _find_faults(file: Upload) -> list[dict[str, Any]]:
    """Zod's issues, each with the key of its words in Homarr's languages."""
    known = file.content_type in TYPES
    if known and len(file.content) > MAX_BYTES:
        return [_issue("fileTooLarge", {"maxSize": "32 MB"})]

    # Homarr believes what is said of a file. It is sent to browsers as just that, so
    # here it has to be true.
    if not known or find_type(file.content) != file.content_type:
        expected = f"one of {', '.join(TYPES)}"
        return [_issue("invalidFileType", {"expected": expected})]

    return []


def _issue(key: str, words: dict[str, str]) -> dict[str, Any]:
    return {
        "params": {"i18n": {"key": key, "params": words}},
        "message": "Invalid input",
    }


def _tidy(name: str) -> str:
    """The name without what no file has; half a surrogate pair cannot be stored."""
    storable = name.encode("utf-8", "replace").decode()
    return storable[-LONGEST_NAME:] or "file"
