from __future__ import annotations

from dashboard.accounts import create_api_key, find_key_session
from dashboard.superjson import UNDEFINED

from .house import IMAGE, House


async def test_a_key_is_shown_once_and_works(house: House):
    """With the permissions of whoever made it."""
    made = await house.call("apiKeys.create")
    session = await find_key_session(house.database, made["apiKey"])

    assert set(made) == {"apiKey"}
    assert session is not None
    assert (session.user_id, session.may("admin")) == ("admin", True)


async def test_keys_are_listed_without_what_makes_them_work(house: House):
    """With their owners."""
    mine = (await house.call("apiKeys.create"))["apiKey"].split(".")[0]
    theirs, _ = await create_api_key(house.database, user_id="ada")
    nobodys, _ = await create_api_key(house.database, user_id="nobody")

    assert await house.call("apiKeys.getAll") == [
        {"id": nobodys.id, "user": {"id": "nobody", "name": None, "image": None}},
        {"id": theirs.id, "user": {"id": "ada", "name": "ada", "image": IMAGE}},
        {"id": mine, "user": {"id": "admin", "name": "admin", "image": None}},
    ]


async def test_a_deleted_key_is_worthless(house: House):
    """At once; one that is not there is no error."""
    header = (await house.call("apiKeys.create"))["apiKey"]
    given = {"apiKeyId": header.split(".")[0]}
    for _ in range(2):
        assert await house.call("apiKeys.delete", given) is UNDEFINED

    assert await find_key_session(house.database, header) is None
    assert await house.call("apiKeys.getAll") == []


async def test_a_caller_who_is_gone_gets_no_key(house: House):
    """Their session may outlive them for a moment."""
    await house.run(
        "INSERT INTO \"groupMember\" VALUES ('admins', 'ada')",
        "DELETE FROM \"user\" WHERE id = 'admin'",
    )

    assert await house.fail("apiKeys.create") == "NOT_FOUND: User not found"
