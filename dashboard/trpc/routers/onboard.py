"""onboard: the steps from the first visit to a house that is set up."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, UnsetType

from dashboard import superjson
from dashboard.accounts.onboarding import find_steps, go_back, leave_step
from dashboard.inputs import Input
from dashboard.trpc.accounts import answering
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Router

router = Router()


class NextStep(Input, frozen=True, kw_only=True):
    """Which way to go where there are two."""

    preferred_step: (
        Literal["start", "import", "user", "group", "settings", "finish"] | UnsetType
    ) = UNSET


@router.query("currentStep", guard=anyone)
async def current_step(context: Context) -> dict[str, str | None]:
    """The step that the installation is at, and the one before."""
    current, previous = await find_steps(context.resources.database)
    return {"current": current, "previous": previous}


@router.mutation("nextStep", guard=anyone, input=NextStep)
async def next_step(context: Context, given: NextStep) -> Any:
    """Leave a step where there is nothing to do; any other is left by doing it.

    In Homarr whoever calls this often enough finishes it without an administrator.
    """
    resources = context.resources
    with answering():
        await leave_step(
            resources.database,
            preferred=given.preferred_step or None,
            providers=resources.settings.auth_providers,
        )

    return superjson.UNDEFINED


@router.mutation("previousStep", guard=anyone)
async def previous_step(context: Context) -> Any:
    """Go back to the start from the step after it."""
    with answering():
        await go_back(context.resources.database)

    return superjson.UNDEFINED
