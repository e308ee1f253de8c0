"""How much there is of everything that somebody may look after."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.boards.access import GRANTS
from dashboard.database import Database
from dashboard.identity import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One number, the words for it and the page about it, by Homarr's names."""

    title_key: str
    subtitle_key: str
    path: str
    #: In SQL, of the parameters :user and :everything.
    sql: str
    #: Which permission shows it; "" for everybody who is logged in, None for anybody.
    permission: str | None
    #: Which permission counts those of others as well.
    all_permission: str | None = None
    #: Whether it is about logging in with a password.
    passwords: bool = False


#: In the order in which they are shown.
STATISTICS = (
    Statistic(
        title_key="board",
        subtitle_key="boards",
        path="/manage/boards",
        sql=f"WITH grants AS ({GRANTS})"  # noqa: S608 - a constant
        " SELECT count(*) AS number FROM board AS b WHERE :everything OR b.is_public"
        " OR b.creator_id = :user OR b.id IN (SELECT board_id FROM grants)",
        permission=None,
        all_permission="board-view-all",
    ),
    Statistic(
        title_key="user",
        subtitle_key="authentication",
        path="/manage/users",
        sql='SELECT count(*) AS number FROM "user"',
        permission="admin",
    ),
    Statistic(
        title_key="invite",
        subtitle_key="authentication",
        path="/manage/users/invites",
        sql="SELECT count(*) AS number FROM invite",
        permission="admin",
        passwords=True,
    ),
    Statistic(
        title_key="integration",
        subtitle_key="resources",
        path="/manage/integrations",
        sql="SELECT count(*) AS number FROM integration",
        permission="integration-create",
    ),
    Statistic(
        title_key="app",
        subtitle_key="resources",
        path="/manage/apps",
        sql="SELECT count(*) AS number FROM app",
        permission="",
    ),
    Statistic(
        title_key="group",
        subtitle_key="authorization",
        path="/manage/users/groups",
        sql='SELECT count(*) AS number FROM "group"',
        permission="admin",
    ),
    Statistic(
        title_key="searchEngine",
        subtitle_key="resources",
        path="/manage/search-engines",
        sql="SELECT count(*) AS number FROM search_engine",
        permission="search-engine-create",
    ),
    Statistic(
        title_key="media",
        subtitle_key="resources",
        path="/manage/medias",
        sql="SELECT count(*) AS number FROM media"
        " WHERE :everything OR creator_id = :user",
        permission="media-upload",
        all_permission="media-view-all",
    ),
)


async def count_all(
    database: Database, session: Session | None, *, passwords: bool
) -> list[tuple[Statistic, int]]:
    """What the viewer may look after, each with its number, of one moment.

    `passwords` is whether one logs in with them here.
    """
    shown = [
        one
        for one in STATISTICS
        if _may(session, one.permission) and (passwords or not one.passwords)
    ]
    queries = [
        (
            one.sql,
            {
                "user": session.user_id if session else None,
                "everything": bool(one.all_permission)
                and _may(session, one.all_permission),
            },
        )
        for one in shown
    ]
    async with database.read() as tx:
        answers = await tx.all_each(*queries)

    return [(one, rows[0]["number"]) for one, rows in zip(shown, answers, strict=True)]


def _may(session: Session | None, permission: str | None) -> bool:
    if permission is None:
        return True

    return session is not None and (not permission or session.may(permission))
