"""What procedures take about groups, with Homarr's rules."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from dashboard.accounts.issues import judge_group_name, refuse
from dashboard.inputs import Id, Input, Text


class GroupName(Input, frozen=True, kw_only=True):
    """A group's name as it shall be."""

    name: Text

    def __post_init__(self) -> None:
        """Check what no single member shows; raises InvalidInputError."""
        refuse(judge_group_name(self.name))


class RenamedGroup(GroupName, frozen=True, kw_only=True):
    """The same, of a group that there is."""

    id: Id


class GroupHomes(Input, frozen=True, kw_only=True):
    """What "/" shows to members; what is left out stays as it is."""

    home_board_id: Id | UnsetType | None = UNSET
    mobile_home_board_id: Id | UnsetType | None = UNSET


class GroupSettings(Input, frozen=True, kw_only=True):
    """The same, of a group."""

    id: Id
    settings: GroupHomes


class GroupPositions(Input, frozen=True, kw_only=True):
    """Groups in the order in which they shall count."""

    positions: Annotated[tuple[Id, ...], Meta(max_length=10_000)]


class GroupPermissions(Input, frozen=True, kw_only=True):
    """What members may do."""

    group_id: Id
    permissions: Annotated[tuple[Text, ...], Meta(max_length=1000)]


class GroupUser(Input, frozen=True, kw_only=True):
    """A group and somebody."""

    group_id: Id
    user_id: Id


class SelectableGroups(Input, frozen=True, kw_only=True):
    """What is told of groups that are offered for a choice."""

    with_permissions: bool = False
