from __future__ import annotations

from typing import Any

import pytest

from dashboard.accounts import create_invite, verify_password
from dashboard.accounts.attempts import share_attempts
from dashboard.settings import Settings
from dashboard.superjson import UNDEFINED

from .house import ADA, IMAGE, NEW_PASSWORD, PASSWORD, House

SHORT = [
    {"id": "nobody", "name": None, "image": None},
    {"id": "ada", "name": "ada", "image": IMAGE},
    {"id": "admin", "name": "admin", "image": None},
    {"id": "olga", "name": "olga", "image": None},
]
NEW_USER = {
    "username": " Bob ",
    "password": NEW_PASSWORD,
    "confirmPassword": NEW_PASSWORD,
    "groupIds": [],
}


# Reading


async def test_all_users_are_told_with_their_addresses(house: House):
    """By name; a time is a date."""
    nothing = {"email": None, "emailVerified": None}

    assert await house.call("user.getAll") == [
        {**SHORT[0], **nothing},
        ADA,
        {**SHORT[2], **nothing},
        {**SHORT[3], **nothing},
    ]


@pytest.mark.parametrize("given", [UNDEFINED, {}, {"excludeExternalProviders": False}])
async def test_users_to_choose_from_are_told_to_every_member(house: House, given: Any):
    """Without addresses; the input may be left out."""
    assert await house.call("user.selectable", given, by="ada") == SHORT


async def test_users_of_other_providers_can_be_left_out(house: House):
    """Of a choice of those who can be invited, for one."""
    given = {"excludeExternalProviders": True}

    assert await house.call("user.selectable", given, by="ada") == SHORT[1:3]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"query": "AD"}, ["ada", "admin"]),
        ({"query": "ad", "limit": 1}, ["ada"]),
        ({"query": ""}, ["nobody", "ada", "admin", "olga"]),
        ({"query": "%"}, []),
        ({"query": "d_"}, []),
    ],
)
async def test_users_are_found_by_letters_of_their_name(
    house: House, given: dict[str, Any], expected: list[str]
):
    """In any case; the signs that mean any letter to SQLite mean themselves."""
    found = await house.call("user.search", given)

    assert [one["id"] for one in found] == expected
    assert all(set(one) == {"id", "name", "image"} for one in found)


async def test_a_search_tells_no_name_as_an_empty_one(house: House):
    """As Homarr does, there and nowhere else."""
    found = await house.call("user.search", {"query": "", "limit": 1})

    assert found == [{"id": "nobody", "name": "", "image": None}]


@pytest.mark.parametrize("limit", [0, 101, 1.5, "1"])
async def test_a_search_has_a_limit(house: House, limit: Any):
    """From 1 to 100."""
    given = {"query": "a", "limit": limit}

    assert (await house.issues("user.search", given))[0]["path"] == ["limit"]


@pytest.mark.parametrize("by", ["ada", "admin"])
async def test_everything_about_a_user_is_told_to_them_and_to_administrators(
    house: House, by: str
):
    """With all members of Homarr's, and no more: no password, no salt."""
    assert await house.call("user.getById", {"userId": "ada"}, by=by) == {
        **ADA,
        "provider": "credentials",
        "homeBoardId": None,
        "mobileHomeBoardId": None,
        "firstDayOfWeek": 1,
        "pingIconsEnabled": False,
        "defaultSearchEngineId": None,
        "openSearchInNewTab": True,
    }


async def test_a_time_that_no_calendar_has_is_told_as_its_end(house: House):
    """An existing file may hold any number."""
    await house.run("UPDATE \"user\" SET email_verified = 9e18 WHERE id = 'ada'")
    found = await house.call("user.getById", {"userId": "ada"})

    assert found["emailVerified"].year == 9999


# Making


async def test_an_administrator_makes_a_user(house: House):
    """Who can log in, by a name in small letters, and is in the groups."""
    given = {**NEW_USER, "email": "b@example.com", "groupIds": ["admins", "everyone"]}

    assert await house.call("user.create", given) is UNDEFINED
    user = await verify_password(house.database, name="bob", password=NEW_PASSWORD)
    assert user is not None
    assert (await house.call("user.getById", {"userId": user.id}))["email"] == (
        "b@example.com"
    )
    groups = await house.database.all(
        'SELECT group_id FROM "groupMember" WHERE user_id = ? ORDER BY group_id',
        (user.id,),
    )
    assert [row["group_id"] for row in groups] == ["admins", "everyone"]


@pytest.mark.parametrize("email", [UNDEFINED, ""])
async def test_a_user_needs_no_address(house: House, email: Any):
    """Then there is none, rather than an empty one."""
    given = NEW_USER if email is UNDEFINED else {**NEW_USER, "email": email}
    await house.call("user.create", given)

    assert await house.rows("SELECT email FROM \"user\" WHERE name = 'bob'") == [
        (None,)
    ]


async def test_a_taken_name_is_a_conflict(house: House):
    """In any case of its letters; a name of another provider is not taken."""
    taken = {**NEW_USER, "username": "ADA"}

    assert await house.fail("user.create", taken) == (
        "CONFLICT: Username already taken"
    )
    assert await house.answer("user.create", {**NEW_USER, "username": "olga"}) == "OK"


