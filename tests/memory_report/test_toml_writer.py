"""TOML is written as `tomllib` reads it."""

from __future__ import annotations

import tomllib

import pytest

from memory_report.toml_writer import write_toml

DOCUMENT = """
drain_timeout = 3.5
many = [1, -2, 1e16, 1e-7, inf, true, false]
"a.b c" = "quote \\" back \\\\ tab \\t line \\n delete \\u007f nul \\u0000 ü 🐘"
days = [1979-05-27, 07:32:00.5, 1979-05-27T07:32:00Z, 1979-05-27T07:32:00]
none = []
empty = {}

[services.one.options]
deep = [{ a = 1 }, { b = [[2]] }]
"""


def test_what_was_read_is_written():
    """Each type that TOML has, and each character that it wants escaped."""

    content = tomllib.loads(DOCUMENT)

    assert tomllib.loads(write_toml(content)) == content


@pytest.mark.parametrize("character", [*map(chr, range(32)), "\x7f", "\x85", "\u2028"])
def test_every_control_character_comes_back(character: str):
    """In values as in keys."""

    content = {f"key{character}": f"value{character}"}

    assert tomllib.loads(write_toml(content)) == content
