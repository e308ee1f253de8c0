"""Files, as Homarr's client sends them: a form to one procedure, not in a batch."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from quart import Quart
from quart.datastructures import FileStorage

from dashboard.issues import find_issues
from dashboard.trpc.procedure import Upload
from dashboard.trpc.routers import ROUTERS, load_router
from services.web import app as web
from services.web.trpc import uploads
from services.web.trpc.reading import UPLOADS

from ..helpers import Browser

KEEP = "/api/trpc/probe.keep"
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


def file(name: str, content: bytes, kind: str = "image/png") -> FileStorage:
    """A file as a form carries it."""

    return FileStorage(BytesIO(content), filename=name, content_type=kind)


async def send(browser: Browser, path: str, files: Any, **form: str) -> Any:
    """Send a form; the status and the answer."""

    response = await browser.client.post(path, files=files, form=form)
    return response.status_code, json.loads(await response.get_data())


async def test_files_reach_the_procedure(member: Browser):
    """Their names, types and contents; text fields beside them."""

    status, body = await send(
        member, KEEP, {"files": file("a.png", b"12345")}, title="x"
    )

    assert status == 200
    assert body == {"result": {"data": {"json": [["a.png", "image/png", 5]]}}}


async def test_a_stranger_s_files_are_not_even_received(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
):
    """401 before the body is looked at."""

    def refuse(*_: object) -> None:
        raise AssertionError("the form was read")

    monkeypatch.setattr(uploads, "open_upload", refuse)
    status, body = await send(stranger, KEEP, {"files": file("a.png", b"1")})

    assert status == 401
    assert body["error"]["json"]["data"]["code"] == "UNAUTHORIZED"


async def test_a_form_without_files_is_told_what_lacks(member: Browser):
    """By field, as every input."""

    status, body = await send(member, KEEP, {}, title="x")

    assert status == 400
    assert body["error"]["json"]["data"]["zodError"]["fieldErrors"] == {
        "files": ["Invalid input: expected array, received undefined"]
    }


async def test_a_good_file_is_not_blamed_for_a_wrong_field(member: Browser):
    """What is told is told in words of JavaScript: a file is a File."""

    files = [("files", file("a.png", b"1")), ("title", file("b.png", b"2"))]
    status, body = await send(member, KEEP, dict(files))

    assert status == 400
    assert body["error"]["json"]["data"]["zodError"]["fieldErrors"] == {
        "title": ["Invalid input: expected string, received array"]
    }
    assert find_issues(Upload("a", "b", b""), str)[0]["message"] == (
        "Invalid input: expected string, received File"
    )


async def test_only_procedures_that_take_files_take_forms(member: Browser):
    """And those take nothing else."""

    status, body = await send(member, "/api/trpc/probe.change", {}, id="x")
    page = await member.post_json(KEEP, b'{"json":{"files":[]}}')

    assert (status, page.status) == (415, 415)
    assert body["error"]["json"]["data"]["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert "multipart/form-data" in page.text


async def test_forms_are_not_batched(member: Browser):
    """There is one body, for one call."""

    status, _ = await send(member, f"{KEEP},probe.keep?batch=1", {})

    assert status == 415


@pytest.mark.parametrize(
    ("kind", "body", "status", "message"),
    [
        ("; boundary=x", b"--x\r\n\r\n1\r\n--x--\r\n", 400, "received undefined"),
        ("; boundary=x", PART * 101 + b"--x--\r\n", 413, "PAYLOAD_TOO_LARGE"),
        ("; boundary=x", PART[:-8], 400, "received undefined"),
        ("", PART, 400, "received undefined"),
    ],
    ids=["no name", "too many", "cut off", "no boundary"],
)
async def test_a_broken_form_is_told(
    member: Browser, kind: str, body: bytes, status: int, message: str
):
    """What is no form has no fields; the service goes on."""

    response = await member.client.post(
        KEEP, headers={"Content-Type": f"multipart/form-data{kind}"}, data=body
    )
    error = json.loads(await response.get_data())["error"]["json"]

    assert response.status_code == status
    assert message in error["message"]


async def test_large_bodies_are_for_files_only(
    app: Quart, member: Browser, monkeypatch: pytest.MonkeyPatch
):
    """Their addresses have bounds of their own."""

    monkeypatch.setitem(UPLOADS, KEEP, 2 * web.MAX_BODY_BYTES)
    within = b"x" * (web.MAX_BODY_BYTES + 1000)

    status, body = await send(member, KEEP, {"files": file("a", within)})
    above, refusal = await send(member, KEEP, {"files": file("a", within * 2)})
    elsewhere = await member.client.post(
        "/api/trpc/probe.reset",
        headers={"Content-Type": "application/json"},
        data=b" " * (web.MAX_BODY_BYTES + 1000),
    )

    assert (status, body["result"]["data"]["json"][0][2]) == (200, len(within))
    assert (above, elsewhere.status_code) == (413, 413)
    assert refusal["error"]["json"]["data"]["code"] == "PAYLOAD_TOO_LARGE"


def test_every_procedure_that_takes_files_has_a_bound():
    """At another address its files would be too large."""

    taking = {
        f"/api/trpc/{router}.{name}"
        for router in ROUTERS
        for name, procedure in load_router(router).procedures.items()
        if procedure.form
    }

    assert taking - {KEEP} == UPLOADS.keys()
    assert all(bound > web.MAX_BODY_BYTES for bound in UPLOADS.values())
