"""A page, as an ASGI application without a framework."""

from __future__ import annotations

from typing import Any

PAGE = b"<!doctype html><title>Mine</title><p>Served from under one roof.\n"


def create_app() -> Any:
    """Make the application: what the plan's `asgi` names."""

    return answer


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Answer every request with the page; there is no lifespan to speak of."""

    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])

    headers = [(b"content-type", b"text/html; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE})
