from __future__ import annotations

import importlib
import inspect
import re
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard import accounts, apps, boards
from dashboard.accounts import (
    create_first_admin,
    endings,
    group_details,
    invites,
    onboarding,
    open_session,
    passwords,
    profiles,
)
from dashboard.accounts.recheck import recheck_sessions
from dashboard.boards import (
    access,
    duplicate,
    edit,
    grants,
    inputs,
    layouts,
    listing,
    load,
    manage,
    save,
)
from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.database.drivers import SqliteConnection
from dashboard.server_settings import FirstAnalytics, FirstCrawling, FirstSettings

from .homarr_file import open_file

PASSWORD = "correct horse 1!A"
SETTINGS = FirstSettings(
    analytics=FirstAnalytics(
        enable_general=False,
        enable_widget_data=False,
        enable_integration_data=False,
        enable_user_data=False,
    ),
    crawling_and_indexing=FirstCrawling(
        no_index=True,
        no_follow=True,
        no_translate=True,
        no_site_links_search_box=False,
    ),
)
Call = Callable[[], Awaitable[Any]]
Statement = tuple[str, Any]

#: Scans that are meant, by the function and what it goes through.
ALLOWED = {
    # All of them is what was asked for.
    ("list_users", "user"),
    ("list_groups", "group"),
    ("list_groups", "groupMember"),
    ("list_groups", "groupPermission"),
    ("list_invites", "invite"),
    ("list_api_keys", "apiKey"),
    # Each board is one that everybody may see, or the viewer's, or granted to them;
    # and the list of grants has the alias of a table within it.
    ("list_boards", "board"),
    ("list_boards", "boardGroupPermission"),
    ("list_public_boards", "board"),
    ("list_boards_of_group", "board"),
    ("load_shares", "boardGroupPermission"),
    # A page of an administrator's, by the statements of the list.
    ("find_group", "group"),
    ("find_group", "groupMember"),
    ("find_group", "groupPermission"),
    # Commands: run by hand, once in a while; and once at the start.
    ("find_user", "user"),
    ("fix_usernames", "user"),
    ("close_disabled_sessions", "user"),
    # Groups are few, and names are compared in every language's lower case.
    ("create_group", "group"),
    ("rename_group", "group"),
    ("synchronize_groups", "group"),
    ("create_external_group", "group"),
    # Letters within a name; a page of them is an administrator's.
    ("list_profiles", "user"),
    ("list_group_details", "group"),
    ("find_group_details", "group"),
    # Of one row.
    ("create_first_admin", "onboarding"),
    ("onboarding_step", "onboarding"),
    ("find_steps", "onboarding"),
    ("is_set_up", "onboarding"),
    ("init_user", "onboarding"),
    ("create_external_group", "onboarding"),
    ("choose_first_settings", "onboarding"),
    ("leave_step", "onboarding"),
    ("go_back", "onboarding"),
    # Not in every file, so that no index of ours can be on it.
    ("delete_user", "custom_widget_definition"),
    ("remove_user", "custom_widget_definition"),
}
#: Foreign keys without an index: of tables that are small, and of one that not every
#: file has.
SMALL = {
    ("user", "default_search_engine_id"),
    ("search_engine", "integration_id"),
    ("custom_widget_definition", "creator_id"),
}


class Trace:
    """Every statement that a connection runs, by the function that is being called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.current = ""
        self.statements: dict[str, list[Statement]] = {}
        for name in ("fetch", "execute", "execute_many"):
            self._wrap(monkeypatch, name)

        self._wrap_plain(monkeypatch)

    def _wrap(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        original = getattr(SqliteConnection, name)

        async def traced(connection: Any, sql: str, parameters: Any = ()) -> Any:
            given = list(parameters) if name == "execute_many" else parameters
            found = self.statements.setdefault(self.current, [])
            if name != "execute_many":
                found.append((sql, given))
            elif given:
                found.append((sql, given[0]))

            return await original(connection, sql, given)

        monkeypatch.setattr(SqliteConnection, name, traced)

    def _wrap_plain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        original = SqliteConnection.fetch_plain

        async def traced(connection: Any, *queries: Any) -> Any:
            self.statements.setdefault(self.current, []).extend(queries)
            return await original(connection, *queries)

        monkeypatch.setattr(SqliteConnection, "fetch_plain", traced)


@pytest.fixture(name="driver")
def _driver() -> str:
    return "sqlite3"


@pytest.fixture(name="trace")
def _trace(monkeypatch: pytest.MonkeyPatch) -> Trace:
    return Trace(monkeypatch)


def explain(connection: sqlite3.Connection, sql: str, parameters: Any) -> list[str]:
    """The steps of a statement's plan; none for what has no plan."""
    if not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE)\b", sql):
        return []

    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
    return [str(row[3]) for row in rows]


