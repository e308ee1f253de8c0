"""Everybody who may call a procedure, and one board that they see differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from dashboard.accounts.permissions import with_implied
from dashboard.database import Database
from dashboard.errors import ProcedureError
from dashboard.identity import Session
from dashboard.resources import Resources
from dashboard.superjson import UNDEFINED
from dashboard.trpc import Context, call, find_procedure, find_topics

#: What each may do with the board "Lab": 0 nothing, 1 see, 2 change, 3 all.
RIGHTS = {
    "stranger": 0,
    "other": 0,
    "viewer": 1,
    "modifier": 2,
    "grouped": 2,
    "keeper": 3,
    "owner": 3,
    "admin": 3,
}
MEMBERS = tuple(name for name in RIGHTS if name != "stranger")
#: The private board "Lab" of the owner, with a part of every sort, as Homarr would have
#: stored it. Its ids are words, so that whole answers can be compared.
BOARD = """
INSERT INTO "group" (id, name, position) VALUES ('team', 'team', 1);
INSERT INTO "groupMember" VALUES ('team', 'grouped');
INSERT INTO board (id, name, creator_id) VALUES ('lab', 'Lab', 'owner');
INSERT INTO "boardUserPermission" VALUES
  ('lab', 'viewer', 'view'), ('lab', 'modifier', 'modify'), ('lab', 'keeper', 'full');
INSERT INTO "boardGroupPermission" VALUES ('lab', 'team', 'modify');
INSERT INTO layout (id, name, board_id, column_count, breakpoint) VALUES
  ('wide', 'Wide', 'lab', 12, 1200), ('base', 'Base', 'lab', 10, 0);
INSERT INTO section (id, board_id, kind, x_offset, y_offset, name) VALUES
  ('top', 'lab', 'empty', 0, 0, NULL), ('cat', 'lab', 'category', 0, 1, 'Cats'),
  ('new', 'lab', 'fromTomorrow', 0, 2, NULL);
INSERT INTO section (id, board_id, kind, options) VALUES
  ('dyn', 'lab', 'dynamic', '{"json":{"title":"D"}}');
INSERT INTO section_layout VALUES ('dyn', 'base', 'top', 0, 4, 3, 2);
INSERT INTO app VALUES
  ('app', 'App', 'An app', '/a.svg', 'http://app/', NULL),
  ('hidden', 'Hidden', NULL, '/h.svg', NULL, 'http://hidden/ping');
INSERT INTO integration (id, name, url, kind) VALUES
  ('sonarr', 'S', 'http://s/', 'sonarr');
INSERT INTO item VALUES
  ('one', 'lab', 'app', '{"json":{"appId":"app","openInNewTab":false}}',
   '{"json":{"title":"T","customCssClasses":["c"]}}'),
  ('note', 'lab', 'notebook', '{"json": {}}', '{"json": {}}'),
  ('odd', 'lab', 'fromTomorrow', '{"json":{"a":1}}', '{"json": {}}');
INSERT INTO item_layout VALUES
  ('one', 'top', 'base', 0, 0, 1, 1), ('one', 'top', 'wide', 2, 0, 1, 1),
  ('note', 'dyn', 'base', 0, 0, 3, 2), ('odd', 'top', 'base', 5, 0, 1, 1);
INSERT INTO integration_item VALUES ('one', 'sonarr')
"""


@dataclass(frozen=True, kw_only=True)
class Callers:
    """Calls procedures as one of them, or as a member with a permission."""

    resources: Resources

    @property
    def database(self) -> Database:
        return self.resources.database

    def session(self, name: str, *permissions: str) -> Session | None:
        """Who calls; "admin" has all permissions."""
        if name == "stranger":
            return None

        held = ["admin"] if name == "admin" else permissions
        return Session(
            token=f"token of {name}",
            user_id=name,
            user_name=name,
            permissions=with_implied(held),
            expires=9e9,
        )

    async def call(
        self,
        path: str,
        given: Any = UNDEFINED,
        *,
        by: str = "admin",
        having: tuple[str, ...] = (),
        mobile: bool = False,
    ) -> Any:
        """The result of a call, or the topics of a subscription."""
        procedure = find_procedure(path)
        assert procedure is not None, f"there is no procedure {path!r}"

        context = Context(
            resources=self.resources,
            session=self.session(by, *having),
            mobile=mobile,
        )
        run = find_topics if procedure.kind == "subscription" else call
        return await run(procedure, context, given)

    async def fail(self, path: str, given: Any = UNDEFINED, **more: Any) -> str:
        """The code and the message that a call is refused with."""
        with pytest.raises(ProcedureError) as caught:
            await self.call(path, given, **more)

        return f"{caught.value.code}: {caught.value.message}"

    async def answer(self, path: str, given: Any = UNDEFINED, **more: Any) -> str:
        """The code that a call is refused with, or "OK"."""
        try:
            await self.call(path, given, **more)
        except ProcedureError as error:
            return error.code

        return "OK"

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.database.all(sql)]

    async def run(self, *statements: str) -> None:
        async with self.database.write() as tx:
            for statement in statements:
                await tx.execute(statement)


async def fill(database: Database) -> None:
    """Add the users and the board."""
    async with database.write() as tx:
        await tx.execute_many(
            'INSERT INTO "user" (id, name, image) VALUES (?, ?, ?)',
            [(name, name, f"{name}.png") for name in MEMBERS],
        )
        for statement in BOARD.split(";\n"):
            await tx.execute(statement)
