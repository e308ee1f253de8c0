from __future__ import annotations

import re

import anyio
import bcrypt
import pytest

from dashboard.accounts import (
    AdminExistsError,
    InvalidAccountError,
    NameTakenError,
    UnknownProviderError,
    UnknownUserError,
    UserRecord,
    WrongPasswordError,
    change_password,
    create_user,
    delete_user,
    find_admins,
    find_session,
    find_user,
    find_user_by_email,
    fix_usernames,
    list_users,
    open_session,
    random_password,
    recreate_admin,
    set_password,
    users,
    verify_password,
)
from dashboard.database import Database
from dashboard.errors import LastAdminError
from dashboard.identity import User

PASSWORD = "correct horse"
OTHER = "battery staple"

pytestmark = pytest.mark.usefixtures("cheap_hashes")


async def columns_of(database: Database, user: User) -> dict[str, object]:
    row = await database.one('SELECT * FROM "user" WHERE id = ?', (user.id,))

    assert row is not None

    return dict(row)


async def insert(database: Database, name: str, *, provider: str = "oidc") -> None:
    async with database.write() as tx:
        await tx.execute(
            'INSERT INTO "user" (id, name, email, provider) VALUES (?, ?, ?, ?)',
            (f"{name}-{provider}", name, f"{name}@example.com", provider),
        )


async def remove_admins(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute("DELETE FROM \"groupPermission\" WHERE permission = 'admin'")


async def test_a_new_user_logs_in_and_may_nothing(database: Database):
    """The name is stored as Homarr does, the address as it was given."""
    user = await create_user(
        database, name=" Ada ", password=PASSWORD, email="ada@example.com"
    )
    found = await find_user(database, name="ada")

    assert found == UserRecord(
        id=user.id, name="ada", email="ada@example.com", provider="credentials"
    )
    assert await verify_password(database, name="Ada", password=PASSWORD) == user
    assert (await open_session(database, user)).permissions == frozenset()


async def test_the_hash_has_its_salt_where_homarr_wants_it(database: Database):
    """Homarr hashes the previous password with that salt and compares."""
    user = await create_user(database, name="ada", password=PASSWORD)
    await set_password(database, user.id, OTHER)
    row = await columns_of(database, user)

    assert await verify_password(database, name="ada", password=OTHER) == user

    if "salt" in row:
        salt = str(row["salt"]).encode()

        assert len(salt) == 29
        assert bcrypt.hashpw(OTHER.encode(), salt).decode() == row["password"]


async def test_a_name_is_given_once(database: Database, ada: User):
    """In any case of letters; somebody of another provider is somebody else."""
    await insert(database, "olga")
    with pytest.raises(NameTakenError, match="there is a user 'ada' already"):
        await create_user(database, name="ADA", password=PASSWORD)

    user = await create_user(database, name="olga", password=PASSWORD)

    assert await verify_password(database, name="olga", password=PASSWORD) == user


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("ab", PASSWORD, "name"),
        ("a\0b", PASSWORD, "name"),
        ("ada", "short", "password"),
        ("ada", "x" * 10_240, "password"),
    ],
)
async def test_a_user_that_breaks_a_rule_is_not_made(
    database: Database, name: str, password: str, field: str
):
    """The rules are those of the first account."""
    before = await list_users(database)
    with pytest.raises(InvalidAccountError) as caught:
        await create_user(database, name=name, password=password)

    assert caught.value.field == field
    assert await list_users(database) == before


async def test_users_are_found_by_id_or_exact_name(database: Database, ada: User):
    """As Homarr's commands find them: case counts."""
    by_id = await find_user(database, user_id=ada.id)

    assert by_id is not None
    assert by_id.name == "ada"
    assert by_id == await find_user(database, name="ada")
    for name in ("Ada", " ada", "", "\0", "\ud800", "a%"):
        assert await find_user(database, name=name) is None

    with pytest.raises(TypeError):
        await find_user(database)


async def test_users_of_other_providers_are_listed_and_not_found(
    database: Database, ada: User, outsider: User
):
    """No command sets their password or takes one for the other."""
    found = {user.id: user.provider for user in await list_users(database)}

    assert found[ada.id] == "credentials"
    assert found[outsider.id] == "oidc"
    assert await find_user(database, user_id=outsider.id) is None
    assert await find_user(database, name=outsider.name) is None


