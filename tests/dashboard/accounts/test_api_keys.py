from __future__ import annotations

import re

import bcrypt
import pytest

from dashboard.accounts import (
    UnknownUserError,
    api_keys,
    create_api_key,
    delete_api_key,
    delete_user,
    find_key_session,
    find_session,
    hashing,
    list_api_keys,
)
from dashboard.database import Database
from dashboard.identity import User
from tests.dashboard.accounts.clock import Clock

pytestmark = pytest.mark.usefixtures("cheap_hashes")

#: As Homarr 1.46 makes them: 64 random bytes.
LONG = "0123456789abcdef" * 8
#: With ID and TOKEN those of a good key.
MALFORMED = [
    "",
    ".",
    "id",
    "id.",
    ".token",
    "ID.token.token",
    "ID.TOKEN ",
    " ID.TOKEN",
    "ApiKey ID.TOKEN",
    "Bearer ID.TOKEN",
    "ID.TOKEN,ID.TOKEN",
    "ID.TOKEN\n",
    "ID.TOKEN\0",
    "ID..TOKEN",
    "ïd.TOKEN",
    "ID.TÖKEN",
    "ID.\ud800",
    "ID.٣",
    "ID." + "x" * 10_240,
    "x" * 10_240 + ".TOKEN",
]


@pytest.fixture(name="checked")
def _checked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes that bcrypt was asked about."""
    checked: list[bytes] = []
    check = hashing._check

    def watch(password: bytes, hashed: bytes) -> bool:
        checked.append(hashed)
        return check(password, hashed)

    monkeypatch.setattr(hashing, "_check", watch)
    return checked


@pytest.fixture(autouse=True)
def _forget_keys() -> None:
    api_keys._known.clear()


async def insert_key(
    database: Database, user: User, *, key_id: str, token: str, salt: bytes
) -> None:
    """A row as Homarr writes it, in the columns that the file has."""
    hashed = bcrypt.hashpw(token.encode()[:72], salt).decode()
    async with database.write() as tx:
        if await tx.one("SELECT 1 FROM pragma_table_info('apiKey') WHERE name='salt'"):
            await tx.execute(
                'INSERT INTO "apiKey" (id, api_key, salt, user_id) VALUES (?, ?, ?, ?)',
                (key_id, hashed, salt.decode(), user.id),
            )
        else:
            await tx.execute(
                'INSERT INTO "apiKey" (id, api_key, user_id) VALUES (?, ?, ?)',
                (key_id, hashed, user.id),
            )


async def make_admin(database: Database, user: User) -> None:
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO \"group\" (id, name, position) VALUES ('g', 'admins', 9)"
        )
        await tx.execute("INSERT INTO \"groupPermission\" VALUES ('g', 'admin')")
        await tx.execute("INSERT INTO \"groupMember\" VALUES ('g', ?)", (user.id,))


async def test_a_key_may_what_its_owner_may(
    database: Database, ada: User, clock: Clock
):
    """For a day at most, as Homarr says, and only while the owner may."""
    await make_admin(database, ada)
    key, header = await create_api_key(database, user_id=ada.id)
    session = await find_key_session(database, header, clock=clock)

    assert session is not None
    assert session.user_id == ada.id
    assert session.user_name == "ada"
    assert session.may("board-view-all")
    assert session.expires == clock.now + 86400
    assert header.startswith(f"{key.id}.")
    assert header.removeprefix(f"{key.id}.") not in session.token

    async with database.write() as tx:
        await tx.execute("DELETE FROM \"groupMember\" WHERE group_id = 'g'")

    session = await find_key_session(database, header, clock=clock)

    assert session is not None
    assert session.permissions == frozenset()


async def test_a_key_is_no_session_token(database: Database, ada: User):
    """What stands for the token in its session opens nothing."""
    _, header = await create_api_key(database, user_id=ada.id)
    session = await find_key_session(database, header)

    assert session is not None
    assert await find_session(database, session.token) is None
    assert await find_key_session(database, session.token) is None


async def test_the_row_is_one_that_homarr_accepts(database: Database, ada: User):
    """bcrypt of the token; where there is a salt, hashing with it gives the hash."""
    key, header = await create_api_key(database, user_id=ada.id)
    token = header.split(".")[1]
    row = await database.one('SELECT * FROM "apiKey" WHERE id = ?', (key.id,))

    assert row is not None

    stored = dict(row)

    assert re.fullmatch(r"[a-z][a-z0-9]{23}\.[0-9a-f]{64}", header)
    assert stored["user_id"] == ada.id
    assert bcrypt.checkpw(token.encode(), stored["api_key"].encode())
    assert token not in str(stored)

    if "salt" in stored:
        again = bcrypt.hashpw(token.encode(), stored["salt"].encode())

        assert again.decode() == stored["api_key"]


@pytest.mark.parametrize(
    ("key_id", "token"),
    [("o" * 24, LONG), ("0a1b2c3d", "0123456789abcdef" * 3)],
)
async def test_homarrs_own_keys_work(
    database: Database, ada: User, key_id: str, token: str
):
    """Those of 1.46, of which bcrypt saw 72 digits, and the short ones of 1.74."""
    salt = bcrypt.gensalt(4)
    await insert_key(database, ada, key_id=key_id, token=token, salt=salt)
    session = await find_key_session(database, f"{key_id}.{token}")
    wrong = await find_key_session(database, f"{key_id}.f{token[1:]}")

    assert session is not None
    assert session.user_id == ada.id
    assert wrong is None


async def test_the_header_is_one_id_and_one_token(
    database: Database, ada: User, checked: list[bytes]
):
    """Anything else is nobody's key, and makes no work."""
    key, made = await create_api_key(database, user_id=ada.id)
    for header in MALFORMED:
        sent = header.replace("ID", key.id).replace("TOKEN", made.split(".")[1])

        assert await find_key_session(database, sent) is None, header

    assert checked == []


