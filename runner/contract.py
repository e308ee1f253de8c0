"""The contract between the runner and a service's functions.

A function gets what it needs as keyword arguments, by its parameters' names;
only what it declares is passed.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .errors import suggest


class ContractError(Exception):
    """A `module:function` leads nowhere, or asks for what there is not."""


def load_function(reference: str) -> Callable[..., Any]:
    """Import the function that a `module:function` names.

    Raises:
        ContractError: the module has no such function.
        Exception: whatever the import raises.
    """

    module_name, _, name = reference.partition(":")
    module = importlib.import_module(module_name)
    function = getattr(module, name, None)
    if not callable(function):
        functions = [word for word in dir(module) if not word.startswith("_")]
        hint = suggest(name, functions)
        raise ContractError(f"{module_name!r} has no function {name!r}{hint}")

    result: Callable[..., Any] = function
    return result


def choose_arguments(
    function: Callable[..., Any], offered: Mapping[str, Any], *, given: int = 0
) -> dict[str, Any]:
    """Return those of the offered arguments that the function declares.

    `given` positional arguments are passed by the caller itself.

    Raises:
        ContractError: a parameter without default is not on offer.
    """

    chosen: dict[str, Any] = {}
    parameters = list(inspect.signature(function).parameters.values())[given:]

    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            return dict(offered)

        if parameter.name in offered:
            chosen[parameter.name] = offered[parameter.name]
        elif parameter.default is parameter.empty and parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        ):
            hint = suggest(parameter.name, offered)
            raise ContractError(
                f"{function.__qualname__}() takes {parameter.name!r}, which is not "
                f"on offer (see `after` in the plan){hint}"
            )

    return chosen