async def test_an_address_belongs_to_a_provider(database: Database):
    """Three accounts with one address are three people."""
    for provider in ("credentials", "oidc", "ldap"):
        await insert(database, "olga", provider=provider)

    for provider in ("credentials", "oidc", "ldap"):
        found = await find_user_by_email(
            database, "olga@example.com", provider=provider
        )

        assert found is not None
        assert found.id == f"olga-{provider}"
        assert found.provider == provider

    assert (
        await find_user_by_email(database, "eve@example.com", provider="oidc") is None
    )


@pytest.mark.parametrize("provider", ["", "unknown", "OIDC", "credentials,oidc"])
async def test_an_unknown_provider_is_an_error(database: Database, provider: str):
    """Rather than the account of whoever has the address somewhere."""
    with pytest.raises(UnknownProviderError) as caught:
        await find_user_by_email(database, "olga@example.com", provider=provider)

    assert caught.value.provider == provider


async def test_a_deleted_user_is_gone_and_their_board_stays(
    database: Database, ada: User
):
    """Sessions go with them."""
    session = await open_session(database, ada)
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO board (id, name, creator_id) VALUES ('b', 'adas', ?)",
            (ada.id,),
        )

    assert await delete_user(database, ada.id) is True
    assert await delete_user(database, ada.id) is False

    board = await database.one("SELECT creator_id FROM board WHERE id = 'b'")

    assert board is not None
    assert board["creator_id"] is None
    assert await find_session(database, session.token) is None
    assert await verify_password(database, name="ada", password=PASSWORD) is None


async def test_the_last_administrator_is_kept_where_that_is_asked_for(
    database: Database, admin: User, ada: User
):
    """Whoever is none goes; without that wish the last one goes, too."""
    assert await find_admins(database) == {admin.id}
    with pytest.raises(LastAdminError, match=f"'{admin.id}' is the last"):
        await delete_user(database, admin.id, keep_last_admin=True)

    assert await delete_user(database, ada.id, keep_last_admin=True)
    assert await delete_user(database, admin.id)
    assert await find_admins(database) == set()


async def test_setting_a_password_ends_all_sessions(
    database: Database, ada: User, bob: User
):
    """All of this user's, and nobody else's."""
    mine = [await open_session(database, ada) for _ in range(3)]
    theirs = await open_session(database, bob)

    assert await set_password(database, ada.id, OTHER) == 3
    assert [await find_session(database, one.token) for one in mine] == [None] * 3
    assert await find_session(database, theirs.token) is not None
    assert await verify_password(database, name="ada", password=PASSWORD) is None
    assert await verify_password(database, name="ada", password=OTHER) == ada
    assert await verify_password(database, name="bob", password=PASSWORD) == bob


@pytest.mark.parametrize("password", ["", "x" * 73, "😀" * 19, "x" * 10_240])
async def test_a_password_that_cannot_be_stored_whole_is_refused(
    database: Database, ada: User, password: str
):
    """It would be cut in silence; shorter than the rules is the owner's choice."""
    with pytest.raises(InvalidAccountError) as caught:
        await set_password(database, ada.id, password)

    assert caught.value.field == "password"
    assert await verify_password(database, name="ada", password=PASSWORD) == ada

    await set_password(database, ada.id, "1")

    assert await verify_password(database, name="ada", password="1") == ada


async def test_nobody_gets_a_password_from_elsewhere(
    database: Database, outsider: User
):
    """Nor does somebody who is not there."""
    for user_id in (outsider.id, "nobody"):
        with pytest.raises(UnknownUserError) as caught:
            await set_password(database, user_id, OTHER)

        assert caught.value.user_id == user_id

    assert (await columns_of(database, outsider))["password"] is None


async def test_changing_a_password_ends_the_other_sessions(
    database: Database, ada: User
):
    """This one goes on; the tokens of the others are told, for their sockets."""
    session = await open_session(database, ada)
    others = [await open_session(database, ada) for _ in range(2)]
    ended = await change_password(database, session, current=PASSWORD, new=OTHER)

    assert sorted(ended) == sorted(other.token for other in others)
    assert await find_session(database, session.token) is not None
    for token in ended:
        assert await find_session(database, token) is None

    assert await verify_password(database, name="ada", password=OTHER) == ada


async def test_a_password_can_be_changed_twice(database: Database, ada: User):
    """At Homarr 1.46 the second time fails: it forgets to store the salt."""
    session = await open_session(database, ada)
    await change_password(database, session, current=PASSWORD, new=OTHER)
    await change_password(database, session, current=OTHER, new=PASSWORD)

    assert await verify_password(database, name="ada", password=PASSWORD) == ada


