"""Who may log in, who is logged in, and what they may do."""

from __future__ import annotations

from dashboard.accounts.onboarding import create_first_admin, onboarding_step
from dashboard.accounts.passwords import verify_password
from dashboard.accounts.sessions import (
    close_session,
    delete_expired_sessions,
    find_session,
    open_session,
)
from dashboard.errors import AlreadyOnboardedError, InvalidAccountError, TooBusyError
from dashboard.identity import Session, User

__all__ = [
    "AlreadyOnboardedError",
    "InvalidAccountError",
    "Session",
    "TooBusyError",
    "User",
    "close_session",
    "create_first_admin",
    "delete_expired_sessions",
    "find_session",
    "onboarding_step",
    "open_session",
    "verify_password",
]
