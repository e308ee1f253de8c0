"""What a procedure is: its path, its guard, its input and the function that answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from dashboard.identity import Session
from dashboard.resources import Resources

Kind = Literal["query", "mutation", "subscription"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who calls, from where, and what answers."""

    resources: Resources
    session: Session | None
    #: The client's address, as far as it is known; what is throttled goes by it.
    address: str = ""
    #: Whether the client says that it is a telephone: those have their own home board.
    mobile: bool = False


Guard = Callable[[Context], Awaitable[None]]
Function = Callable[..., Awaitable[Any]]
F = TypeVar("F", bound=Function)


class Upload(msgspec.Struct, frozen=True):
    """A file of a form; inputs of forms hold lists of them, by the field's name."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Rest:
    """The address of a procedure for programs with an API key, below /api."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    #: As "/apps/{id}": what stands in braces is a member of the input.
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """One procedure, whatever delivers it.

    `function` takes the context and, where there is an `input` type, an instance of it.
    A query or mutation returns plain values that SuperJSON can encode (UNDEFINED where
    there is no result); a subscription returns the bus topics whose messages it passes.
    """

    name: str
    kind: Kind
    guard: Guard
    function: Function
    #: A msgspec type, or None for a procedure that takes nothing.
    input: Any = None
    rest: Rest | None = None
    #: The result holds a secret: it is never compressed and never kept.
    secret: bool = False
    #: The input is multipart/form-data: each field is a text, or a list of Uploads.
    form: bool = False


class Router:
    """The procedures of one file, by name, in the order of their declaration."""

    def __init__(self) -> None:
        self.procedures: dict[str, Procedure] = {}

    def query(self, name: str, *, guard: Guard, **more: Any) -> Callable[[F], F]:
        """Declare a procedure that changes nothing; `more` are Procedure's members."""
        return self._declare(name, "query", guard, more)

    def mutation(self, name: str, *, guard: Guard, **more: Any) -> Callable[[F], F]:
        """Declare a procedure that changes something."""
        return self._declare(name, "mutation", guard, more)

    def subscription(self, name: str, *, guard: Guard, **more: Any) -> Callable[[F], F]:
        """Declare a procedure that names the topics which its caller hears."""
        return self._declare(name, "subscription", guard, more)

    def _declare(
        self, name: str, kind: Kind, guard: Guard, more: dict[str, Any]
    ) -> Callable[[F], F]:
        def declare(function: F) -> F:
            if name in self.procedures:
                raise ValueError(f"procedure {name!r} is declared twice")

            self.procedures[name] = Procedure(
                name=name, kind=kind, guard=guard, function=function, **more
            )
            return function

        return declare
