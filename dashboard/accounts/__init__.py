"""Who may log in, who is logged in, and what they may do.

identity.py says what a user and a session are. Here: users, their passwords (hashing),
sessions, API keys, invites, groups with their permissions, and the throttle of logins.
Only what every process needs is loaded with the room; the rest at its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dashboard.accounts.passwords import verify_password
from dashboard.accounts.sessions import (
    close_disabled_sessions,
    close_session,
    close_sessions,
    delete_expired_sessions,
    find_session,
    open_session,
)
from dashboard.errors import (
    AdminExistsError,
    AlreadyOnboardedError,
    InvalidAccountError,
    InvalidInviteError,
    NameTakenError,
    ReservedGroupError,
    TooBusyError,
    UnknownGroupError,
    UnknownProviderError,
    UnknownUserError,
    WrongPasswordError,
)
from dashboard.identity import PROVIDERS, Session, User

if TYPE_CHECKING:
    from dashboard.accounts.administrators import find_admins
    from dashboard.accounts.api_keys import (
        ApiKey,
        create_api_key,
        delete_api_key,
        find_key_session,
        list_api_keys,
    )
    from dashboard.accounts.groups import (
        Group,
        add_member,
        create_group,
        delete_group,
        find_group,
        list_groups,
        order_groups,
        remove_member,
        rename_group,
        set_permissions,
        synchronize_groups,
        transfer_group,
    )
    from dashboard.accounts.invites import (
        Invite,
        create_invite,
        delete_invite,
        find_invite,
        list_invites,
        register,
    )
    from dashboard.accounts.onboarding import create_first_admin, onboarding_step
    from dashboard.accounts.permissions import PERMISSIONS
    from dashboard.accounts.throttle import LoginThrottle
    from dashboard.accounts.users import (
        RecreatedAdmin,
        UserRecord,
        change_password,
        create_user,
        delete_user,
        find_user,
        find_user_by_email,
        fix_usernames,
        list_users,
        random_password,
        recreate_admin,
        set_password,
    )

__all__ = [
    "PERMISSIONS",
    "PROVIDERS",
    "AdminExistsError",
    "AlreadyOnboardedError",
    "ApiKey",
    "Group",
    "InvalidAccountError",
    "InvalidInviteError",
    "Invite",
    "LoginThrottle",
    "NameTakenError",
    "RecreatedAdmin",
    "ReservedGroupError",
    "Session",
    "TooBusyError",
    "UnknownGroupError",
    "UnknownProviderError",
    "UnknownUserError",
    "User",
    "UserRecord",
    "WrongPasswordError",
    "add_member",
    "change_password",
    "close_disabled_sessions",
    "close_session",
    "close_sessions",
    "create_api_key",
    "create_first_admin",
    "create_group",
    "create_invite",
    "create_user",
    "delete_api_key",
    "delete_expired_sessions",
    "delete_group",
    "delete_invite",
    "delete_user",
    "find_admins",
    "find_group",
    "find_invite",
    "find_key_session",
    "find_session",
    "find_user",
    "find_user_by_email",
    "fix_usernames",
    "list_api_keys",
    "list_groups",
    "list_invites",
    "list_users",
    "onboarding_step",
    "open_session",
    "order_groups",
    "random_password",
    "recreate_admin",
    "register",
    "remove_member",
    "rename_group",
    "set_password",
    "set_permissions",
    "synchronize_groups",
    "transfer_group",
    "verify_password",
]

#: By file, what is loaded when somebody asks for it.
_LATER = {
    "administrators": ("find_admins",),
    "api_keys": (
        "ApiKey",
        "create_api_key",
        "delete_api_key",
        "find_key_session",
        "list_api_keys",
    ),
    "groups": (
        "Group",
        "add_member",
        "create_group",
        "delete_group",
        "find_group",
        "list_groups",
        "order_groups",
        "remove_member",
        "rename_group",
        "set_permissions",
        "synchronize_groups",
        "transfer_group",
    ),
    "invites": (
        "Invite",
        "create_invite",
        "delete_invite",
        "find_invite",
        "list_invites",
        "register",
    ),
    "onboarding": ("create_first_admin", "onboarding_step"),
    "permissions": ("PERMISSIONS",),
    "throttle": ("LoginThrottle",),
    "users": (
        "RecreatedAdmin",
        "UserRecord",
        "change_password",
        "create_user",
        "delete_user",
        "find_user",
        "find_user_by_email",
        "fix_usernames",
        "list_users",
        "random_password",
        "recreate_admin",
        "set_password",
    ),
}


def __getattr__(name: str) -> Any:
    for file, names in _LATER.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{file}"), name)

    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
