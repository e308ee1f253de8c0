"""Modules that are read when something of theirs is first used, not when imported.

For what libraries import and a program never calls: their command lines, their test
clients, protocols that are refused here. `from tool import Thing` then gives a stand-in
for `Thing`; its first call, attribute or item reads `tool`. Unlike PEP 810's lazy
imports, which this resembles, it works on code that is not ours.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, cast

#: What `typing` looks for in whatever an annotation names: only its own things have it.
_PROBED = frozenset(
    ("__parameters__", "__typing_subst__", "__typing_unpacked_tuple_args__")
)
#: Where a module that waits has the real one, once it was read.
_REAL = "_real_module"


def install(names: Iterable[str]) -> None:
    """Have modules of these names read at their first use.

    Those that are imported already stay as they are.
    """

    waiting = set(names) - sys.modules.keys()
    if waiting:
        sys.meta_path.insert(0, _Finder(waiting))


def is_waiting(module: ModuleType) -> bool:
    """Say whether a module was imported, and not read yet."""

    return isinstance(module, _LazyModule) and _REAL not in vars(module)


class _Finder:
    """Finds the modules that are to wait, as Python does, and gives them our loader."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: object = None
    ) -> ModuleSpec | None:
        """Return the module's own specification, with a loader that waits."""

        if fullname not in self._names:
            return None

        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = cast(Any, _Loader(self._names))

        return spec


class _Loader:
    def __init__(self, names: set[str]) -> None:
        #: The finder's: without a module's name, Python itself finds it again.
        self.names = names

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make a module that does not know its names yet."""

        return _LazyModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it for later."""


class _LazyModule(ModuleType):
    """A module that was not read yet: whatever it is asked for, it promises."""

    def __getattr__(self, name: str) -> Any:
        real = vars(self).get(_REAL)
        if real is not None:
            return getattr(real, name)

        # What tools look for in each module of the process is no use of it.
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)

        return vars(self).setdefault(name, _StandIn(self, name))


def _read(module: _LazyModule) -> ModuleType:
    """Import the real module, and return it.

    By Python's own import, which has a lock for each module and sees when two threads
    wait for each other: nothing of ours is held meanwhile.
    """

    real: ModuleType | None = vars(module).get(_REAL)
    if real is not None:
        return real

    name = module.__name__
    loader = cast(_Loader, cast(ModuleSpec, module.__spec__).loader)
    loader.names.discard(name)
    if sys.modules.get(name) is module:
        del sys.modules[name]

    real = import_module(name)
    if real.__spec__ is not None and getattr(real.__spec__, "_initializing", False):
        return real  # its own code asks, in a circle: there is more to come

    for attribute, promised in list(vars(module).items()):
        if isinstance(promised, _StandIn):
            # What is asked of the module from now on is the real one's.
            vars(module).pop(attribute, None)
            for key, value in promised.set_meanwhile.items():
                setattr(getattr(real, attribute), key, value)
        elif isinstance(promised, ModuleType) and not hasattr(real, attribute):
            setattr(real, attribute, promised)  # a part that was imported meanwhile

    vars(module)[_REAL] = real
    return real


class _StandIn:
    """Something of a module that was not read yet; its first use reads it."""

    __slots__ = ("_module", "_name", "set_meanwhile")

    def __init__(self, module: _LazyModule, name: str) -> None:
        keep = super().__setattr__
        keep("_module", module)
        keep("_name", name)
        keep("set_meanwhile", {})

    def _find(self) -> Any:
        return getattr(_read(self._module), self._name)

    def __repr__(self) -> str:
        return f"<stand-in for {self._module.__name__}.{self._name}>"

    def __getattr__(self, name: str) -> Any:
        if name in _PROBED:
            raise AttributeError(name)

        return getattr(self._find(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        # Packages tell what they export that it is theirs: no reason to read it.
        if is_waiting(self._module):
            self.set_meanwhile[name] = value
        else:
            setattr(self._find(), name, value)

    def __call__(self, *args: Any, **keys: Any) -> Any:
        return self._find()(*args, **keys)

    def __bool__(self) -> bool:
        return bool(self._find())

    def __getitem__(self, key: Any) -> Any:
        return self._find()[key]

    def __contains__(self, item: Any) -> bool:
        return item in self._find()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._find())

    def __len__(self) -> int:
        return len(self._find())

    def __or__(self, other: Any) -> Any:
        return self._find() | other

    def __ror__(self, other: Any) -> Any:
        return other | self._find()

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._find())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._find())

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._find(),)
