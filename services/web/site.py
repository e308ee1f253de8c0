"""What all pages share, made once when the application is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dashboard.accounts.attempts import Attempts
from dashboard.resources import Resources
from services.web.assets import Assets
from services.web.live import LiveState
from services.web.onboarding import Onboarding
from services.web.render import Renderer
from services.web.security import FormTokens


class Sample(Protocol):
    """One reading of the memory monitor; sizes in bytes, lags in seconds."""

    @property
    def time(self) -> float: ...
    @property
    def rss(self) -> int: ...
    @property
    def pss(self) -> int: ...
    @property
    def uss(self) -> int: ...
    @property
    def threads(self) -> int: ...
    @property
    def files(self) -> int: ...
    @property
    def cpu(self) -> float: ...
    @property
    def lags(self) -> Mapping[str, float]: ...
    def as_dict(self) -> Mapping[str, Any]: ...


class Monitor(Protocol):
    """What we use of the memory monitor."""

    @property
    def label(self) -> str: ...
    def samples(self, count: int = 60) -> Sequence[Sample]: ...
    def history(self, count: int = 288) -> Sequence[Sample]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every page may reach."""

    resources: Resources
    monitor: Monitor
    live: LiveState
    onboarding: Onboarding
    renderer: Renderer
    assets: Assets
    tokens: FormTokens
    attempts: Attempts
    #: The wall clock in unix seconds; tests set it.
    now: Callable[[], float]
    #: Held while uploaded files are in memory as a whole.
    storing: asyncio.Lock = field(default_factory=asyncio.Lock)