async def test_a_group_that_is_not_there_makes_no_user(house: House):
    """All is taken back."""
    given = {**NEW_USER, "groupIds": ["everyone", "gone"]}

    assert await house.fail("user.create", given) == "NOT_FOUND: Group not found"
    assert await house.rows("SELECT 1 FROM \"user\" WHERE name = 'bob'") == []


@pytest.mark.parametrize(
    "password",
    ["aB2%", "abc123DEF", "abcDEFghi+", "ABC123+/-", "abc123+/-", "x" * 256],
)
async def test_passwords_follow_homarrs_rules(house: House, password: str):
    """Long enough, with a small and a large letter, a digit and a sign."""
    given = {**NEW_USER, "password": password, "confirmPassword": password}
    (issue,) = await house.issues("user.create", given)
    too_short, too_long = len(password) < 8, len(password) > 255

    assert issue["path"] == ["password"]
    if too_short or too_long:
        assert issue["code"] == ("too_small" if too_short else "too_big")
    else:
        assert issue == {
            "code": "custom",
            "path": ["password"],
            "params": {"i18n": {"key": "passwordRequirements", "params": {}}},
            "message": "Invalid input",
        }


async def test_a_password_that_bcrypt_would_cut_is_refused(house: House):
    """Homarr takes it, and then anything that begins with the same 72 bytes."""
    password = "aB1!" + "x" * 69
    given = {**NEW_USER, "password": password, "confirmPassword": password}
    (issue,) = await house.issues("user.create", given)

    assert issue["path"] == ["password"]
    assert "72 bytes" in issue["message"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("ab", "too_small"), (" a ", "too_small"), ("x" * 256, "too_big"), ("a\0b", "")],
)
async def test_names_have_their_length_and_can_be_seen(
    house: House, name: str, code: str
):
    """Counted without the spaces around them."""
    (issue,) = await house.issues("user.create", {**NEW_USER, "username": name})

    assert issue["path"] == ["username"]
    assert issue["code"] == (code or "custom")


@pytest.mark.parametrize(
    "email", ["ada", "a@b", ".a@b.cd", "a..b@c.de", "a@-b.cd", "a b@c.de", "a@b.c"]
)
async def test_addresses_follow_zods_rule(house: House, email: str):
    """As far as anybody can tell without writing to it."""
    (issue,) = await house.issues("user.create", {**NEW_USER, "email": email})

    assert issue["path"] == ["email"]


async def test_the_password_is_given_twice(house: House):
    """And told what was wrong under the second one."""
    given = {**NEW_USER, "confirmPassword": PASSWORD}

    assert await house.issues("user.create", given) == [
        {
            "code": "custom",
            "path": ["confirmPassword"],
            "params": {"i18n": {"key": "passwordsDoNotMatch", "params": {}}},
            "message": "Invalid input",
        }
    ]


# Registering


async def invited(house: House) -> dict[str, Any]:
    """What somebody sends who has the link of an invite."""
    invite = await create_invite(house.database, creator_id="admin", expires=2**33)
    account = {name: text for name, text in NEW_USER.items() if name != "groupIds"}
    return {**account, "inviteId": invite.id, "token": invite.token}


async def test_an_invite_makes_one_account(house: House):
    """For a stranger, once."""
    given = await invited(house)

    assert await house.call("user.register", given, by="stranger") is UNDEFINED
    assert await verify_password(house.database, name="bob", password=NEW_PASSWORD)
    again = await house.fail(
        "user.register", {**given, "username": "eve"}, by="stranger"
    )
    assert again == "FORBIDDEN: Invalid invite"


async def test_a_bad_name_leaves_the_invite(house: House):
    """A name that is taken is told to those who have an invite."""
    given = await invited(house)
    taken = await house.fail(
        "user.register", {**given, "username": "ada"}, by="stranger"
    )

    assert taken == "CONFLICT: Username already taken"
    assert await house.answer("user.register", given, by="stranger") == "OK"


async def test_guessing_at_invites_has_to_wait(house: House):
    """As on the page: from then on even the right token is not looked at."""
    # Whose clock stands: no wait is over because the machine is slow.
    _shared = share_attempts(house.database, now=lambda: 1e9)
    given = await invited(house)
    wrong = {**given, "token": "0" * 40}
    for _ in range(6):
        answer = await house.answer("user.register", wrong, by="stranger")
        assert answer == "FORBIDDEN"

    assert await house.answer("user.register", given, by="stranger") == (
        "TOO_MANY_REQUESTS"
    )


# Where nobody logs in with a password


@pytest.fixture(name="settings")
def _settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(auth_providers=getattr(request, "param", ("credentials",)))


@pytest.mark.parametrize("settings", [("oidc",)], indirect=True)
async def test_without_passwords_nobody_gets_one(house: House):
    """AUTH_PROVIDERS says so."""
    disabled = "FORBIDDEN: Credentials provider is disabled"
    given = await invited(house)

    assert await house.fail("user.create", NEW_USER) == disabled
    assert await house.fail("user.register", given, by="stranger") == disabled
