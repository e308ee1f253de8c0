"""Values of JavaScript for which Python has no type of its own."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any


class Value:
    """One of them, as SuperJSON writes it."""

    __slots__ = ()

    @property
    @abstractmethod
    def tag(self) -> Any:
        """What SuperJSON calls the type."""

    @property
    @abstractmethod
    def content(self) -> Any:
        """What it writes in its place, of which the parts may have tags too."""


class BigInt(int, Value):
    """A bigint; a plain int is a number of JavaScript's, which has fewer digits."""

    __slots__ = ()
    tag = "bigint"

    # As for texts, it differs from process to process: else somebody could choose many
    # that have one hash, and a set of them would take minutes.
    def __hash__(self) -> int:
        return hash(self.content)

    @property
    def content(self) -> str:
        """Its digits."""
        return str(int(self))


class Map(dict[Any, Any], Value):
    """A Map, whose keys are of any type; a plain dict is an object."""

    __slots__ = ()
    tag = "map"

    @property
    def content(self) -> list[list[Any]]:
        """Its keys with their values."""
        return [list(pair) for pair in self.items()]


@dataclass(frozen=True, slots=True)
class TypedArray(Value):
    """Numbers of one size, such as a Uint8Array, which is the name of their type."""

    kind: str
    content: list[float]

    @property
    def tag(self) -> list[str]:
        """As SuperJSON names it: by two words."""
        return ["typed-array", self.kind]


@dataclass(frozen=True, slots=True)
class RegExp(Value):
    """A regular expression, as it is written: `/a+/gi`."""

    content: str
    tag = "regexp"


@dataclass(frozen=True, slots=True)
class Url(Value):
    """An address, as a type of its own and not as a text."""

    content: str
    tag = "URL"


@dataclass(frozen=True, slots=True)
class Fault(Value):
    """An Error: its name, its message, and what else it was sent with."""

    content: dict[str, Any]
    tag = "Error"
