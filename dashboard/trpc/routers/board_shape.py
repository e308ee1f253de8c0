"""Boards as Homarr's clients take them: every member under its name, in its order."""

from __future__ import annotations

from typing import Any

from dashboard.boards import KINDS, Board, Item, Placement, Section
from dashboard.boards.access import Access
from dashboard.boards.grants import BoardGrants, GrantedGroup
from dashboard.boards.kinds import HOMARR_KINDS
from dashboard.boards.listing import BoardName, BoardSummary, Shares
from dashboard.boards.looks import ITEM_LOOKS, SECTION_LOOKS

#: What the pages of a client can show; Homarr's skip other items as well.
SHOWN_KINDS = HOMARR_KINDS | KINDS.keys()


def show_board(board: Board, shares: Shares) -> dict[str, Any]:
    """A whole board; items of kinds that nobody knows are left out.

    Saving leaves those where they are.
    """
    return {
        "id": board.id,
        "name": board.name,
        "isPublic": board.is_public,
        "creatorId": board.creator_id,
        "pageTitle": board.page_title,
        "metaTitle": board.meta_title,
        "logoImageUrl": board.logo_image_url,
        "faviconImageUrl": board.favicon_image_url,
        "backgroundImageUrl": board.background_image_url,
        "backgroundImageAttachment": board.background_image_attachment,
        "backgroundImageRepeat": board.background_image_repeat,
        "backgroundImageSize": board.background_image_size,
        "primaryColor": board.primary_color,
        "secondaryColor": board.secondary_color,
        "opacity": board.opacity,
        "customCss": board.custom_css,
        "iconColor": board.icon_color,
        "itemRadius": board.item_radius,
        "disableStatus": board.disable_status,
        "creator": _show_creator(shares),
        "userPermissions": [
            {"permission": permission} for permission in shares.user_permissions
        ],
        "groupPermissions": _show_group_permissions(board.id, shares),
        "layouts": [
            {
                "id": layout.id,
                "name": layout.name,
                "columnCount": layout.column_count,
                "breakpoint": layout.breakpoint,
            }
            for layout in board.layouts
        ],
        "sections": [
            shown
            for section in board.sections
            if (shown := _show_section(section)) is not None
        ],
        "items": [_show_item(item) for item in board.items if item.kind in SHOWN_KINDS],
    }


def show_name(board: BoardName) -> dict[str, Any]:
    """A board to choose."""
    return {
        "id": board.id,
        "name": board.name,
        "logoImageUrl": board.logo_image_url,
    }


def show_summary(board: BoardSummary, user_id: str | None) -> dict[str, Any]:
    """A board of the list that its viewer, this user, manages."""
    return {
        "id": board.id,
        "name": board.name,
        "logoImageUrl": board.logo_image_url,
        "isPublic": board.is_public,
        "creator": _show_creator(board.shares),
        "userPermissions": [
            {"boardId": board.id, "userId": user_id, "permission": permission}
            for permission in board.shares.user_permissions
        ],
        "groupPermissions": _show_group_permissions(board.id, board.shares),
        "isHome": board.is_home,
        "isMobileHome": board.is_mobile_home,
    }


def show_found(board: BoardSummary) -> dict[str, Any]:
    """A board that a search found."""
    return {
        "id": board.id,
        "name": board.name,
        "logoImageUrl": board.logo_image_url,
        "permissions": {
            "hasFullAccess": board.access >= Access.OWN,
            "hasChangeAccess": board.access >= Access.MODIFY,
            "hasViewAccess": board.access >= Access.VIEW,
        },
        "isHome": board.is_home,
        "isMobileHome": board.is_mobile_home,
    }


def show_grants(grants: BoardGrants) -> dict[str, Any]:
    """Who may do what with a board."""
    return {
        "inherited": [
            {"permission": group.permission, "group": _show_group(group)}
            for group in grants.inherited
        ],
        "users": [
            {
                "user": {"id": user.id, "name": user.name, "image": user.image},
                "permission": user.permission,
            }
            for user in grants.users
        ],
        "groups": [
            {"group": _show_group(group), "permission": group.permission}
            for group in grants.groups
        ],
    }


def _show_creator(shares: Shares) -> dict[str, Any] | None:
    creator = shares.creator
    if creator is None:
        return None

    return {"id": creator.id, "name": creator.name, "image": creator.image}


def _show_group(group: GrantedGroup) -> dict[str, Any]:
    return {"id": group.id, "name": group.name}


def _show_group_permissions(board_id: str, shares: Shares) -> list[dict[str, Any]]:
    return [
        {"boardId": board_id, "groupId": group, "permission": permission}
        for group, permission in shares.group_permissions
    ]


def _show_section(section: Section) -> dict[str, Any] | None:
    """A section by its kind; None for one of a kind that nobody knows."""
    if section.kind == "dynamic":
        return {
            "id": section.id,
            "kind": "dynamic",
            "options": {**SECTION_LOOKS.defaults, **section.options},
            "layouts": [
                {**_show_place(place), "parentSectionId": place.section_id}
                for place in section.placements.values()
            ],
        }

    place = {"yOffset": section.y or 0, "xOffset": section.x or 0}
    if section.kind == "empty":
        return {"id": section.id, "kind": "empty", **place}

    if section.kind == "category":
        return {
            "id": section.id,
            "name": section.name or "",
            "kind": "category",
            **place,
            "collapsed": section.collapsed,
        }

    return None


def _show_item(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        # As they are stored: what is missing has its default on the client's side.
        "options": item.stored,
        "id": item.id,
        "layouts": [
            {**_show_place(place), "sectionId": place.section_id}
            for place in item.placements.values()
        ],
        "integrationIds": list(item.integration_ids),
        "advancedOptions": {**ITEM_LOOKS.defaults, **item.advanced_options},
    }


def _show_place(place: Placement) -> dict[str, Any]:
    return {
        "layoutId": place.layout_id,
        "yOffset": place.y,
        "xOffset": place.x,
        "width": place.width,
        "height": place.height,
    }
