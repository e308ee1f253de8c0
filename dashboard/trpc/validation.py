"""Inputs, checked by msgspec and refused in Zod's words."""

from __future__ import annotations

from typing import Any

import msgspec

from dashboard import superjson
from dashboard.errors import InvalidInputError


def read_input(given: Any, type_: Any) -> Any:
    """Check an input against a msgspec type; raises InvalidInputError."""
    value = None if given is superjson.UNDEFINED else given
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        issue = {"code": "custom", "path": [], "message": str(error)}
        raise InvalidInputError([issue]) from error
