"""What callers may ask for, as types that check themselves: Homarr's rules and limits.

Each can be made from an object with Homarr's names (columnCount, xOffset) by
`read_input`; one made in Python is checked by the same rules where it is used.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dashboard.errors import InvalidInputError
from dashboard.inputs import STORABLE, Id, Input, Text, like, told

T = TypeVar("T")

_NAME = told(r"^[A-Za-z0-9_-]*\Z", like(r"/^[A-Za-z0-9-_]*$/", r"^[A-Za-z0-9_-]*\Z"))
_ICON_COLOUR = told(
    r"^(#[0-9A-Fa-f]{6})?\Z", like(r"/^#[0-9A-Fa-f]{6}$/", r"^#[0-9A-Fa-f]{6}\Z")
)

Name = Annotated[str, Meta(min_length=1, max_length=255, **_NAME)]
Columns = Annotated[int, Meta(ge=1, le=24)]
Cells = Annotated[int, Meta(ge=-32767, le=32767)]
Size = Annotated[int, Meta(ge=1, le=32767)]
Colour = Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}\Z")]
Kind = Annotated[str, Meta(min_length=1, max_length=255, **STORABLE)]


class BoardSettings(Input, frozen=True, kw_only=True):
    """How a board looks; what is left out stays as it is."""

    page_title: Text | UnsetType | None = UNSET
    meta_title: Text | UnsetType | None = UNSET
    logo_image_url: Text | UnsetType | None = UNSET
    favicon_image_url: Text | UnsetType | None = UNSET
    background_image_url: Text | UnsetType | None = UNSET
    background_image_attachment: Literal["fixed", "scroll"] | UnsetType = UNSET
    background_image_repeat: (
        Literal["repeat", "repeat-x", "repeat-y", "no-repeat"] | UnsetType
    ) = UNSET
    background_image_size: Literal["cover", "contain"] | UnsetType = UNSET
    primary_color: Colour | UnsetType = UNSET
    secondary_color: Colour | UnsetType = UNSET
    opacity: Annotated[int, Meta(ge=0, le=100)] | UnsetType = UNSET
    custom_css: Annotated[str, Meta(max_length=16384, **STORABLE)] | UnsetType = UNSET
    #: None or an empty text for the theme's own.
    icon_color: Annotated[str, Meta(**_ICON_COLOUR)] | UnsetType | None = UNSET
    item_radius: Literal["xs", "sm", "md", "lg", "xl"] | UnsetType = UNSET
    disable_status: bool | UnsetType = UNSET


class LayoutInput(Input, frozen=True, kw_only=True):
    """A layout as it shall be; one whose id is not the board's is made."""

    id: Text = ""
    name: Text
    column_count: Columns
    breakpoint: Annotated[int, Meta(ge=0, le=32767)]


class ItemPlace(Input, frozen=True, kw_only=True):
    """Where an item stands in one layout."""

    layout_id: Id
    section_id: Id
    x_offset: Cells
    y_offset: Cells
    width: Size
    height: Size


class SectionPlace(Input, frozen=True, kw_only=True):
    """Where a dynamic section stands in one layout."""

    layout_id: Id
    parent_section_id: Id | None = None
    x_offset: Cells
    y_offset: Cells
    width: Size
    height: Size


class SectionInput(Input, frozen=True, kw_only=True):
    """A section as it shall be; `options` and `layouts` are a dynamic one's."""

    id: Id
    kind: Kind
    name: Text | UnsetType | None = UNSET
    x_offset: Cells | None = None
    y_offset: Cells | None = None
    options: dict[str, Any] | UnsetType = UNSET
    layouts: tuple[SectionPlace, ...] = ()


class ItemInput(Input, frozen=True, kw_only=True):
    """An item as it shall be; options that are left out stay as they are."""

    id: Id
    kind: Kind
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    advanced_options: dict[str, Any] = msgspec.field(default_factory=dict)
    integration_ids: tuple[Id, ...] | UnsetType = UNSET
    layouts: tuple[ItemPlace, ...] = ()


class Content(Input, frozen=True, kw_only=True):
    """All sections and items of a board: what is not among them goes."""

    sections: Annotated[tuple[SectionInput, ...], Meta(max_length=1000)]
    items: Annotated[tuple[ItemInput, ...], Meta(max_length=5000)]


class Grant(Input, frozen=True, kw_only=True):
    """A permission of a user or a group: view, modify or full."""

    principal_id: Id
    permission: Literal["view", "modify", "full"]


def read_input(value: Any, type_: type[T]) -> T:
    """Check a value, or an object of one; raises InvalidInputError."""
    plain = _plain(value)
    try:
        return msgspec.convert(plain, type_)
    except msgspec.ValidationError as error:
        # Loaded late: whoever keeps to the rules does not pay for it.
        from dashboard.issues import find_issues

        raise InvalidInputError(find_issues(plain, type_)) from error


def _plain(value: Any) -> Any:
    """Records as objects: msgspec takes a record that was made in Python as it is."""
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: _plain(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
            if getattr(value, field.name) is not UNSET
        }

    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]

    return value