def find_scans(path: Path, statements: list[Statement]) -> set[tuple[str, str]]:
    """The tables read from end to end, with the statement; an index counts as well."""
    with open_file(path) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = {name for (name,) in rows}
        return {
            (table, sql)
            for sql, parameters in statements
            for step in explain(connection, sql, parameters)
            for table in [find_table(step, sql)]
            if table in tables
        }


def find_table(step: str, sql: str) -> str | None:
    """What a step of a plan goes through; also to make an index of its own of it."""
    match = re.match(r"SCAN (\S+)|SEARCH (\S+) USING AUTOMATIC", step)
    if match is None:
        return None

    alias = match[1] or match[2]
    named = re.search(rf'"?(\w+)"?(?: \(\w+\))? AS "?{re.escape(alias)}"?\b', sql)
    return named[1] if named else alias


def find_public_functions() -> set[str]:
    """The coroutine functions of accounts and boards that take the database."""
    names = set()
    for package in (accounts, boards):
        folder = Path(package.__file__ or "").parent
        for file in folder.glob("[!_]*.py"):
            module = importlib.import_module(f"{package.__name__}.{file.stem}")
            names |= {
                name
                for name, function in vars(module).items()
                if inspect.iscoroutinefunction(function)
                and function.__module__ == module.__name__
                and not name.startswith("_")
                and list(inspect.signature(function).parameters)[:1]
                in (["database"], ["source"])
            }

    return names


async def make_calls(database: Database, trace: Trace) -> None:
    """Call every one of them, as an administrator and as a visitor."""

    async def call(function: Callable[..., Awaitable[Any]], *args: Any, **named: Any):
        trace.current = function.__name__
        try:
            return await function(database, *args, **named)
        finally:
            trace.current = ""

    await call_onboarding(call, database)
    admin = await call(create_first_admin, name="admin", password=PASSWORD)
    session = await call(open_session, admin)
    user = await call(accounts.create_user, name="visitor", password=PASSWORD)
    visitor = await call(open_session, user)
    await call_accounts(call, session, visitor)
    await call_profiles(call, session, visitor)
    await call_boards(call, session, visitor)
    for owner, token in ((user, visitor.token), (admin, session.token)):
        await call(accounts.close_session, token)
        await call(accounts.close_sessions, owner.id)

    await call(accounts.delete_user, user.id)
    await call_endings(call, session)


async def call_onboarding(call: Any, database: Database) -> None:
    """Walk all steps, and put everything back as it was."""
    both = ("credentials", "oidc")
    await call(onboarding.leave_step, preferred="import", providers=both)
    await call(onboarding.go_back)
    await call(onboarding.leave_step, preferred=None, providers=both)
    await call(
        onboarding.init_user,
        name="first",
        password=PASSWORD,
        email=None,
        providers=both,
    )
    await call(
        onboarding.create_external_group, name="staff", by_admin=True, providers=both
    )
    await call(onboarding.choose_first_settings, SETTINGS, providers=both)
    await call(onboarding.find_steps)
    await call(onboarding.is_set_up)
    async with database.write() as tx:
        await tx.execute('DELETE FROM "user"')
        await tx.execute("DELETE FROM \"group\" WHERE name <> 'everyone'")
        await tx.execute("UPDATE onboarding SET step = 'start'")


