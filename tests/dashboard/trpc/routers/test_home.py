from __future__ import annotations

from typing import Any

import pytest

from dashboard.settings import Settings

from .house import House

WORDS = {
    "board": ("boards", "/manage/boards"),
    "user": ("authentication", "/manage/users"),
    "invite": ("authentication", "/manage/users/invites"),
    "integration": ("resources", "/manage/integrations"),
    "app": ("resources", "/manage/apps"),
    "group": ("authorization", "/manage/users/groups"),
    "searchEngine": ("resources", "/manage/search-engines"),
    "media": ("resources", "/manage/medias"),
}
ROWS = """
INSERT INTO app VALUES ('a', 'A', NULL, '/a.svg', NULL, NULL);
INSERT INTO invite VALUES ('i', 't', 2000000000, 'admin');
INSERT INTO media (id, name, content, content_type, size, creator_id) VALUES
  ('m', 'm.png', x'00', 'image/png', 1, 'ada'),
  ('n', 'n.png', x'00', 'image/png', 1, 'admin');
INSERT INTO board (id, name, creator_id) VALUES ('own', 'Own', 'ada');
INSERT INTO board (id, name) VALUES ('shared', 'Shared');
INSERT INTO "boardUserPermission" VALUES ('shared', 'ada', 'view');
INSERT INTO "boardGroupPermission" VALUES ('shared', 'everyone', 'view')
"""


@pytest.fixture(name="settings")
def _settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(auth_providers=getattr(request, "param", ("credentials",)))


@pytest.mark.parametrize("level", [None], indirect=True)
@pytest.mark.parametrize(
    ("by", "having", "expected"),
    [
        ("stranger", (), {"board": 1}),
        ("ada", (), {"board": 3, "app": 1}),
        ("olga", (), {"board": 1, "app": 1}),
        ("ada", ("board-view-all",), {"board": 4, "app": 1}),
        ("ada", ("integration-create",), {"board": 3, "integration": 0, "app": 1}),
        ("ada", ("search-engine-create",), {"board": 3, "app": 1, "searchEngine": 1}),
        ("ada", ("media-upload",), {"board": 3, "app": 1, "media": 1}),
        ("ada", ("media-full-all",), {"board": 3, "app": 1, "media": 2}),
        (
            "admin",
            (),
            {
                "board": 4,
                "user": 4,
                "invite": 1,
                "integration": 0,
                "app": 1,
                "group": 2,
                "searchEngine": 1,
                "media": 2,
            },
        ),
    ],
)
async def test_everybody_is_told_of_what_they_may_look_after(
    house: House, by: str, having: tuple[str, ...], expected: dict[str, int]
):
    """In Homarr's order and words; a board that is shared twice counts once."""
    await house.run(*ROWS.split(";\n"))

    assert await house.call("home.getStats", by=by, having=having) == [
        {
            "titleKey": title,
            "subtitleKey": WORDS[title][0],
            "count": number,
            "path": WORDS[title][1],
        }
        for title, number in expected.items()
    ]


@pytest.mark.parametrize("level", [None], indirect=True)
@pytest.mark.parametrize("settings", [("oidc",)], indirect=True)
async def test_without_passwords_nobody_is_told_of_invites(house: House):
    """There are none then."""
    found: list[dict[str, Any]] = await house.call("home.getStats")

    assert "invite" not in {one["titleKey"] for one in found}
