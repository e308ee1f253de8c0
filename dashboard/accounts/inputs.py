"""What procedures take about users, invites and keys, with Homarr's rules.

Stricter than the pages about the letters of passwords: that is what clients of Homarr
are told beforehand, and count on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from dashboard.accounts.issues import judge_password, judge_username, refuse
from dashboard.accounts.passwords import SHORTEST_PASSWORD
from dashboard.inputs import Check, Id, Input, Text, like, told

#: As Zod's: no dot at an end of the local part, no two in a row, a domain with a dot.
EMAIL = (
    r"^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+.-]*[A-Za-z0-9_+-]"
    r"@([A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}\Z"
)
_SHOWN_EMAIL = (
    r"/^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]"
    r"@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$/"
)
_NO_EMAIL = Check(
    pattern=EMAIL,
    issue={
        "origin": "string",
        "code": "invalid_format",
        "format": "email",
        "pattern": _SHOWN_EMAIL,
    },
    message="Invalid email address",
)
_IMAGE = r"^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9/+]+=*\Z"
_SHOWN_IMAGE = r"/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9/+]+=*$/g"

#: Those, or nothing.
Email = Annotated[str, Meta(max_length=255, **told(rf"({EMAIL})|^\Z", _NO_EMAIL))]
Password = Annotated[str, Meta(min_length=SHORTEST_PASSWORD, max_length=255)]
#: About 256 KiB of a picture, within the row.
Image = Annotated[
    str, Meta(max_length=350_000, **told(_IMAGE, like(_SHOWN_IMAGE, _IMAGE)))
]
Limit = Annotated[int, Meta(ge=1, le=100)]


class NewAccount(Input, frozen=True, kw_only=True):
    """Somebody who will log in with a password."""

    username: Text
    password: Password
    confirm_password: str
    email: Email | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Check what no single member shows; raises InvalidInputError."""
        refuse(
            judge_username("username", self.username),
            judge_password(self.password, self.confirm_password),
        )


class NewUser(NewAccount, frozen=True, kw_only=True):
    """The same, by an administrator."""

    group_ids: tuple[Id, ...]


class Registration(NewAccount, frozen=True, kw_only=True):
    """The same, by the link of an invite."""

    invite_id: Text
    token: Text


class EditedProfile(Input, frozen=True, kw_only=True):
    """A user's name as it shall be, and their address if it is to change."""

    id: Id
    name: Text
    email: Email | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        """Check what no single member shows; raises InvalidInputError."""
        refuse(judge_username("name", self.name))


class ChangedPassword(Input, frozen=True, kw_only=True):
    """A user's new password, and the one before for those who change their own."""

    user_id: Id
    previous_password: Annotated[str, Meta(min_length=1)]
    password: Password
    confirm_password: str

    def __post_init__(self) -> None:
        """Check what no single member shows; raises InvalidInputError."""
        refuse(judge_password(self.password, self.confirm_password))


class ByUser(Input, frozen=True, kw_only=True):
    """A user is named by their id alone."""

    user_id: Id


class ProfileImage(ByUser, frozen=True, kw_only=True):
    """A user's picture, None for none."""

    image: Image | None


class HomeBoards(ByUser, frozen=True, kw_only=True):
    """What "/" shows to a user, and on phones."""

    home_board_id: Id | None
    mobile_home_board_id: Id | None


class DefaultSearchEngine(ByUser, frozen=True, kw_only=True):
    """Where a user's searches go."""

    default_search_engine_id: Id | None


class SearchPreferences(DefaultSearchEngine, frozen=True, kw_only=True):
    """The same, and whether in a new tab."""

    open_in_new_tab: bool


class ColorScheme(Input, frozen=True, kw_only=True):
    """Light or dark; newer Homarrs have "auto" as well."""

    color_scheme: Literal["light", "dark", "auto"]


class PingIcons(Input, frozen=True, kw_only=True):
    """Whether a user's pings are icons instead of dots."""

    id: Id
    ping_icons_enabled: bool


class FirstDayOfWeek(Input, frozen=True, kw_only=True):
    """On which day a user's weeks begin; 0 is Sunday."""

    id: Id
    first_day_of_week: Annotated[int, Meta(ge=0, le=6)]


class SelectableUsers(Input, frozen=True, kw_only=True):
    """Which users are offered for a choice."""

    exclude_external_providers: bool = False


class Search(Input, frozen=True, kw_only=True):
    """Some letters of a name, and how many are wanted."""

    query: Text
    limit: Limit = 10


class NewInvite(Input, frozen=True, kw_only=True):
    """When an invite ends."""

    expiration_date: Annotated[datetime, Meta(tz=True)]


class ByKey(Input, frozen=True, kw_only=True):
    """An API key is named by its id."""

    api_key_id: Id
