"""Who may call a procedure; checked before its input is read, as in Homarr."""

from __future__ import annotations

from dashboard.errors import ProcedureError
from dashboard.trpc.procedure import Context, Guard


async def anyone(_context: Context) -> None:
    """Whoever asks; what they may see is the procedure's own affair."""


async def member(context: Context) -> None:
    """Those who are logged in; raises ProcedureError (UNAUTHORIZED)."""
    if context.session is None:
        raise ProcedureError("UNAUTHORIZED")


def permission(name: str) -> Guard:
    """Members whose groups have a permission; else FORBIDDEN."""

    async def guard(context: Context) -> None:
        await member(context)
        if context.session is None or not context.session.may(name):
            raise ProcedureError("FORBIDDEN", "Permission denied")

    return guard


def step(name: str) -> Guard:
    """Whoever asks while the installation is at this step of its onboarding."""

    async def guard(context: Context) -> None:
        from dashboard.accounts.onboarding import onboarding_step

        if await onboarding_step(context.resources.database) != name:
            raise ProcedureError("FORBIDDEN", "Step denied")

    return guard
