"""The search for icons by words of their names."""

from __future__ import annotations

from typing import Any

from dashboard.database import Database


async def find_icons(
    database: Database, *, text: str = "", per_repository: int = 12
) -> dict[str, Any]:
    """The icons whose names have all words of a text, some of each repository.

    Returns Homarr's {"icons": [{"id", "slug", "icons": [{"id", "name", "url"}]}],
    "countIcons"}, where every repository is listed, and all icons are counted.
    """
    words = [f"%{_escape(word)}%" for word in text.split(" ") if word]
    matches = "".join(" AND i.name LIKE ? ESCAPE '\\'" for _ in words)
    search = (
        "SELECT id, name, url, icon_repository_id FROM ("  # noqa: S608 - marks
        " SELECT i.*, row_number() OVER"
        " (PARTITION BY i.icon_repository_id ORDER BY i.rowid) AS place"
        f" FROM icon AS i WHERE TRUE{matches})"
        " WHERE place <= ? ORDER BY place"
    )
    async with database.read() as tx:
        rows, icons, count = await tx.all_each(
            ('SELECT id, slug FROM "iconRepository" ORDER BY rowid', ()),
            (search, (*words, per_repository)),
            ("SELECT count(*) AS icons FROM icon", ()),
        )

    repositories: dict[str, dict[str, Any]] = {
        row["id"]: {"id": row["id"], "slug": row["slug"], "icons": []} for row in rows
    }
    for icon in icons:
        repository = repositories[icon["icon_repository_id"]]
        repository["icons"].append({name: icon[name] for name in ("id", "name", "url")})

    return {"icons": list(repositories.values()), "countIcons": count[0]["icons"]}


def _escape(word: str) -> str:
    """What LIKE finds literally: the names have underscores."""
    for character in "\\%_":
        word = word.replace(character, f"\\{character}")

    return word