async def call_profiles(call: Any, session: Any, visitor: Any) -> None:
    user = visitor.user_id
    await call(profiles.list_profiles, query="v", limit=5)
    await call(profiles.find_profile, user)
    await call(profiles.edit_profile, user, name="visitor", email="v@example.com")
    await call(profiles.set_preferences, user, profiles.Preferences(image=None))
    await call(
        profiles.set_home_boards, user, home=None, mobile_home=None, session=session
    )
    group = await call(accounts.create_group, name="guests", owner_id=user)
    await call(group_details.list_group_details, query="g", limit=5)
    await call(group_details.find_group_details, group.id)
    await call(group_details.set_group_homes, group.id, home=None, mobile_home=None)
    await call(accounts.delete_group, group.id)


async def call_endings(call: Any, session: Any) -> None:
    user = await call(accounts.create_user, name="leaver", password=PASSWORD)
    leaver = await call(open_session, user)
    bus = MemoryBus()
    new = f"{PASSWORD}4"
    await call(endings.replace_password, bus, leaver, current=PASSWORD, new=new)
    await call(endings.reset_password, bus, user.id, PASSWORD)
    await call(endings.log_out, bus, leaver)
    await call(endings.log_out_everywhere, bus, user.id)
    await call(endings.remove_user, bus, user.id)


async def call_accounts(call: Any, session: Any, visitor: Any) -> None:
    admin, user = session.user_id, visitor.user_id
    await call(accounts.verify_password, name="admin", password=PASSWORD)
    await call(passwords.find_name, "admin")
    for name in ("onboarding_step", "list_users", "list_groups", "list_invites"):
        await call(getattr(accounts, name))

    for name in (
        "find_admins",
        "fix_usernames",
        "delete_expired_sessions",
        "list_api_keys",
    ):
        await call(getattr(accounts, name))

    await call(accounts.find_user, name="visitor")
    await call(accounts.find_user, user_id=user)
    await call(accounts.find_user_by_email, "a@b.c", provider="credentials")
    await call(accounts.find_session, session.token)
    await call(accounts.set_password, user, f"{PASSWORD}2")
    await call(accounts.change_password, session, current=PASSWORD, new=f"{PASSWORD}3")
    group = await call(accounts.create_group, name="friends", owner_id=admin)
    await call(accounts.find_group, group.id)
    await call(accounts.rename_group, group.id, name="family")
    await call(accounts.add_member, group.id, user_id=user)
    await call(accounts.set_permissions, group.id, ["board-create", "app-create"])
    await call(accounts.order_groups, [group.id])
    await call(accounts.transfer_group, group.id, owner_id=user)
    await call(accounts.synchronize_groups, user, {"family"})
    await call(accounts.remove_member, group.id, user_id=user)
    invite = await call(accounts.create_invite, creator_id=admin, expires=2**31)
    await call(accounts.find_invite, invite.id, invite.token)
    await call(
        accounts.register,
        invite_id=invite.id,
        token=invite.token,
        name="guest",
        password=PASSWORD,
    )
    await call(accounts.delete_invite, invite.id)
    await call(invites.delete_expired_invites)
    key, header = await call(accounts.create_api_key, user_id=admin)
    await call(accounts.find_key_session, header)
    await call(accounts.delete_api_key, key.id)
    await call(accounts.close_disabled_sessions, providers=["credentials"])
    await call(recheck_sessions, [session.token], 0.0)
    with pytest.raises(accounts.AdminExistsError):
        await call(accounts.recreate_admin, name="other")

    await call(accounts.delete_group, group.id)


