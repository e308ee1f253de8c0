"""A house with people who really log in, and two boards, in a file of any level."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard import superjson
from dashboard.accounts import open_session, set_password
from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.errors import InvalidInputError
from dashboard.identity import Session, User
from dashboard.resources import Resources
from dashboard.settings import Settings
from tests.dashboard.database.homarr_file import make_homarr_file

from .callers import Callers

PASSWORD = "Correct horse 1!"
#: With all its letters, digits and signs, as Homarr wants them.
NEW_PASSWORD = "Other horse 2?"
IMAGE = "data:image/png;base64,AAAA"
#: How ada changes her password.
CHANGE = {
    "userId": "ada",
    "previousPassword": PASSWORD,
    "password": NEW_PASSWORD,
    "confirmPassword": NEW_PASSWORD,
}
#: What is told of her among others.
ADA = {
    "id": "ada",
    "name": "ada",
    "email": "ada@example.com",
    "emailVerified": datetime(2024, 1, 5, tzinfo=UTC),
    "image": IMAGE,
}
#: Who makes themselves the first administrator, and what they choose.
FIRST_USER = {
    "username": "First",
    "password": NEW_PASSWORD,
    "confirmPassword": NEW_PASSWORD,
}
FIRST_SETTINGS = {
    "analytics": {
        "enableGeneral": False,
        "enableWidgetData": True,
        "enableIntegrationData": False,
        "enableUserData": True,
    },
    "crawlingAndIndexing": {
        "noIndex": False,
        "noFollow": True,
        "noTranslate": False,
        "noSiteLinksSearchBox": True,
    },
}
#: The groups as they are told.
MEMBER_ADMIN = {"id": "admin", "name": "admin", "email": None, "image": None}
MEMBER_ADA = {"id": "ada", "name": "ada", "email": "ada@example.com", "image": IMAGE}
EVERYONE = {
    "id": "everyone",
    "name": "everyone",
    "ownerId": None,
    "homeBoardId": None,
    "mobileHomeBoardId": None,
    "position": -1,
    "members": [MEMBER_ADA, MEMBER_ADMIN],
}
ADMINS = {
    **EVERYONE,
    "id": "admins",
    "name": "credentials-admin",
    "position": 1,
    "members": [MEMBER_ADMIN],
}
PEOPLE = """
INSERT INTO "group" (id, name, position) VALUES
  ('everyone', 'everyone', -1), ('admins', 'credentials-admin', 1);
INSERT INTO onboarding (id, step, previous_step) VALUES ('o', 'finish', 'settings');
INSERT INTO "user" (id, name, email, email_verified, image) VALUES
  ('admin', 'admin', NULL, NULL, NULL),
  ('ada', 'ada', 'ada@example.com', 1704412800000, 'data:image/png;base64,AAAA');
INSERT INTO "user" (id, name, provider) VALUES
  ('olga', 'olga', 'oidc'), ('nobody', NULL, 'ldap');
INSERT INTO "groupMember" VALUES
  ('admins', 'admin'), ('everyone', 'admin'), ('everyone', 'ada');
INSERT INTO "groupPermission" VALUES ('admins', 'admin');
INSERT INTO board (id, name, is_public, creator_id) VALUES
  ('open', 'Open', 1, 'admin'), ('closed', 'Closed', 0, 'admin');
INSERT INTO search_engine (id, name, short, icon_url, type) VALUES
  ('ddg', 'DuckDuckGo', 'd', '/d.svg', 'generic')
"""


@dataclass(frozen=True, kw_only=True)
class House(Callers):
    """Calls as "admin", "ada", "olga" (of another provider) or "stranger"."""

    #: What the bus was told of ended sessions.
    closed: list[Any] = field(default_factory=list)

    async def log_in(self, user_id: str) -> Session:
        """A session that is in the file."""
        return await open_session(self.database, User(id=user_id, name=user_id))

    async def sessions(self) -> list[str]:
        """Whose sessions there are."""
        return [row[0] for row in await self.rows('SELECT user_id FROM "session"')]

    async def put_at(self, step: str) -> None:
        """Have the onboarding be at a step."""
        async with self.database.write() as tx:
            await tx.execute("UPDATE onboarding SET step = ?", (step,))

    async def issues(self, path: str, given: Any, *, by: str = "admin") -> list[Any]:
        """What is told to be wrong with an input."""
        with pytest.raises(InvalidInputError) as caught:
            await self.call(path, given, by=by)

        return caught.value.issues


async def open_house(path: Path, level: int | None, settings: Settings) -> House:
    """Make the file, at one of Homarr's levels or fresh, with the people."""
    if level is not None:
        make_homarr_file(path, level, rows=False)

    database = Database(path)
    async with database.write() as tx:
        # A fresh file has its own.
        await tx.execute('DELETE FROM "group"')
        await tx.execute("DELETE FROM onboarding")
        for statement in PEOPLE.split(";\n"):
            await tx.execute(statement)

    for user_id in ("admin", "ada"):
        await set_password(database, user_id, PASSWORD)

    bus = MemoryBus()
    resources = Resources(settings=settings, database=database, bus=bus, monitor=None)
    house = House(resources=resources)
    bus.listen(
        "session-closed",
        lambda _, message: house.closed.append(superjson.decode(message)),
    )
    return house
