"""Somebody's own story: the file that says what their services are asked to do."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import AsyncGeneratorType
from typing import Any

import httpcore

from memory_report.arrangements import RunningArrangement
from memory_report.errors import ReportError, StoryError, UsageError
from memory_report.processes import first_error
from memory_report.records import OwnServices, SourceFile
from memory_report.timings import Timings
from memory_report.visitor import Visitor

Play = Callable[["Scene"], AbstractAsyncContextManager[None]]


class Addresses(dict[str, str]):
    """Addresses by service; who asks for one that is not there is told which are."""

    def __missing__(self, service: str) -> str:
        raise KeyError(f"{service}: {_describe_addresses(self)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a story is given: where the services are, and where to count."""

    #: By the name of the service, `http://host:port` without a path.
    urls: Mapping[str, str]
    #: What was asked and what came back. `SERVICE.what` must come out the same at both
    #: ends, and in all launches; a name without a dot is the story's own, and must be
    #: alike in all launches.
    counts: Counter[str]
    pool: httpcore.AsyncConnectionPool
    timings: Timings

    def visit(self, service: str) -> Visitor:
        """Return a client of one service, which counts `SERVICE.requests` and so on.

        Raises:
            StoryError: the service has no address.
        """

        if service not in self.urls:
            raise StoryError(f"visit {service}", _describe_addresses(self.urls))

        return Visitor(
            self.pool, self.urls[service], service=service, counts=self.counts
        )


def _describe_addresses(services: Iterable[str]) -> str:
    *others, last = sorted(services) or [""]
    if others:
        return f"only {', '.join(others)} and {last} have an address"

    return f"only {last} has an address" if last else "no service has an address"


def load_play(path: Path) -> Play:
    """Load the function `play` of a story's file.

    Raises:
        UsageError: the file cannot be loaded, or `play` is not what it must be.
    """

    spec = importlib.util.spec_from_file_location("own_story", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file; a story is one")

    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(f"the story {path} cannot be loaded: {reason}") from error

    play: Any = getattr(module, "play", None)
    if not inspect.isasyncgenfunction(play):
        raise UsageError(
            f"{path} has no `async def play(scene)` with a `yield` where its sockets "
            "are open and everything was asked"
        )

    return _play_once(play, path)


def _play_once(
    play: Callable[[Scene], AsyncGeneratorType[None, None]], path: Path
) -> Play:
    """Return what plays up to the `yield` and on from there, and names what fails."""

    @asynccontextmanager
    async def play_once(scene: Scene) -> AsyncIterator[None]:
        generator = play(scene)
        with _named(path):
            async for _ in generator:
                break
            else:
                raise StoryError(str(path), "`play` ended before its `yield`")

        try:
            yield
        except BaseException as thrown:
            with _named(path, but=thrown), suppress(StopAsyncIteration):
                await generator.athrow(thrown)

            if isinstance(thrown, Exception):
                raise  # a failure is none the less for a story that would hide it

            return  # a scope of its own has ended, and took what had cancelled it

        with _named(path):
            async for _ in generator:
                frame: Any = generator.ag_frame
                place = f"{path}:{frame.f_lineno}"
                await generator.aclose()
                raise StoryError(place, "a second `yield`; it must have one")

    return play_once


@contextmanager
def _named(path: Path, *, but: BaseException | None = None) -> Iterator[None]:
    """Say of what a story raises where in its file; leave what came from outside.

    Raises:
        StoryError: with the file and the line.
    """

    try:
        yield
    except Exception as error:
        inner = _innermost(error, but)
        if inner is but or isinstance(inner, ReportError):
            raise

        lines = [
            frame.lineno
            for frame in traceback.extract_tb(inner.__traceback__)
            if Path(frame.filename).resolve() == path.resolve()
        ]
        place = f"{path}:{lines[-1]}" if lines else str(path)
        said = " ".join(str(inner).split())
        reason = f"{type(inner).__name__}: {said}" if said else type(inner).__name__
        raise StoryError(place, reason) from error


def _innermost(error: BaseException, but: BaseException | None) -> BaseException:
    """Return the one error that a nursery's group is about."""

    if isinstance(error, BaseExceptionGroup):
        known = error.subgroup(lambda one: one is but or isinstance(one, ReportError))
        return _innermost((known or error).exceptions[0], but)

    return error


@asynccontextmanager
async def open_own_story(
    running: RunningArrangement, play: Play, *, timings: Timings
) -> AsyncIterator[Counter[str]]:
    """Play somebody's story; the block runs at its `yield`.

    The counts are final when the block has ended.
    """

    counts: Counter[str] = Counter()
    with first_error():
        async with httpcore.AsyncConnectionPool(max_connections=64) as pool:
            scene = Scene(
                urls=Addresses(running.urls),
                counts=counts,
                pool=pool,
                timings=timings,
            )
            async with play(scene):
                yield counts


def describe_own(plan: Path, story: Path) -> OwnServices:
    """Return which files a measurement is made with.

    Raises:
        UsageError: one of them cannot be read.
    """

    return OwnServices(plan=_describe_file(plan), story=_describe_file(story))


def _describe_file(path: Path) -> SourceFile:
    try:
        digest = sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error

    return SourceFile(path=str(path), sha256=digest)
