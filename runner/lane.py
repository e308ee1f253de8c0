"""A lane: one thread, one event loop, one task group, one backend.

Services that share a backend share a lane. Nothing of a lane's loop is ever
touched from another thread; `post` and `call` are the two ways across.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from contextvars import Context, copy_context
from functools import partial
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup, TaskStatus
from anyio.lowlevel import current_token
from sniffio import current_async_library_cvar

from .errors import LaneClosedError
from .plan import Backend

Post = Callable[..., object]
T = TypeVar("T")

logger = logging.getLogger("runner.lane")


class Lane:
    """An event loop that other threads may send work to."""

    def __init__(self, name: str, backend: Backend) -> None:
        self.name = name
        self.backend: Backend = backend
        #: Its thread's identifier, once it is open.
        self.thread: int | None = None
        self._post: Post | None = None
        self._tasks: TaskGroup
        #: What posted functions run in: the poster's own context names its backend.
        self._context: Context
        self._closing: anyio.Event

    async def serve(self, *, task_status: TaskStatus[None]) -> None:
        """Take work in the running event loop until `close`."""

        self._closing = anyio.Event()
        self.thread = threading.get_ident()
        self._context = copy_context()

        async with anyio.create_task_group() as self._tasks:
            self._post = _open_post()
            task_status.started()
            await self._closing.wait()
            self._post = None
            self._tasks.cancel_scope.cancel()

    def close(self) -> None:
        """End `serve`, cancelling what it still runs; from any thread."""

        self.post(self._closing.set)

    @property
    def current(self) -> bool:
        """Whether the caller runs in this lane's thread."""

        return threading.get_ident() == self.thread

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Run a plain function in this lane soon; from any thread, never waiting.

        Its exceptions are logged: there is nobody left to raise them to.

        Raises:
            LaneClosedError: the lane has ended, or never began.
        """

        post = self._post
        if post is None:
            raise LaneClosedError(self.name)

        try:
            post(_run_logged, self._context.copy(), function, args)
        except RuntimeError as error:  # both backends' word for "the loop is closed"
            raise LaneClosedError(self.name) from error

    async def call(
        self,
        function: Callable[..., Awaitable[T]],
        *args: Any,
        timeout: float | None = None,
    ) -> T:
        """Run an async function in this lane and return what it returns.

        The caller's context variables go with it. When the caller is cancelled
        or `timeout` (seconds) passes, the function is cancelled there, and the
        call returns only once it has ended: nothing is left running unseen.

        Raises:
            TimeoutError: `timeout` passed.
            LaneClosedError: the lane has ended.
        """

        with anyio.fail_after(timeout):
            if self.current:
                return await function(*args)

            return await self._call_across(partial(function, *args))

    async def _call_across(self, function: Callable[[], Awaitable[T]]) -> T:
        crossing: _Crossing[T] = _Crossing(function, home=_open_post())
        context = copy_context()
        # anyio keeps the backend's name in a context variable: it must not cross.
        context.run(current_async_library_cvar.set, self.backend)
        self.post(crossing.begin, context, self._tasks, self.name)

        try:
            await crossing.done.wait()
        except anyio.get_cancelled_exc_class():
            self._post_cancel(crossing)
            with anyio.CancelScope(shield=True):
                await crossing.done.wait()

            raise

        if crossing.error is not None:
            raise crossing.error

        return crossing.result

    def _post_cancel(self, crossing: _Crossing[Any]) -> None:
        with suppress(LaneClosedError):  # a closing lane cancels all that it runs
            self.post(crossing.cancel)


class _Crossing(Generic[T]):
    """One function on its way through another lane and back."""

    result: T

    def __init__(self, function: Callable[[], Awaitable[T]], *, home: Post) -> None:
        self.done = anyio.Event()
        self.error: BaseException | None = None
        self._function = function
        self._home = home
        self._scope: anyio.CancelScope | None = None
        self._cancelled = False

    def begin(self, context: Context, tasks: TaskGroup, lane: str) -> None:
        """Start the function in the other lane; to be called there."""

        try:
            context.run(tasks.start_soon, self.run, lane)
        except RuntimeError:  # the lane has ended since this was posted
            self.error = LaneClosedError(lane)
            self._home(self.done.set)

    async def run(self, lane: str) -> None:
        """Run the function in the other lane; whatever it raises stays in here."""

        cancelled = anyio.get_cancelled_exc_class()
        self.error = LaneClosedError(lane)

        try:
            with anyio.CancelScope() as self._scope:
                if self._cancelled:
                    return

                self.result = await self._function()
                self.error = None
        except cancelled:
            raise
        except BaseException as error:  # noqa: BLE001
            # SystemExit would end the lane's loop, and every bystander with it.
            self.error = error
        finally:
            self._home(self.done.set)

    def cancel(self) -> None:
        """Cancel the function; to be called in its lane."""

        self._cancelled = True
        if self._scope is not None:
            self._scope.cancel()


@asynccontextmanager
async def open_lanes(
    main: Lane, others: Iterable[Lane]
) -> AsyncIterator[Mapping[str, Lane]]:
    """Open `main` in the running event loop, and each other in its own thread."""

    threads: list[tuple[Lane, threading.Thread, anyio.Event]] = []

    async with anyio.create_task_group() as tasks:
        await tasks.start(main.serve)

        try:
            for lane in others:
                opened, ended = anyio.Event(), anyio.Event()
                thread = threading.Thread(
                    target=_run_thread, args=(lane, main, opened, ended), name=lane.name
                )
                thread.start()
                threads.append((lane, thread, ended))
                await opened.wait()

            yield {lane.name: lane for lane in (main, *(one for one, *_ in threads))}
        finally:
            with anyio.CancelScope(shield=True):
                for lane, thread, ended in reversed(threads):
                    lane.close()
                    await ended.wait()
                    thread.join()

            main.close()


def run_in_backend(
    backend: Backend, function: Callable[..., Awaitable[T]], *args: Any
) -> T:
    """Run an async function in a new event loop, uvloop's where it is installed."""

    options = {"use_uvloop": find_loop(backend) == "uvloop"}
    return anyio.run(
        function,
        *args,
        backend=backend,
        backend_options=options if backend == "asyncio" else {},
    )


def find_loop(backend: Backend) -> str:
    """Return the name of the event loop that a backend will run on."""

    if backend == "asyncio" and find_spec("uvloop") is not None:
        return "uvloop"

    return backend


def _run_thread(
    lane: Lane, main: Lane, opened: anyio.Event, ended: anyio.Event
) -> None:
    async def serve() -> None:
        async with anyio.create_task_group() as tasks:
            await tasks.start(lane.serve)
            main.post(opened.set)

    try:
        run_in_backend(lane.backend, serve)
    finally:
        main.post(ended.set)


def _open_post() -> Post:
    """Return the running loop's thread-safe way to run a plain function soon."""

    token: Any = current_token().native_token  # trio's token, or asyncio's loop
    post: Post = getattr(token, "run_sync_soon", None) or token.call_soon_threadsafe
    return post


def _run_logged(
    context: Context, function: Callable[..., object], args: tuple[Any, ...]
) -> None:
    try:
        context.run(function, *args)
    except Exception:  # trio would end its whole run for it
        logger.exception("a function posted to a lane failed")