async def test_a_wrong_current_password_changes_nothing(database: Database, ada: User):
    """No session ends for it."""
    session = await open_session(database, ada)
    other = await open_session(database, ada)
    for current in ("", "wrong", OTHER, "x" * 10_240):
        with pytest.raises(WrongPasswordError):
            await change_password(database, session, current=current, new=OTHER)

    assert await find_session(database, other.token) is not None
    assert await verify_password(database, name="ada", password=PASSWORD) == ada


async def test_a_changed_password_follows_the_rules(database: Database, ada: User):
    """Which are told before the current one is looked at."""
    session = await open_session(database, ada)
    for new in ("short", "x" * 73):
        with pytest.raises(InvalidAccountError, match="give at"):
            await change_password(database, session, current="wrong", new=new)


async def test_of_two_changes_at_once_the_second_is_refused(
    database: Database, ada: User, monkeypatch: pytest.MonkeyPatch
):
    """What was the current password when it was checked is not any more."""
    session = await open_session(database, ada)
    hash_password = users.hash_password

    async def hash_late(password: str) -> str:
        monkeypatch.setattr(users, "hash_password", hash_password)
        await set_password(database, ada.id, "set by an administrator")
        return await hash_password(password)

    monkeypatch.setattr(users, "hash_password", hash_late)
    with pytest.raises(WrongPasswordError):
        await change_password(database, session, current=PASSWORD, new=OTHER)

    found = await verify_password(
        database, name="ada", password="set by an administrator"
    )

    assert found == ada


async def test_a_password_kept_elsewhere_is_changed_elsewhere(
    database: Database, outsider: User
):
    """The answer says where."""
    session = await open_session(database, outsider)
    with pytest.raises(InvalidAccountError, match="kept by oidc"):
        await change_password(database, session, current="", new=OTHER)


def test_random_passwords_are_48_hexadecimal_digits():
    """As those of Homarr's command line."""
    first, second = random_password(), random_password()

    assert re.fullmatch("[0-9a-f]{48}", first)
    assert first != second


async def test_names_are_put_into_lower_case(
    database: Database, caplog: pytest.LogCaptureFixture
):
    """Where no other user has that name, and never those of other providers."""
    await insert(database, "Carl", provider="credentials")
    await insert(database, "Dora", provider="credentials")
    await insert(database, "dora", provider="credentials")
    await insert(database, "Olga", provider="oidc")

    assert await fix_usernames(database) == [("Carl", "carl")]
    assert await fix_usernames(database) == []

    names = {user.name for user in await list_users(database)}

    assert {"carl", "Dora", "dora", "Olga"} <= names
    assert "'Dora' keeps its case" in caplog.text


async def test_the_last_administrator_is_made_again(database: Database):
    """With a password that is shown once, in a group whose name is its id."""
    await remove_admins(database)
    made = await recreate_admin(database, name="Root")
    group = await database.one(
        'SELECT g.name FROM "group" AS g WHERE g.id = ?', (made.group,)
    )

    assert made.user.name == "root"
    assert made.password not in repr(made)
    assert re.fullmatch("[0-9a-f]{48}", made.password)
    assert group is not None
    assert group["name"] == made.group

    user = await verify_password(database, name="root", password=made.password)

    assert user == made.user
    assert (await open_session(database, made.user)).may("admin")


async def test_it_is_made_only_where_none_is_left(database: Database, outsider: User):
    """An administrator of another provider does not count, a name does."""
    await remove_admins(database)
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO \"group\" (id, name, position) VALUES ('g', 'theirs', 7)"
        )
        await tx.execute("INSERT INTO \"groupPermission\" VALUES ('g', 'admin')")
        await tx.execute("INSERT INTO \"groupMember\" VALUES ('g', ?)", (outsider.id,))

    for name in ("ab", "a\0b"):
        with pytest.raises(InvalidAccountError, match="give"):
            await recreate_admin(database, name=name)

    with pytest.raises(NameTakenError):
        await recreate_admin(database, name="Olga")

    await recreate_admin(database, name="root")
    with pytest.raises(AdminExistsError):
        await recreate_admin(database, name="root-again")


async def test_of_two_at_once_one_administrator_is_made(database: Database):
    """However they interleave."""
    await remove_admins(database)
    answers: list[str] = []

    async def recreate(name: str) -> None:
        try:
            await recreate_admin(database, name=name)
            answers.append("made")
        except AdminExistsError:
            answers.append("refused")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recreate, "root")
        tasks.start_soon(recreate, "toor")

    assert sorted(answers) == ["made", "refused"]
