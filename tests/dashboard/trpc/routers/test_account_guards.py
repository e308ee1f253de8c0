"""Who may call what about accounts: appendix and matrix in one table."""

from __future__ import annotations

import pytest

from dashboard.accounts.permissions import PERMISSIONS
from dashboard.trpc import find_procedure
from dashboard.trpc.procedure import Rest
from dashboard.trpc.routers import load_router

from .house import House

#: By router and name: query or mutation, who may, and the address for programs.
PROCEDURES: dict[str, dict[str, tuple[str, str, Rest | None]]] = {
    "apiKeys": {
        "getAll": ("query", "admin", None),
        "create": ("mutation", "admin", None),
        "delete": ("mutation", "admin", None),
    },
    "group": {
        "getAll": ("query", "admin", None),
        "getPaginated": ("query", "admin", None),
        "getById": ("query", "admin", None),
        "selectable": ("query", "member", None),
        "search": ("query", "admin", None),
        "createInitialExternalGroup": ("mutation", "group", None),
        "createGroup": ("mutation", "admin", None),
        "updateGroup": ("mutation", "admin", None),
        "savePartialSettings": ("mutation", "admin", None),
        "savePositions": ("mutation", "admin", None),
        "savePermissions": ("mutation", "admin", None),
        "transferOwnership": ("mutation", "admin", None),
        "deleteGroup": ("mutation", "admin", None),
        "addMember": ("mutation", "admin", None),
        "removeMember": ("mutation", "admin", None),
    },
    "home": {"getStats": ("query", "anyone", None)},
    "info": {"getInfo": ("query", "member", Rest("GET", "/info"))},
    "invite": {
        "getAll": ("query", "admin", Rest("GET", "/invites")),
        "createInvite": ("mutation", "admin", Rest("POST", "/invites")),
        "deleteInvite": ("mutation", "admin", Rest("DELETE", "/invites/{id}")),
    },
    "onboard": {
        "currentStep": ("query", "anyone", None),
        "nextStep": ("mutation", "anyone", None),
        "previousStep": ("mutation", "anyone", None),
    },
    "serverSettings": {
        "getCulture": ("query", "anyone", None),
        "getAll": ("query", "admin", None),
        "saveSettings": ("mutation", "admin", None),
        "initSettings": ("mutation", "settings", None),
    },
    "user": {
        "initUser": ("mutation", "user", None),
        "register": ("mutation", "anyone", None),
        "create": ("mutation", "admin", Rest("POST", "/users")),
        "setProfileImage": ("mutation", "member", Rest("PUT", "/users/profileImage")),
        "getAll": ("query", "admin", Rest("GET", "/users")),
        "selectable": ("query", "member", Rest("GET", "/users/selectable")),
        "search": ("query", "admin", Rest("POST", "/users/search")),
        "getById": ("query", "member", Rest("GET", "/users/{userId}")),
        "editProfile": ("mutation", "member", Rest("PUT", "/users/profile")),
        "delete": ("mutation", "member", Rest("DELETE", "/users/{userId}")),
        "changePassword": (
            "mutation",
            "member",
            Rest("PATCH", "/users/{userId}/changePassword"),
        ),
        "changeHomeBoards": ("mutation", "member", Rest("PATCH", "/users/changeHome")),
        "changeDefaultSearchEngine": (
            "mutation",
            "member",
            Rest("PATCH", "/users/changeSearchEngine"),
        ),
        "changeSearchPreferences": (
            "mutation",
            "member",
            Rest("PATCH", "/users/search-preferences"),
        ),
        "changeColorScheme": (
            "mutation",
            "member",
            Rest("PATCH", "/users/changeScheme"),
        ),
        "changePingIconsEnabled": ("mutation", "member", None),
        "changeFirstDayOfWeek": (
            "mutation",
            "member",
            Rest("PATCH", "/users/firstDayOfWeek"),
        ),
    },
}
PATHS = {
    f"{router}.{name}": guard
    for router, procedures in PROCEDURES.items()
    for name, (_, guard, _) in procedures.items()
}
#: What each is told who may not.
REFUSED = {
    "anyone": {},
    "member": {"stranger": "UNAUTHORIZED: UNAUTHORIZED"},
    "admin": {
        "stranger": "UNAUTHORIZED: UNAUTHORIZED",
        "nothing": "FORBIDDEN: Permission denied",
        "everything else": "FORBIDDEN: Permission denied",
    },
}
STEPS = ("start", "import", "user", "group", "settings", "finish")
#: No type of ours takes it: what is refused for it has passed the guard.
NONSENSE = 5


@pytest.mark.parametrize("router", PROCEDURES)
def test_each_router_has_homarrs_procedures(router: str):
    """Their names, kinds and addresses for programs, and no others."""
    found = load_router(router).procedures

    assert {
        name: (procedure.kind, procedure.rest) for name, procedure in found.items()
    } == {name: (kind, rest) for name, (kind, _, rest) in PROCEDURES[router].items()}


def test_what_is_shown_once_is_a_secret():
    """It is neither compressed beside what was sent nor kept."""
    secret = {
        path
        for path in PATHS
        if (procedure := find_procedure(path)) is not None and procedure.secret
    }

    assert secret == {"apiKeys.create", "invite.createInvite"}


@pytest.mark.parametrize("level", [None], indirect=True)
@pytest.mark.parametrize(
    "path", [path for path, guard in PATHS.items() if guard in REFUSED]
)
async def test_the_guard_is_closed_for_the_wrong_caller(house: House, path: str):
    """Before the input is looked at: strangers, members, those with other permissions.

    Those who may get as far as their input, which is refused if there is any.
    """
    others = tuple(one for one in PERMISSIONS if one != "admin")
    callers = {
        "stranger": ("stranger", ()),
        "nothing": ("ada", ()),
        "everything else": ("ada", others),
        "admin": ("admin", ()),
    }
    procedure = find_procedure(path)
    assert procedure is not None
    for caller, (by, having) in callers.items():
        refusal = REFUSED[PATHS[path]].get(caller)
        if refusal is not None:
            answer = await house.fail(path, NONSENSE, by=by, having=having)
            assert answer == refusal
        elif procedure.input is not None:
            answer = await house.answer(path, NONSENSE, by=by, having=having)
            assert answer == "BAD_REQUEST"


@pytest.mark.parametrize("level", [None], indirect=True)
@pytest.mark.parametrize(
    "path", [path for path, guard in PATHS.items() if guard not in REFUSED]
)
async def test_a_step_is_taken_at_its_time(house: House, path: str):
    """And by nobody at any other, administrators included."""
    for step in STEPS:
        await house.put_at(step)
        for by in ("stranger", "admin"):
            if step == PATHS[path]:
                assert await house.answer(path, NONSENSE, by=by) == "BAD_REQUEST"
            else:
                answer = await house.fail(path, NONSENSE, by=by)
                assert answer == "FORBIDDEN: Step denied"
