"""The colours: enough contrast, by light and by dark."""

from __future__ import annotations

import re

import pytest

from services.web.assets import read_assets

TEXT = 4.5
#: For edges and signs, WCAG 2.2 asks for less than for text.
SIGN = 3.0


def _palettes() -> dict[str, dict[str, str]]:
    """Read the names and colours of both schemes."""

    sheet = read_assets()["style.css"].content.decode()
    light, dark = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    colours = [
        dict(re.findall(r"--([\w-]+): (#\w{6});", text)) for text in (light, dark)
    ]
    return {"light": colours[0], "dark": colours[1]}


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        ("ink", "ground", TEXT),
        ("ink", "glow", TEXT),
        ("ink", "surface", TEXT),
        ("ink", "sunken", TEXT),
        ("muted", "ground", TEXT),
        ("muted", "glow", TEXT),
        ("muted", "surface", TEXT),
        ("muted", "sunken", TEXT),
        ("accent", "surface", TEXT),
        ("on-accent", "accent", TEXT),
        ("danger", "surface", TEXT),
        ("danger", "ground", TEXT),
        ("danger", "danger-ground", TEXT),
        ("up", "surface", SIGN),
        ("down", "surface", SIGN),
        ("field", "surface", SIGN),
        ("field", "sunken", SIGN),
        ("accent", "ground", SIGN),
        ("second", "surface", SIGN),
    ],
)
def test_colours_can_be_told_apart(scheme: str, front: str, back: str, least: float):
    """Text has a contrast of 4.5 at least, edges and signs of 3."""

    palette = _palettes()[scheme]

    assert _contrast(palette[front], palette[back]) >= least


def test_both_schemes_name_the_same_colours():
    """No colour of the light page is left as it is on the dark one."""

    palettes = _palettes()

    assert palettes["light"].keys() == palettes["dark"].keys()


def test_the_glow_is_at_the_top_and_nowhere_else():
    """A background of the page is as high as a window, and would begin anew."""

    style = read_assets()["style.css"].content.decode()
    body = re.search(r"\nbody \{(.*?)\}", style, re.DOTALL)

    assert body is not None
    assert re.search(r"radial-gradient\([^;]*\)\s+no-repeat;", body[1])


def test_what_is_shown_once_is_wrapped_and_selected_whole():
    """Nothing of a key is cut off, on whatever small a screen."""

    style = read_assets()["style.css"].content.decode()
    rule = re.search(r"\.once data \{(.*?)\}", style, re.DOTALL)

    assert rule is not None
    assert "\n  user-select: all;" in rule[1]
    assert "overflow-wrap: anywhere;" in rule[1]