async def test_an_unknown_id_takes_the_same_work(
    database: Database, ada: User, checked: list[bytes]
):
    """One bcrypt, so that its time does not tell which keys there are."""
    key, header = await create_api_key(database, user_id=ada.id)
    token = header.split(".")[1]

    assert await find_key_session(database, f"{'o' * 24}.{token}") is None
    assert checked == [hashing.NOBODY]
    assert await find_key_session(database, f"{key.id}.{token[:-1]}") is None
    assert await find_key_session(database, f"{key.id}.{token}0") is None
    assert len(checked) == 3


async def test_a_known_token_is_hashed_once(
    database: Database, ada: User, checked: list[bytes]
):
    """And a wrong one each time."""
    key, header = await create_api_key(database, user_id=ada.id)
    for _ in range(3):
        assert await find_key_session(database, header) is not None

    assert len(checked) == 1

    for _ in range(2):
        assert await find_key_session(database, f"{key.id}.wrong") is None

    assert len(checked) == 3


async def test_a_deleted_key_is_refused_at_once(database: Database, ada: User):
    """Also where another process deleted it, and its token was known."""
    key, header = await create_api_key(database, user_id=ada.id)

    assert await find_key_session(database, header) is not None

    other = Database(database.path, driver=database.driver)

    assert await delete_api_key(other, key.id) is True
    assert await delete_api_key(other, key.id) is False

    await other.close()

    assert await find_key_session(database, header) is None


async def test_a_key_whose_hash_was_changed_is_looked_at_anew(
    database: Database, ada: User
):
    """A row that was put back with another token does not take the old one."""
    key, header = await create_api_key(database, user_id=ada.id)

    assert await find_key_session(database, header) is not None

    async with database.write() as tx:
        await tx.execute(
            'UPDATE "apiKey" SET api_key = ? WHERE id = ?',
            (bcrypt.hashpw(b"another", bcrypt.gensalt(4)).decode(), key.id),
        )

    assert await find_key_session(database, header) is None
    assert await find_key_session(database, f"{key.id}.another") is not None


async def test_few_tokens_are_known_at_a_time(
    database: Database, ada: User, monkeypatch: pytest.MonkeyPatch, checked: list[bytes]
):
    """The one that was used least lately is forgotten."""
    monkeypatch.setattr(api_keys, "MAX_KNOWN", 2)
    headers = [(await create_api_key(database, user_id=ada.id))[1] for _ in range(3)]
    for header in (*headers[:2], headers[0], headers[2], headers[0], headers[1]):
        assert await find_key_session(database, header) is not None

    assert len(api_keys._known) == 2
    assert len(checked) == 4


async def test_keys_are_listed_without_their_tokens(
    database: Database, ada: User, bob: User
):
    """By the name of the owner; they go with the owner."""
    theirs, _ = await create_api_key(database, user_id=bob.id)
    mine, _ = await create_api_key(database, user_id=ada.id)
    listed = [
        key for key in await list_api_keys(database) if key.user_id in {ada.id, bob.id}
    ]

    assert listed == [mine, theirs]
    assert mine.user_name == "ada"

    await delete_user(database, ada.id)

    assert mine not in await list_api_keys(database)

    with pytest.raises(UnknownUserError):
        await create_api_key(database, user_id=ada.id)
