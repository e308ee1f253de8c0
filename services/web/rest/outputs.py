"""What the procedures with an address return, for the document that describes them.

They answer with plain values; the tests hold what they answer against these types.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec


class Output(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=True,
):
    """Base of what is returned: exactly these members."""


class App(Output, frozen=True, kw_only=True):
    """A link that items show."""

    id: str
    name: str
    description: str | None
    icon_url: str
    href: str | None
    ping_url: str | None


class MadeApp(App, frozen=True, kw_only=True):
    """An app that was just made; its id stands here twice, as in Homarr."""

    app_id: str


class AppPage(Output, frozen=True, kw_only=True):
    """One page of the apps, and how many there are in all."""

    items: list[App]
    total_count: int


class BoardCreator(Output, frozen=True, kw_only=True):
    """Who made a board."""

    id: str
    name: str | None
    image: str | None


class UserPermission(Output, frozen=True, kw_only=True):
    """What the asking user may do with a board."""

    board_id: str
    user_id: str
    permission: str


class GroupPermission(Output, frozen=True, kw_only=True):
    """What a group of the asking user may do with a board."""

    board_id: str
    group_id: str
    permission: str


class Board(Output, frozen=True, kw_only=True):
    """A board in the list of those that the asking user may see."""

    id: str
    name: str
    logo_image_url: str | None
    is_public: bool
    creator: BoardCreator | None
    user_permissions: list[UserPermission]
    group_permissions: list[GroupPermission]
    is_home: bool
    is_mobile_home: bool


class MadeBoard(Output, frozen=True, kw_only=True):
    """The id of a board that was just made."""

    board_id: str


class MadeItem(Output, frozen=True, kw_only=True):
    """The id of an item that was just put on a board."""

    item_id: str


class Info(Output, frozen=True, kw_only=True):
    """Which version of this program answers."""

    version: str


class InviteCreator(Output, frozen=True, kw_only=True):
    """Who made an invite."""

    id: str
    name: str | None


class Invite(Output, frozen=True, kw_only=True):
    """An invite that nobody has used, without its token."""

    id: str
    expiration_date: datetime
    creator: InviteCreator


class MadeInvite(Output, frozen=True, kw_only=True):
    """An invite that was just made; its token is shown this once."""

    id: str
    token: str


class UserName(Output, frozen=True, kw_only=True):
    """A user to choose from a list."""

    id: str
    name: str | None
    image: str | None


class UserSummary(UserName, frozen=True, kw_only=True):
    """A user in the list of all."""

    email: str | None
    email_verified: datetime | None


class User(UserSummary, frozen=True, kw_only=True):
    """All that is known about a user."""

    provider: Literal["credentials", "oidc", "ldap"]
    home_board_id: str | None
    mobile_home_board_id: str | None
    first_day_of_week: int
    ping_icons_enabled: bool
    default_search_engine_id: str | None
    open_search_in_new_tab: bool


#: By the procedure's path; all others with an address return nothing.
OUTPUTS: dict[str, Any] = {
    "app.all": list[App],
    "app.byId": App,
    "app.create": MadeApp,
    "app.getPaginated": AppPage,
    "app.search": list[App],
    "app.selectable": list[App],
    "board.addItem": MadeItem,
    "board.createBoard": MadeBoard,
    "board.duplicateBoard": MadeBoard,
    "board.getAllBoards": list[Board],
    "info.getInfo": Info,
    "invite.createInvite": MadeInvite,
    "invite.getAll": list[Invite],
    "user.getAll": list[UserSummary],
    "user.getById": User,
    "user.search": list[UserName],
    "user.selectable": list[UserName],
}
