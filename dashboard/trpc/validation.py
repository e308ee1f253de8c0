"""Inputs, checked by msgspec and refused in Zod's words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from dashboard import superjson
from dashboard.errors import InvalidInputError


def read_input(given: Any, type_: Any) -> Any:
    """Check an input against a msgspec type; raises InvalidInputError with all issues.

    UNDEFINED, for an input that was not given, is taken where None is. A date has to be
    one, as for Homarr: a text that looks like a date is a text.
    """
    value = None if given is superjson.UNDEFINED else given
    try:
        return msgspec.convert(value, type_, builtin_types=(datetime,))
    except (msgspec.ValidationError, RecursionError) as error:
        # Loaded late: whoever keeps to the rules does not pay for it.
        from dashboard.issues import find_issues

        raise InvalidInputError(find_issues(given, type_)) from error
