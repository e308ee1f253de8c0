"""Looks at imports from inside an interpreter; run by its path, as its first program.

    probe.py record FILE PROGRAM...   runs `python -m PROGRAM...`, and writes a line
                                      for each import that it sees
    probe.py weigh FILE [WAITING]     imports the modules that the file has, one by one,
                                      and says what each of them took
    probe.py floor FILE [WAITING]     imports them, and waits to be looked at

WAITING is a file with the modules that are to be read at their first use only, as the
runner has it: the program had asked for them, and never used them.

It imports nothing that an interpreter does not have already: what it takes itself is
no part of any figure.
"""

from __future__ import annotations

import builtins
import gc
import os
import sys

TYPE_CHECKING = False  # the name that type checkers know; `typing` itself weighs
if TYPE_CHECKING:
    import types
    from collections.abc import Callable, Iterator

#: In place of an importer: the module was asked for, and its code never ran.
WAITING = "(waiting)"
#: Numbers are kept in memory that is there from the start; no module list is longer.
MOST_MODULES = 20_000

# `sys.meta_path` sees where a module is found, not when its import ends. This is
# what the interpreter itself calls for each module that is not there yet; the option
# `-X importtime` looks at the same place.
_bootstrap = sys.modules["_frozen_importlib"]
_find_and_load = _bootstrap._find_and_load


def record(path: str) -> Callable[[], None]:
    """Write `importer TAB module` at each import, until the process ends.

    The first line that a module appears in has the one that pulled it in.

    Returns:
        What writes, at the end, which modules have not been read by then.
    """

    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    original = builtins.__import__
    seen = set()

    def write(importer: str, name: str) -> None:
        if (importer, name) not in seen:
            seen.add((importer, name))
            os.write(log, f"{importer}\t{name}\n".encode())

    def find_and_load(name: str, import_: object) -> object:
        write(_find_importer(), name)
        return _find_and_load(name, import_)

    def import_(
        name: str,
        globals: dict[str, object] | None = None,  # noqa: A002 -- its own words
        locals: dict[str, object] | None = None,  # noqa: A002
        fromlist: tuple[str, ...] = (),
        level: int = 0,
    ) -> object:
        module = original(name, globals, locals, fromlist, level)
        importer = globals or {}
        for whole in _resolve(name, importer, fromlist or (), level):
            write(str(importer.get("__name__", "")), whole)

        return module

    _bootstrap._find_and_load = find_and_load  # type: ignore[attr-defined]
    builtins.__import__ = import_  # type: ignore[assignment]

    def finish() -> None:
        for name in sorted({name for _, name in seen}):
            if _is_unread(name):
                write(WAITING, name)

    return finish


def weigh(names: list[str], waiting: list[str]) -> None:
    """Import modules, and print `bytes TAB module` for each that this brought in."""

    sizes = memoryview(bytearray(8 * MOST_MODULES)).cast("q")
    brought: list[str] = [""] * MOST_MODULES
    stack = [0] * MOST_MODULES
    count = depth = 0
    rollup = os.open("/proc/self/smaps_rollup", os.O_RDONLY)
    trim = None

    def read() -> int:
        text = os.pread(rollup, 4096, 0)
        begin = text.index(b"\nRss:") + 5
        return int(text[begin : text.index(b"kB", begin)]) * 1024

    def find_and_load(name: str, import_: object) -> object:
        nonlocal count, depth
        if name in sys.modules:
            return _find_and_load(name, import_)

        count += 1
        depth += 1
        number = stack[depth] = count
        brought[number] = name
        before = read()
        try:
            return _find_and_load(name, import_)
        finally:
            settle()
            taken = read() - before
            depth -= 1
            sizes[number] += taken
            sizes[stack[depth]] -= taken  # what is left is the importer's own

    def settle() -> None:
        gc.collect()
        gc.freeze()
        if trim is not None:
            trim(0)

    settle()
    _bootstrap._find_and_load = find_and_load  # type: ignore[attr-defined]
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    import_all(names, waiting)
    _bootstrap._find_and_load = _find_and_load  # type: ignore[attr-defined]
    for number in range(1, count + 1):
        if brought[number] in sys.modules:  # else it was tried, and is not there
            sys.stdout.write(f"{sizes[number]}\t{brought[number]}\n")


def import_all(names: list[str], waiting: list[str]) -> None:
    """Import modules in this order; what cannot be, could not be there either."""

    if waiting:
        from runner.lazy import install

        install(waiting)

    for name in names:
        try:
            __import__(name)
        except Exception:  # noqa: BLE001, S112 -- tried and missed there as well
            continue


def wait() -> None:
    """Settle as the runner does when it is idle, say so, and wait to be ended."""

    # Of the interpreter itself; `signal` would bring `enum`.
    import _signal  # type: ignore[import-not-found]

    gc.collect()
    if "ctypes" in sys.modules:  # else nothing was imported, and nothing is to trim
        getattr(sys.modules["ctypes"].CDLL(None), "malloc_trim", bool)(0)

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    _signal.pause()


def _is_unread(name: str) -> bool:
    """Say whether a module is there whose code has not run.

    Running code leaves `__builtins__` in the module; nothing may be asked of the
    module itself, because that could be its first use.
    """

    module = sys.modules.get(name)
    if module is None:
        return False

    names = object.__getattribute__(module, "__dict__")
    return (
        str(names.get("__file__", "")).endswith(".py") and "__builtins__" not in names
    )


def _find_importer() -> str:
    """Return the name of the module whose code asks for the import that begins."""

    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        machinery = frame.f_code.co_filename.startswith("<frozen importlib")
        if (
            not machinery
            and frame.f_code.co_filename != __file__
            and name != "importlib"
        ):
            return str(name)

        frame = frame.f_back

    return ""


def _resolve(
    name: str, importer: dict[str, object], fromlist: tuple[str, ...], level: int
) -> Iterator[str]:
    """Yield the whole names of what an import statement asks for."""

    if level:
        package = str(importer.get("__package__") or importer.get("__name__", ""))
        base = package.rsplit(".", level - 1)[0]
        name = f"{base}.{name}" if name else base

    yield name
    for part in fromlist:
        if f"{name}.{part}" in sys.modules:
            yield f"{name}.{part}"


def main() -> None:
    """Do what the command line says."""

    mode, path, *program = sys.argv[1:]
    sys.path[0] = os.getcwd()  # noqa: PTH109 -- as `python -m` has it; pathlib weighs
    if mode == "record":
        import runpy

        sys.argv[:] = program
        finish = record(path)
        try:
            runpy.run_module(program[0], run_name="__main__", alter_sys=True)
        finally:
            finish()

        return

    names = _read_names(path)
    waiting = _read_names(program[0]) if program else []
    if mode == "weigh":
        weigh(names, waiting)
    else:
        import_all(names, waiting)
        wait()


def _read_names(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 -- pathlib weighs
        return file.read().split()


if __name__ == "__main__":
    main()
