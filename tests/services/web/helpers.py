"""A browser without a window, and the fakes that the pages are made with."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode

from quart import Quart, Response

ADMIN = "ada"
PASSWORD = "Correct horse 7!"
GUEST = "guido"
GUEST_PASSWORD = "a guest of this house"
MIB = 1024 * 1024


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = time.time()

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True, kw_only=True)
class FakeSample:
    """One reading, as the runner's monitor hands them out."""

    time: float = 1_000.0
    rss: int = 60 * MIB
    pss: int = 50 * MIB
    uss: int = 45 * MIB
    threads: int = 3
    files: int = 20
    cpu: float = 0.01
    lags: Mapping[str, float] = field(
        default_factory=lambda: {"asyncio": 0.0012, "trio": 0.0004}
    )

    def as_dict(self) -> Mapping[str, Any]:
        return {**vars(self), "lags": dict(self.lags)}


class FakeMonitor:
    """A monitor that knows the samples that a test gives it."""

    label = "web+ws+tasks"

    def __init__(self) -> None:
        self.taken: list[FakeSample] = [
            FakeSample(time=1_000.0 + index * 10, pss=(48 + index) * MIB)
            for index in range(3)
        ]

    def latest(self) -> FakeSample | None:
        return self.taken[-1] if self.taken else None

    def samples(self, count: int = 60) -> Sequence[FakeSample]:
        return self.taken[-count:]

    def history(self, count: int = 288) -> Sequence[FakeSample]:
        return self.taken[-count:]


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer that has arrived."""

    status: int
    headers: Any
    text: str

    @property
    def location(self) -> str:
        return str(self.headers["Location"])

    @property
    def form_token(self) -> str:
        match = re.search(r'name="csrf_token" value="([^"]+)"', self.text)
        assert match is not None, "the page has no form"

        return match[1]

    @property
    def words(self) -> str:
        """The page's text without its elements, for people's eyes."""

        text = re.sub(r"<(style|script|svg)\b.*?</\1>", "", self.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


class Browser:
    """Keep cookies and send forms the way a browser does."""

    def __init__(
        self, app: Quart, *, scheme: str = "http", address: str = "192.0.2.1"
    ) -> None:
        self.client = app.test_client()
        self._connection: Any = {
            "scheme": scheme,
            "scope_base": {"client": (address, 50000)},
        }

    async def get(self, path: str, **headers: str) -> Page:
        response = await self.client.get(
            path, headers=_names(headers), **self._connection
        )
        return await _arrived(response)

    async def post(
        self,
        path: str,
        fields: Mapping[str, str | Sequence[str]],
        **headers: str,
    ) -> Page:
        """Send a form exactly as given; `submit` adds the token."""

        response = await self.client.post(
            path,
            data=urlencode(fields, doseq=True).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                **_names(headers),
            },
            **self._connection,
        )
        return await _arrived(response)

    async def submit(
        self, page: str, path: str, fields: Mapping[str, str | Sequence[str]]
    ) -> Page:
        """Open a page and send a form of it."""

        token = (await self.get(page)).form_token
        return await self.post(path, {"csrf_token": token, **fields})

    async def post_json(self, path: str, body: bytes = b"{}", **headers: str) -> Page:
        """Send JSON as a script or a program does."""

        response = await self.client.post(
            path,
            data=body,
            headers={"Content-Type": "application/json", **_names(headers)},
            **self._connection,
        )
        return await _arrived(response)

    async def log_in(
        self, *, name: str = ADMIN, password: str = PASSWORD, callback: str = "/"
    ) -> Page:
        return await self.submit(
            "/auth/login",
            "/auth/login",
            {"name": name, "password": password, "callbackUrl": callback},
        )

    async def home(self) -> str:
        """Return the path of the home board."""

        page = await self.get("/")
        match = re.search(r'href="(/boards/[^"?]+)\?edit=1"', page.text)
        assert match is not None, "the home board cannot be edited"

        return match[1]

    async def add(self, kind: str, **fields: str | Sequence[str]) -> Page:
        board = await self.home()
        return await self.submit("/", f"{board}/items", {"kind": kind, **fields})

    def cookie(self, name: str) -> Any:
        """Return a cookie that the browser keeps, or None."""

        jar = self.client.cookie_jar
        assert jar is not None

        return next((cookie for cookie in jar if cookie.name == name), None)


def _names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def _arrived(response: Response) -> Page:
    return Page(
        status=response.status_code,
        headers=response.headers,
        text=str(await response.get_data(as_text=True)),
    )
