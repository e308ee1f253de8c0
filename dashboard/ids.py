"""Identifiers in the shape of Homarr's: 24 characters, a letter first."""

from __future__ import annotations

import secrets
import string

_LETTERS = string.ascii_lowercase
_CHARACTERS = string.ascii_lowercase + string.digits


def new_id() -> str:
    """Make an identifier that nobody can guess (about 123 random bits)."""
    rest = "".join(secrets.choice(_CHARACTERS) for _ in range(23))
    return secrets.choice(_LETTERS) + rest
