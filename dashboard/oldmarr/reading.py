"""From what a client sends to its types, or to words of what is wrong with it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from dashboard.boards.inputs import Name
from dashboard.errors import InvalidInputError
from dashboard.inputs import Input
from dashboard.issues import find_issues
from dashboard.oldmarr.configuration import Bookmark, Bookmarks, Configuration
from dashboard.superjson import UNDEFINED


class ImportSettings(Input, frozen=True, kw_only=True):
    """What is to be made of a file."""

    name: Name
    only_import_apps: bool = False
    #: What stands in the sidebars, which boards have no more, goes or moves.
    sidebar_behaviour: Literal["remove-items", "last-section"] = "last-section"


class OldBoard(msgspec.Struct, frozen=True, kw_only=True):
    """A file that has been read, with the links of its bookmarks by widget."""

    configuration: Configuration
    #: The index of a widget: its links.
    bookmarks: dict[int, tuple[Bookmark, ...]]


def read_settings(given: Any) -> ImportSettings:
    """The settings, which come as the text of an object; raises InvalidInputError.

    What is no JSON is told as the text that it is, and an empty one as nothing.
    """
    value = given
    if given == "":
        value = UNDEFINED
    elif isinstance(given, str):
        try:
            value = msgspec.json.decode(given)
        except (ValueError, RecursionError):
            value = given

    settings: ImportSettings = _check(value, ImportSettings, ["configuration"])
    return settings


def read_file(content: bytes) -> OldBoard:
    """The configuration; raises InvalidInputError for all that is wrong with it."""
    try:
        value = msgspec.json.decode(content.decode("utf-8-sig", "replace"))
    except ValueError as error:
        raise refuse(f"the file is not JSON: {error}") from error
    except RecursionError as error:
        raise refuse("the file is nested too deeply") from error

    configuration = _check(value, Configuration, ["file"])
    bookmarks = {
        index: _check(
            widget.properties.get("items", UNDEFINED),
            Bookmarks,
            ["file", "widgets", index, "properties", "items"],
        )
        for index, widget in enumerate(configuration.widgets)
        if widget.type == "bookmark"
    }
    return OldBoard(configuration=configuration, bookmarks=bookmarks)


def refuse(reason: str) -> InvalidInputError:
    """The error of a file that cannot be taken, in words of ours."""
    issue = {"code": "custom", "path": ["file"], "message": reason}
    return InvalidInputError([issue])


def _check(value: Any, type_: Any, path: list[str | int]) -> Any:
    try:
        return msgspec.convert(value, type_)
    except (msgspec.ValidationError, RecursionError) as error:
        issues = find_issues(value, type_)
        for issue in issues:
            issue["path"] = [*path, *issue["path"]]

        raise InvalidInputError(issues) from error