async def call_boards(call: Any, session: Any, visitor: Any) -> None:
    home = await call(load.find_home_board, session)
    assert home is not None
    for viewer in (session, visitor, None):
        await call(load.find_home_board, viewer, mobile=True)
        await call(load.load_board, home.id, viewer)
        await call(load.find_board, home.name, viewer)
        await call(listing.list_boards, viewer, query="h", limit=5)
        await call(access.sees_app, next(iter(home.apps)), viewer)
        await call(access.list_seen_apps, home.apps, viewer)
        await call(listing.load_shares, home.id, viewer)

    await call(listing.list_public_boards)
    await call(listing.list_boards_of_group, "nobody")
    item = await call(edit.add_item, home.id, kind="clock", options={}, session=session)
    await call(edit.update_item, home.id, item, options={"a": 1}, session=session)
    await call(edit.remove_item, home.id, item, session=session)
    await call(edit.add_app_item, home.id, name="x", href="https://x", session=session)
    copy = await call(duplicate.duplicate_board, home.id, "copy", session=session)
    board = await call(manage.create_board, "new", session=session)
    await call(manage.rename_board, board, "newer", session=session)
    await call(manage.is_name_taken, "newer")
    await call(manage.set_visibility, board, is_public=True, session=session)
    settings = inputs.BoardSettings(opacity=50)
    await call(manage.save_settings, board, settings, session=session)
    for mobile in (False, True):
        await call(manage.set_home_board, board, mobile=mobile, session=session)

    section = home.sections[0].id
    grant = inputs.Grant(principal_id=visitor.user_id, permission="view")
    await call(grants.save_user_grants, board, [grant], session=session)
    await call(grants.save_group_grants, board, [], session=session)
    await call(grants.load_grants, board, session=session)
    await call(
        layouts.save_layouts,
        copy,
        [
            inputs.LayoutInput(name="Base", column_count=5, breakpoint=0),
            inputs.LayoutInput(name="Wide", column_count=9, breakpoint=900),
        ],
        session=session,
    )
    content = inputs.Content(
        sections=(
            inputs.SectionInput(id=section, kind="empty", x_offset=0, y_offset=0),
            inputs.SectionInput(
                id="links", kind="category", name="Links", x_offset=0, y_offset=1
            ),
        ),
        items=(),
    )
    await call(save.save_board, home.id, content, session=session)
    await call(manage.set_collapsed, "links", collapsed=True, session=session)
    await call(apps.list_pinged_apps)
    for one in (board, copy):
        await call(manage.delete_board, one, session=session)


async def test_no_page_reads_a_whole_table(database: Database, trace: Trace):
    """What the functions of accounts and boards really run finds its rows by index."""
    await make_calls(database, trace)
    path = database.path
    await database.close()

    assert isinstance(path, Path)
    found = {
        (name, table, sql)
        for name, statements in trace.statements.items()
        if name
        for table, sql in find_scans(path, statements)
        if (name, table) not in ALLOWED
    }

    assert found == set()


async def test_every_public_function_s_statements_are_looked_at(
    database: Database, trace: Trace
):
    """One that is new has to be called here as well."""
    await make_calls(database, trace)

    assert find_public_functions() - set(trace.statements) == set()


async def test_without_our_indexes_the_plans_would_scan(
    database: Database, trace: Trace
):
    """The test of the test: it sees what Homarr's own indexes leave."""
    await make_calls(database, trace)
    path = database.path
    await database.close()

    assert isinstance(path, Path)
    with open_file(path) as connection:
        rows = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index'"
            " AND name LIKE 'oneroof%'"
        ).fetchall()
        for (name,) in rows:
            connection.execute(f'DROP INDEX "{name}"')

    scanned = {
        name
        for name, statements in trace.statements.items()
        if find_scans(path, statements) and name
    }

    assert {"load_board", "find_home_board", "open_session"} <= scanned


async def test_what_goes_with_a_board_is_found_by_an_index(database: Database):
    """SQLite looks for the rows of each foreign key; that stands in no plan."""
    await database.open()
    rows = await database.all(
        'SELECT m.name AS child, f."from" AS field, f."table" AS parent'
        " FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f"
        " WHERE m.type = 'table'"
    )
    indexed = await database.all(
        "SELECT m.name AS child, c.name AS field FROM sqlite_master AS m,"
        " pragma_index_list(m.name) AS l, pragma_index_info(l.name) AS c"
        " WHERE m.type = 'table' AND c.seqno = 0"
    )
    found = {(row["child"], row["field"]) for row in indexed}
    missing = {
        (row["child"], row["field"])
        for row in rows
        if (row["child"], row["field"]) not in found
    }

    assert missing == SMALL
