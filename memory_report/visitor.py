"""An HTTP client that behaves like a browser and counts what it asks and gets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

import httpcore
import trio

from memory_report.answers import Answers
from memory_report.errors import StoryError

ANSWER_TIMEOUT = 20.0

_FORM_TOKEN = re.compile(r'name="csrf_token"\s+value="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    #: The `Location` header, or nothing.
    location: str
    text: str

    def form_token(self) -> str:
        """Return the token that this page's forms carry."""

        found = _FORM_TOKEN.search(self.text)
        if found is None:
            raise StoryError("read a form", "the page has no csrf_token field")

        return unescape(found[1])


class Visitor:
    """One person's browser: its cookies and its kept-alive connection."""

    def __init__(
        self,
        pool: httpcore.AsyncConnectionPool,
        url: str,
        *,
        service: str,
        counts: Counter[str],
        headers: Mapping[str, str] | None = None,
        answers: Answers | None = None,
    ) -> None:
        self.cookies: dict[str, str] = {}
        self._pool = pool
        self._url = url
        self._service = service
        self._counts = counts
        self._headers = dict(headers or {})
        self._answers = answers

    async def get(self, path: str, *, expect: int = 200) -> Answer:
        """Get a page; any other status than the expected one fails the story."""

        return await self._send("GET", path, b"", {}, expect)

    async def post_form(
        self, path: str, fields: Mapping[str, str], *, expect: int = 303
    ) -> Answer:
        """Send a form, as the page's own origin does."""

        kind = "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "Origin": self._url}
        return await self._send(
            "POST", path, urlencode(fields).encode(), headers, expect
        )

    async def post_json(self, path: str, body: bytes, *, expect: int = 200) -> Answer:
        """Call an API."""

        headers = {"Content-Type": "application/json"}
        return await self._send("POST", path, body, headers, expect)

    def cookie_header(self) -> str:
        """Return the cookies as a request carries them."""

        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    async def _send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        expect: int,
    ) -> Answer:
        step = f"{method} {path}"
        sent = self._headers | dict(headers)
        if self.cookies:
            sent["Cookie"] = self.cookie_header()

        self._counts[f"{self._service}.requests"] += 1
        try:
            with trio.fail_after(ANSWER_TIMEOUT):
                response = await self._pool.request(
                    method, self._url + path, headers=list(sent.items()), content=body
                )
        except trio.TooSlowError:
            reason = f"no answer within {ANSWER_TIMEOUT:g} s"
            raise StoryError(step, reason) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise StoryError(step, f"{type(error).__name__}: {error}") from error

        self._counts[f"{self._service}.responses_{response.status // 100}xx"] += 1
        self._counts[f"{self._service}.response_bytes"] += len(response.content)
        self._keep_cookies(response)
        answer = Answer(
            status=response.status,
            location=_header(response, b"location"),
            text=response.content.decode(errors="replace"),
        )
        if answer.status != expect:
            raise StoryError(
                step, f"status {answer.status} instead of {expect}: {_excerpt(answer)}"
            )

        if self._answers is not None:
            told = f"{answer.status} {answer.location}\n{answer.text}"
            self._answers.append((f"{self._service} {step}", told))

        return answer

    def _keep_cookies(self, response: httpcore.Response) -> None:
        for name, value in response.headers:
            if name.lower() == b"set-cookie":
                key, _, kept = value.decode().partition(";")[0].partition("=")
                if kept:
                    self.cookies[key.strip()] = kept
                else:
                    self.cookies.pop(key.strip(), None)


def _header(response: httpcore.Response, wanted: bytes) -> str:
    return next(
        (value.decode() for name, value in response.headers if name.lower() == wanted),
        "",
    )


def _excerpt(answer: Answer) -> str:
    words = answer.location or " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())
    return words[:200] or "an empty body"
