"""Where the items of an old board stand on the new one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.errors import InvalidInputError
from dashboard.oldmarr.arranging import Arrangement, arrange
from dashboard.oldmarr.configuration import OldApp
from dashboard.oldmarr.reading import ImportSettings, read_file

from .files import app, category, configuration, medium, shape, shapes, sidebar, wrapper

Spot = tuple[str, int, int, int, int]


def arranged(file: dict[str, Any], **settings: Any) -> Arrangement:
    """The arrangement of a file."""
    old = read_file(json.dumps(file).encode())
    return arrange(old.configuration, ImportSettings(name="x", **settings))


def sections(found: Arrangement) -> list[str]:
    """The sections by their rows: names, or their numbers."""
    assert [section.y for section in found.sections] == list(range(len(found.sections)))
    return [section.name or str(section.y) for section in found.sections]


def spots(found: Arrangement, size: Any) -> dict[str, Spot]:
    """By app: the section, then x, y, width and height."""
    names = dict(zip((s.id for s in found.sections), sections(found), strict=True))
    return {
        item.source.name: (names[item.section_id], p.x, p.y, p.width, p.height)
        for item in found.items
        if isinstance(item.source, OldApp)
        for p in [item.places[size]]
    }


def test_categories_have_unnamed_sections_around_them():
    """By their positions; those that a file lacks are made."""
    file = configuration(
        categories=[
            {"id": "b", "name": "B", "position": 7},
            {"id": "a", "name": "A", "position": 3.5},
        ],
        apps=[
            app("In", category("b"), shapes((0, 0, 1, 1))),
            app("Top", wrapper("default"), shapes((4, 0, 1, 1))),
        ],
    )
    found = arranged(file)

    assert sections(found) == ["0", "A", "2", "B", "4"]
    assert spots(found, "lg") == {"In": ("B", 0, 0, 1, 1), "Top": ("0", 4, 0, 1, 1)}
    assert sections(arranged(configuration(wrappers=[]))) == ["0"]


def test_what_has_no_section_any_more_stands_below_the_last_one():
    """Unnamed sections too many first, then the sidebars, side by side."""
    found = arranged(medium())

    assert sections(found) == ["0", "Media & more", "2", "Tools", "4"]
    assert spots(found, "lg") == {
        "Sonarr": ("Media & more", 0, 0, 1, 1),
        "Radarr": ("Tools", 0, 0, 1, 1),
        "Plex": ("4", 0, 0, 2, 2),
        "Emby": ("4", 0, 2, 1, 1),
        "Left": ("4", 1, 3, 1, 1),
        "Right": ("4", 8, 4, 2, 1),
    }


def test_where_there_is_no_room_side_by_side_sidebars_stand_below_each_other():
    """In every size for itself; three columns hold two and no more."""
    found = arranged(medium())
    small = spots(found, "sm")

    assert spots(found, "md")["Right"] == ("4", 4, 4, 2, 1)
    assert (small["Left"], small["Right"]) == (("4", 1, 3, 1, 1), ("4", 1, 5, 2, 1))


def test_in_a_single_column_all_of_a_sidebar_is_stacked():
    """Its second column below its first."""
    file = configuration(
        apps=[
            app("Own", wrapper("default"), shapes((0, 0, 1, 2))),
            app("Second", sidebar("left"), shapes((1, 0, 1, 1))),
            app("First", sidebar("left"), shapes((0, 0, 1, 3))),
            app("Wide", sidebar("right"), shapes((0, 0, 2, 1))),
        ]
    )
    gridstack = file["settings"]["customization"]["gridstack"]
    gridstack["columnCountSmall"] = 1

    assert spots(arranged(file), "sm") == {
        "Own": ("0", 0, 0, 1, 2),
        "First": ("0", 0, 2, 1, 3),
        "Second": ("0", 0, 5, 1, 1),
        "Wide": ("0", 0, 6, 1, 1),
    }


def test_sidebars_may_be_left_out():
    """With all that is in them."""
    found = arranged(medium(), sidebar_behaviour="remove-items")

    assert spots(found, "lg").keys() == {"Sonarr", "Radarr", "Plex", "Emby"}


def test_a_size_in_which_some_have_no_place_is_made_of_one_in_which_all_have():
    """Each item is as wide as there is room, section by section."""
    file = configuration(
        categories=[{"id": "a", "name": "A", "position": 1}],
        apps=[
            app("One", wrapper("default"), {"lg": shape(0, 0, 8, 1)}),
            app("Two", wrapper("default"), shapes((8, 0, 2, 1))),
            app("Three", category("a"), {"lg": shape(9, 5, 1, 1)}),
        ],
    )
    found = arranged(file)

    assert spots(found, "sm") == {
        "One": ("0", 0, 0, 3, 1),
        "Two": ("0", 0, 1, 2, 1),
        "Three": ("A", 0, 0, 1, 1),
    }
    assert spots(found, "md")["Two"] == ("0", 0, 1, 2, 1)
    assert spots(found, "lg")["Three"] == ("A", 9, 5, 1, 1)


def test_of_items_at_the_same_place_the_first_one_stays():
    """However many there are."""
    place = {"lg": shape(0, 0, 3, 1)}
    apps = [app(str(n), wrapper("default"), place) for n in range(11)]
    small = spots(arranged(configuration(apps=apps)), "sm")

    assert [small[str(n)][2] for n in range(11)] == list(range(11))


def test_small_windows_are_the_model_before_medium_ones():
    """As Homarr chooses; with as many columns all keep their places."""
    place = {"sm": shape(0, 3, 1, 1), "md": shape(5, 0, 1, 1)}
    found = arranged(configuration(apps=[app("A", wrapper("default"), place)]))

    assert spots(found, "lg") == {"A": ("0", 0, 3, 1, 1)}


def test_an_item_of_no_section_is_left_out(caplog: pytest.LogCaptureFixture):
    """Nobody would know where; the log says how many."""
    apps = [app("A", wrapper("gone"), shapes((0, 0, 1, 1)))]

    assert arranged(configuration(apps=apps)).items == ()
    assert "items of no section of their file were left out: 1" in caplog.text


@pytest.mark.parametrize(
    ("places", "reason"),
    [
        ([{"lg": shape(0, 0, 1, 1)}, {"md": shape(0, 0, 1, 1)}], "there is no size"),
        ([shapes((0, 32767, 1, 1)), shapes((0, 9, 1, 1))], "32767 rows down"),
        ([{"lg": shape(0, 0, 1, 1)}] * 1001, "more than 1000 items"),
    ],
    ids=["no size", "too far down", "too many"],
)
def test_what_cannot_be_placed_is_told(places: list[Any], reason: str):
    """In words, as of the file."""
    apps = [
        app(str(n), wrapper(("default", "more")[n % 2]), one)
        for n, one in enumerate(places)
    ]
    wrappers = [{"id": "default", "position": 0}, {"id": "more", "position": 1}]
    file = configuration(apps=apps, wrappers=wrappers)
    with pytest.raises(InvalidInputError) as caught:
        arranged(file)

    (issue,) = caught.value.issues

    assert issue["path"] == ["file"]
    assert reason in issue["message"]
