from __future__ import annotations

import anyio
import pytest

from dashboard.accounts import (
    AlreadyOnboardedError,
    InvalidAccountError,
    create_first_admin,
    onboarding_step,
    open_session,
    verify_password,
)
from dashboard.accounts.onboarding import find_steps, is_set_up
from dashboard.boards import find_home_board
from dashboard.database import Database
from dashboard.identity import User

PASSWORD = "correct horse"


async def test_the_first_visit_makes_an_administrator(database: Database):
    """Afterwards the onboarding is over and the name is stored in lower case."""
    assert await onboarding_step(database) == "start"

    user = await create_first_admin(database, name=" Ada ", password=PASSWORD)

    assert user.name == "ada"
    assert await onboarding_step(database) == "finish"
    assert await verify_password(database, name="ada", password=PASSWORD) == user
    assert (await open_session(database, user)).may("admin")


async def test_the_rows_are_homarrs(database: Database, admin: User):
    """Its login reads them: bcrypt of cost 10, its group, its permission."""
    user = await database.one('SELECT password, provider FROM "user"')
    groups = await database.all(
        'SELECT g.name, p.permission FROM "groupMember" AS m'
        ' JOIN "group" AS g ON g.id = m.group_id'
        ' LEFT JOIN "groupPermission" AS p ON p.group_id = g.id ORDER BY g.name'
    )

    assert user is not None
    assert user["password"].startswith("$2b$10$")
    assert user["provider"] == "credentials"
    assert [tuple(row) for row in groups] == [
        ("credentials-admin", "admin"),
        ("everyone", None),
    ]


async def test_the_pages_one_step_counts_as_all(database: Database, admin: User):
    """Homarr leads whoever is one step after the start back there."""
    assert await find_steps(database) == ("finish", "settings")
    assert await is_set_up(database)


async def test_an_administrator_is_enough_to_be_set_up(database: Database, admin: User):
    """A client of Homarr may not have asked for the settings yet."""
    async with database.write() as tx:
        await tx.execute("UPDATE onboarding SET step = 'settings'")

    assert await is_set_up(database)
    async with database.write() as tx:
        await tx.execute('DELETE FROM "user"')

    assert not await is_set_up(database)


async def test_it_happens_once(database: Database, admin: User):
    """Nobody becomes administrator by visiting the page again."""
    with pytest.raises(AlreadyOnboardedError):
        await create_first_admin(database, name="eve", password=PASSWORD)

    rows = await database.all('SELECT name FROM "user"')

    assert [row["name"] for row in rows] == ["admin"]


async def test_of_two_at_once_one_wins(database: Database):
    """However they interleave, there is one administrator and one board."""
    made: list[User] = []
    refused: list[str] = []

    async def visit(name: str) -> None:
        try:
            made.append(
                await create_first_admin(database, name=name, password=PASSWORD)
            )
        except AlreadyOnboardedError:
            refused.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(visit, "ada")
        tasks.start_soon(visit, "eve")

    users = await database.all('SELECT name FROM "user"')
    boards = await database.all("SELECT name FROM board")

    assert [row["name"] for row in users] == [user.name for user in made]
    assert len(made) == len(refused) == len(boards) == 1


async def test_two_processes_at_once_have_one_winner(database: Database):
    """Each with a connection of its own, as in the separate arrangement."""
    other = Database(database.path, driver=database.driver)
    results: list[str] = []

    async def visit(where: Database, name: str) -> None:
        try:
            await create_first_admin(where, name=name, password=PASSWORD)
            results.append("made")
        except AlreadyOnboardedError:
            results.append("refused")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(visit, database, "ada")
        tasks.start_soon(visit, other, "eve")

    rows = await other.all('SELECT name FROM "user"')
    await other.close()

    assert sorted(results) == ["made", "refused"]
    assert len(rows) == 1


async def test_a_finished_file_without_administrator_stays_closed(
    database: Database, admin: User
):
    """Who deletes the last administrator does not open the door to anybody."""
    async with database.write() as tx:
        await tx.execute('DELETE FROM "user"')

    with pytest.raises(AlreadyOnboardedError):
        await create_first_admin(database, name="eve", password=PASSWORD)


async def test_a_file_with_an_administrator_is_closed_at_any_step(
    database: Database, admin: User
):
    """Homarr's file may have stopped in the middle of its own onboarding."""
    async with database.write() as tx:
        await tx.execute("UPDATE onboarding SET step = 'settings'")

    with pytest.raises(AlreadyOnboardedError):
        await create_first_admin(database, name="eve", password=PASSWORD)


async def test_a_taken_name_is_refused_and_nothing_is_left(database: Database):
    """The transaction is taken back as a whole."""
    async with database.write() as tx:
        await tx.execute("INSERT INTO \"user\" (id, name) VALUES ('u', 'ADA')")

    with pytest.raises(InvalidAccountError, match="already"):
        await create_first_admin(database, name="ada", password=PASSWORD)

    assert await onboarding_step(database) == "start"
    assert await database.all("SELECT id FROM board") == []


async def test_the_home_board_has_one_item_of_each_kind(
    database: Database, admin: User
):
    """It is the home of everybody who is logged in, and of nobody else."""
    board = await find_home_board(database, await open_session(database, admin))

    assert board is not None
    assert board.name == "home"
    assert sorted(item.kind for item in board.items) == [
        "app",
        "bookmarks",
        "clock",
        "memory",
        "notebook",
    ]
    assert len(board.apps) == 2
    assert board.may_own
    assert await find_home_board(database, None) is None


async def test_a_board_of_that_name_is_left_as_it_is(database: Database):
    """An imported file keeps its boards."""
    async with database.write() as tx:
        await tx.execute("INSERT INTO board (id, name) VALUES ('b', 'Home')")

    await create_first_admin(database, name="admin", password=PASSWORD)
    rows = await database.all("SELECT id, name FROM board")

    assert [tuple(row) for row in rows] == [("b", "Home")]
