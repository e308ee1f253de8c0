"""The contract between the runner and a service's functions.

A function gets what it needs as keyword arguments, by its parameters' names;
only what it declares is passed.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .errors import RunnerError, suggest

POSITIONAL = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


class ContractError(RunnerError):
    """A `module:function` leads nowhere, or asks for what there is not."""


def load_function(reference: str) -> Callable[..., Any]:
    """Import the function that a `module:function` names.

    Raises:
        ContractError: there is no such module, or it has no such function.
        Exception: whatever the import raises.
    """

    module_name, _, name = reference.partition(":")

    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not f"{module_name}.".startswith(f"{missing}."):
            raise  # it is there, and imports another one that is not

        raise ContractError(
            f"{reference!r} leads nowhere: there is no module {missing!r} in the "
            "current folder or among the installed packages"
        ) from error

    function = getattr(module, name, None)
    if not callable(function):
        functions = [word for word in dir(module) if not word.startswith("_")]
        hint = suggest(name, functions)
        raise ContractError(f"{module_name!r} has no function {name!r}{hint}")

    result: Callable[..., Any] = function
    return result


def check_coroutine_function(function: Callable[..., Any], reference: str) -> None:
    """Refuse what could not be awaited, before anybody depends on it.

    Raises:
        ContractError: naming the `module:function`.
    """

    call = getattr(function, "__call__", function)  # noqa: B004
    if not (inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)):
        raise ContractError(f"{reference!r} is not a coroutine function (async def)")


def refuse_unknown_options(
    function: Callable[..., Any], options: Mapping[str, Any]
) -> None:
    """Refuse options of the plan that the function does not declare.

    Raises:
        ContractError: naming the option and the nearest valid one.
    """

    parameters = inspect.signature(function).parameters
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return

    for name in options:
        if name not in parameters:
            hint = suggest(name, parameters)
            raise ContractError(
                f"{function.__qualname__}() has no option {name!r}{hint}"
            )


def choose_arguments(
    function: Callable[..., Any], offered: Mapping[str, Any], *, given: int = 0
) -> dict[str, Any]:
    """Return those of the offered arguments that the function declares.

    `given` positional arguments are passed by the caller itself.

    Raises:
        ContractError: a parameter without default is not on offer.
    """

    chosen: dict[str, Any] = {}
    parameters = list(inspect.signature(function).parameters.values())
    positional = [one for one in parameters if one.kind in POSITIONAL]
    if len(positional) < given:
        raise ContractError(
            f"{function.__qualname__}() does not take {given} positional arguments"
        )

    for parameter in parameters[given:]:
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
