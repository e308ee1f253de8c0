"""REST answers on their way out: ETags, 304, and secrets that nobody may keep."""

from __future__ import annotations

import gzip

from quart import Quart

from .asking import ask


async def test_a_read_is_asked_for_again_by_its_etag(app: Quart, key: str):
    """304 without a body, for the same key and the same content."""

    first = await ask(app, "GET", "/api/things", key=key)
    etag = {"If-None-Match": first.headers["ETag"]}
    again = await ask(app, "GET", "/api/things", key=key, headers=etag)
    stranger = await ask(app, "GET", "/api/things", headers=etag)

    assert first.headers["ETag"].startswith('W/"')
    assert (again.status_code, await again.get_data()) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert stranger.status_code == 401


async def test_a_secret_has_no_etag_and_no_encoding(app: Quart, key: str):
    """Neither over GET nor over POST."""

    headers = {"Accept-Encoding": "gzip, br, zstd", "If-None-Match": "*"}
    for method, path in (("GET", "/api/things/key"), ("POST", "/api/things/secret")):
        response = await ask(app, method, path, key=key, headers=headers)

        assert response.status_code == 200
        assert "ETag" not in response.headers
        assert "Content-Encoding" not in response.headers


async def test_results_are_compressed(app: Quart, key: str):
    """As pages are."""

    path = f"/api/things/paginated?search={'x' * 255}" + "&tags=1" * 500
    response = await ask(app, "GET", path, key=key, headers={"Accept-Encoding": "gzip"})

    assert response.headers["Content-Encoding"] == "gzip"
    assert b"pageSize" in gzip.decompress(await response.get_data())
