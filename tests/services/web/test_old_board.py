"""A board of Homarr before 1.0, from its file in a form to the page that shows it."""

from __future__ import annotations

import json
from io import BytesIO

from quart.datastructures import FileStorage

from services.web.app import MAX_BODY_BYTES
from tests.dashboard.oldmarr.files import medium

from .helpers import Browser

PATH = "/api/trpc/board.importOldmarrConfig"


async def send(browser: Browser, content: bytes) -> tuple[int, str]:
    """Send a file as browsers do; the status and the answer."""

    file = FileStorage(
        BytesIO(content), "default.json", content_type="application/json"
    )
    response = await browser.client.post(
        PATH, files={"file": file}, form={"configuration": '{"name":"old"}'}
    )
    return response.status_code, str(await response.get_data(as_text=True))


async def test_a_board_of_every_widget_is_shown(member: Browser, stranger: Browser):
    """Its categories, apps, links and notes; what needs an integration is a card."""

    status, body = await send(member, json.dumps(medium()).encode())
    address = (await member.get("/boards/old")).location
    page, guest = await member.get(address), await stranger.get(address)

    assert (status, json.loads(body)["result"]["data"]["json"]) == (200, None)
    assert (page.status, guest.status) == (200, 200)
    for words in (
        "My place",
        "Media &amp; more",
        "Tools",
        "Shopping",
        "Sonarr",
        "Docs",
    ):
        assert words in page.text

    assert page.text.count("<article ") == 27
    assert "@media(min-width:" in page.text


async def test_a_file_as_large_as_homarr_takes_arrives(member: Browser):
    """The form around it counts for itself; what is larger is told, up to a bound."""

    file = json.dumps(medium()).encode().ljust(MAX_BODY_BYTES)
    status, _ = await send(member, file)
    larger, answer = await send(member, file + b" ")
    much, refusal = await send(member, file * 2)

    assert (status, larger, much) == (200, 400, 413)
    assert "fileTooLarge" in answer
    assert "PAYLOAD_TOO_LARGE" in refusal
