"""board, what comes from Homarr before 1.0."""

from __future__ import annotations

import asyncio
from typing import Any

from dashboard.errors import InvalidInputError
from dashboard.inputs import Input
from dashboard.superjson import UNDEFINED
from dashboard.trpc.guards import permission
from dashboard.trpc.procedure import Context, Upload
from dashboard.trpc.routers.board_changes import router

__all__ = ["router"]

#: As much as Homarr takes.
MAX_BYTES = 1024 * 1024


class OldFile(Input, frozen=True, kw_only=True):
    """A configuration file, and as JSON what is to be made of it."""

    file: Any = UNDEFINED
    configuration: Any = UNDEFINED


@router.mutation(
    "importOldmarrConfig",
    guard=permission("board-create"),
    input=OldFile,
    form=True,
)
async def import_old(context: Context, given: OldFile) -> Any:
    """Make a board of a configuration file, or only its apps."""
    # Loaded late, with all that it needs: few boards come this way, and each once.
    from dashboard.oldmarr import import_board, read_file, read_settings

    issues = _find_issues(given.file)
    settings = None
    try:
        settings = read_settings(given.configuration)
    except InvalidInputError as error:
        issues += error.issues

    if issues or settings is None:
        raise InvalidInputError(issues)

    # In a thread: a file that is looked into for long must not hold up everybody.
    old = await asyncio.to_thread(read_file, given.file[0].content)
    await import_board(
        context.resources.database, old, settings, session=context.session
    )
    return UNDEFINED


def _find_issues(given: Any) -> list[dict[str, Any]]:
    """Zod's issues, those of the file itself with the key of Homarr's words."""
    files = given if isinstance(given, list) else []
    # An empty file is what browsers send where none was chosen.
    if not (len(files) == 1 and isinstance(files[0], Upload) and files[0].content):
        return [_issue("Input not instance of File")]

    (file,) = files
    if file.content_type != "application/json":
        return [_worded_issue("invalidFileType", {"expected": "JSON"})]

    if len(file.content) > MAX_BYTES:
        return [_worded_issue("fileTooLarge", {"maxSize": "1 MB"})]

    return []


def _issue(message: str) -> dict[str, Any]:
    return {"code": "custom", "path": ["file"], "message": message}


def _worded_issue(key: str, words: dict[str, str]) -> dict[str, Any]:
    params = {"i18n": {"key": key, "params": words}}
    return {"params": params, **_issue("Invalid input")}
