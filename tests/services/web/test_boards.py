"""The home board: what it shows, and what adding, changing and removing does."""

from __future__ import annotations

import re

import pytest
from quart import Quart

from dashboard.accounts import open_session
from dashboard.database import Database
from dashboard.identity import User
from dashboard.resources import Resources

from .helpers import Browser, FakeMonitor, Page


def _item_paths(page: Page, kind: str) -> list[str]:
    """Find the edit links of the cards of one kind."""

    cards = re.findall(
        rf'<article class="cell card {kind}.*?</article>', page.text, re.DOTALL
    )
    return [
        match[1]
        for card in cards
        if (match := re.search(r'href="(/boards/\S+/items/\w+)"', card))
    ]


async def _edit_page(member: Browser) -> Page:
    return await member.get(f"{await member.home()}?edit=1")


async def _stranger_to_the_board(app: Quart, database: Database) -> Browser:
    """Log in somebody who may look at the home board and not change it."""

    user = User(id="visitor", name="visitor")
    async with database.write() as tx:
        await tx.execute(
            'INSERT INTO "user" (id, name) VALUES (?, ?)', ("visitor",) * 2
        )
        await tx.execute(
            'INSERT INTO "groupMember" (group_id, user_id)'
            " SELECT id, ? FROM \"group\" WHERE name = 'everyone'",
            (user.id,),
        )

    session = await open_session(database, user)
    browser = Browser(app)
    browser.client.set_cookie("localhost", "homarr.session-token", session.token)
    return browser


async def test_home_board_shows_an_item_of_each_kind(member: Browser):
    """A new installation has something to look at."""

    page = await member.get("/")

    for kind in ("app", "bookmarks", "clock", "notebook", "memory"):
        assert f'class="cell card {kind}' in page.text

    assert "48.0" not in page.words
    assert "50.0 MiB PSS" in page.words


async def test_board_is_found_under_its_own_address_too(member: Browser):
    """The home board and its address show the same board."""

    page = await member.get(await member.home())

    assert page.status == 200
    assert "home" in page.words


async def test_a_board_s_name_leads_to_its_address(member: Browser):
    """As in Homarr's addresses, so that old bookmarks go on; small letters or not."""

    address = await member.home()
    for name in ("home", "HOME"):
        page = await member.get(f"/boards/{name}")

        assert page.status == 302
        assert page.headers["Location"] == address


async def test_unknown_board_is_not_found(member: Browser):
    """A member is told 404 for a board that is not there or not theirs."""

    page = await member.get("/boards/nothing")

    assert page.status == 404


async def test_strangers_cannot_tell_which_boards_exist(
    stranger: Browser, member: Browser
):
    """Before the login, an existing and a missing board look the same."""

    existing = await stranger.get(await member.home())
    missing = await stranger.get("/boards/nothing")

    assert (existing.status, missing.status) == (302, 302)
    assert existing.location.startswith("/auth/login?callbackUrl=")


async def test_public_boards_are_shown_without_a_login(
    stranger: Browser, member: Browser, database: Database
):
    """A public board needs no account, offers no editing, and opens no socket."""

    path = await member.home()
    async with database.write() as tx:
        await tx.execute("UPDATE board SET is_public = 1")

    page = await stranger.get(f"{path}?edit=1")

    assert page.status == 200
    assert "Add to this board" not in page.words
    assert "data-memory" not in page.text


async def test_onlookers_are_offered_no_editing(app: Quart, database: Database):
    """Who may only look sees no edit button, and no forms when they ask for them."""

    onlooker = await _stranger_to_the_board(app, database)
    page = await onlooker.get("/")
    path = re.search(r"/boards/\w+", (await onlooker.get("/?edit=1")).text)

    assert page.status == 200
    assert path is None
    assert "Remove" not in page.words


async def test_onlookers_cannot_change_the_board(
    app: Quart, member: Browser, database: Database
):
    """Their forms are answered with 403, and nothing changes."""

    path = await member.home()
    note = _item_paths(await _edit_page(member), "notebook")[0]
    onlooker = await _stranger_to_the_board(app, database)
    token = (await onlooker.get("/")).form_token
    looked = await onlooker.get(note)
    assert looked.status == 403
    for target in (f"{path}/items", note, f"{note}/remove"):
        fields = {"csrf_token": token, "kind": "memory", "content": "mine"}
        page = await onlooker.post(target, fields)
        assert page.status == 403

    assert note in (await _edit_page(member)).text


async def test_added_app_stands_on_the_board(member: Browser):
    """An app that was added is a tile with a link and a state."""

    page = await member.add("app", name="NAS <1>", href="http://nas.local:5000/")
    home = await member.get("/")

    assert page.status == 303
    assert page.location.endswith("?edit=1")
    assert 'href="http://nas.local:5000/" target="_blank"' in home.text
    assert "NAS &lt;1&gt;" in home.text
    assert "Not checked yet" in home.words


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "", "href": "http://a.b"}, "Give the app a name."),
        ({"name": "x" * 65, "href": "http://a.b"}, "at most 64 characters"),
        ({"name": "NAS", "href": ""}, "Give an address."),
        ({"name": "NAS", "href": "n a s"}, "starts with http://"),
        ({"name": "NAS", "href": "javascript:alert(1)"}, "starts with http://"),
        (
            {"name": "NAS", "href": "http://a.b", "ping_url": "ftp://a"},
            "starts with http://",
        ),
        (
            {"name": "NAS", "href": "http://a.b", "icon_url": "javascript:x"},
            "starts with http://",
        ),
    ],
)
async def test_faulty_apps_are_told_what_is_wrong(
    member: Browser, fields: dict[str, str], sentence: str
):
    """The form opens again with what was typed and the sentence beside the field."""

    page = await member.add("app", **fields)

    assert page.status == 422
    assert sentence in page.words
    assert '<details class="choice" name="add" open>' in page.text
    for value in fields.values():
        assert not value or f'value="{value}"' in page.text


@pytest.mark.parametrize("address", ["192.168.1.1:8080", "nas.local/x"])
async def test_an_address_without_a_scheme_is_taken_as_http(
    member: Browser, database: Database, address: str
):
    """As people type it; the hint says so, and the ping address is taken alike."""

    await member.add("app", name="NAS", href=address, ping_url=address)
    app = await database.one("SELECT href, ping_url FROM app WHERE name = 'NAS'")
    home = await _edit_page(member)

    assert app is not None
    assert tuple(app) == (f"http://{address}",) * 2
    assert f'href="http://{address}"' in home.text
    assert "http:// is taken." in home.words


async def test_the_address_of_a_form_that_failed_leads_to_its_board(
    member: Browser, stranger: Browser
):
    """After a faulty form the browser's own address is that one."""

    path = await member.home()
    page = await member.get(f"{path}/items")
    outside = await stranger.get(f"{path}/items")

    assert (page.status, page.location) == (303, path)
    assert (outside.status, outside.location) == (303, path)


async def test_the_editor_of_a_note_says_what_it_takes(member: Browser):
    """Where one is added, and where one is changed."""

    hint = "Plain text, where an empty line starts a new paragraph, or simple HTML."
    edit = await _edit_page(member)
    editor = await member.get(_item_paths(edit, "notebook")[0])

    assert hint in edit.words
    assert hint in editor.words


async def test_stored_script_addresses_are_not_links(
    member: Browser, database: Database
):
    """Whatever an existing file holds, a script never becomes a link or an image."""

    async with database.write() as tx:
        await tx.execute(
            "UPDATE app SET href = 'javascript:alert(1)', icon_url = 'javascript:x'"
        )

    page = await member.get("/")

    assert "javascript:" not in page.text


async def test_note_is_shown_as_paragraphs_and_comes_back_as_text(member: Browser):
    """Plain text is kept; the editor shows what was typed."""

    await member.add("notebook", content="milk & honey\n\n<3")
    page = await member.get("/")
    path = _item_paths(await _edit_page(member), "notebook")[-1]
    editor = await member.get(path)

    assert "<p>milk &amp; honey</p><p>&lt;3</p>" in page.text
    assert "milk &amp; honey\n\n&lt;3</textarea>" in editor.text


async def test_changed_note_is_stored(member: Browser):
    """Saving a note shows the new text."""

    path = _item_paths(await _edit_page(member), "notebook")[0]
    page = await member.submit(path, path, {"content": "changed"})
    home = await member.get("/")

    assert page.status == 303
    assert "changed" in home.words


async def test_notes_are_cleaned_when_stored_and_when_shown(
    member: Browser, database: Database
):
    """A script is gone from what is stored, and one stored elsewhere is not shown."""

    await member.add("notebook", content="<p onclick=x>hi</p><script>evil()</script>")
    row = await database.one(
        "SELECT count(*) AS n FROM item WHERE options LIKE '%evil%'"
    )
    async with database.write() as tx:
        await tx.execute(
            "UPDATE item SET options = ? WHERE kind = 'notebook'",
            ('{"json":{"content":"<img src=x onerror=evil()><script>evil()"}}',),
        )

    page = await member.get("/")

    assert row is not None
    assert row["n"] == 0
    assert "evil" not in page.text


async def test_overlong_note_comes_back_whole(member: Browser):
    """A note over the limit is refused with its text still in the form."""

    path = _item_paths(await _edit_page(member), "notebook")[0]
    text = "x" * 70_000
    page = await member.submit(path, path, {"content": text})

    assert page.status == 422
    assert "at most 65,536 characters" in page.words
    assert text in page.text


async def test_bookmarks_list_the_chosen_apps(member: Browser):
    """Ticked apps become links; one that was deleted meanwhile is left out."""

    await member.add("app", name="Router", href="http://router.local/")
    edit = await _edit_page(member)
    router = re.search(r'name="items" value="(\w+)"[^>]*> <span>Router<', edit.text)
    assert router is not None
    await member.add("bookmarks", title="Network", items=[router[1], "nowhere"])
    page = await member.get("/")

    assert "Network Router router.local" in re.sub(r" R ", " ", page.words)


async def test_changed_bookmarks_keep_what_is_ticked(
    member: Browser, resources: Resources
):
    """Unticking a link takes it off the list, and sockets that showed it are told."""

    path = _item_paths(await _edit_page(member), "bookmarks")[0]
    editor = await member.get(path)
    ticked = re.findall(r'value="(\w+)" checked', editor.text)
    told: list[str] = []
    resources.bus.listen("access-changed", lambda topic, _: told.append(topic))
    await member.submit(path, path, {"title": "Fewer", "items": ticked[:1]})
    again = await member.get(path)

    assert len(ticked) == 2
    assert ticked[:1] == re.findall(r'value="(\w+)" checked', again.text)
    assert 'value="Fewer"' in again.text
    assert told == ["access-changed"]


async def test_clock_shows_the_time_of_its_zone(member: Browser, app: Quart):
    """Without a script the clock shows the time at which the page was made."""

    await member.add("clock", timezone="Asia/Tokyo")
    page = await member.get("/")

    assert 'data-timezone="Asia/Tokyo"' in page.text
    assert re.search(r"Tokyo \d\d:\d\d \w+, \w+ \d+", page.words)


async def test_clock_takes_twelve_hours_and_seconds(member: Browser):
    """The options of a clock change what it shows."""

    path = _item_paths(await _edit_page(member), "clock")[0]
    await member.submit(path, path, {"showSeconds": "on", "timezone": ""})
    page = await member.get("/")

    assert re.search(r"Clock \d\d:\d\d:\d\d [AP]M", page.words)


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "Europe"])
async def test_unknown_time_zones_are_refused(member: Browser, zone: str):
    """The sentence shows how a zone is written, and what was typed is kept."""

    page = await member.add("clock", timezone=zone)

    assert page.status == 422
    assert "Europe/London" in page.words
    assert f'value="{zone}"' in page.text


async def test_app_tile_can_go_without_name_and_state(member: Browser):
    """The options of a tile change what it shows."""

    await member.add("app", name="Router", href="http://router.local/")
    path = _item_paths(await _edit_page(member), "app")[-1]
    editor = await member.get(path)
    await member.submit(path, path, {"openInNewTab": ""})
    page = await member.get("/")

    assert "“Router”" in editor.words
    assert editor.text.count("checked") == 3
    assert '<span class="name unseen">Router</span>' in page.text
    assert 'href="http://router.local/" rel=' in page.text
    assert "Not checked yet" not in page.words


async def test_removed_item_is_gone(member: Browser, resources: Resources):
    """Removing takes the card away, and is told; removing it again is 404."""

    told: list[str] = []
    resources.bus.listen("access-changed", lambda topic, _: told.append(topic))
    path = _item_paths(await _edit_page(member), "clock")[0]
    token = (await member.get("/")).form_token
    page = await member.post(f"{path}/remove", {"csrf_token": token})
    again = await member.post(f"{path}/remove", {"csrf_token": token})

    assert (page.status, again.status) == (303, 404)
    assert told == ["access-changed"]
    assert path not in (await _edit_page(member)).text


async def test_memory_widget_can_be_added_again(member: Browser):
    """An item without options needs nothing but its kind."""

    page = await member.add("memory")
    home = await member.get("/")

    assert page.status == 303
    assert home.words.count("MiB PSS") == 2


async def test_unknown_kinds_are_not_added(member: Browser):
    """A kind that does not exist is a bad request."""

    page = await member.add("weather")

    assert page.status == 400
    assert "no such kind" in page.words


@pytest.mark.parametrize("item", ["nothing", "x'--", "%00"])
async def test_unknown_items_are_not_found(member: Browser, item: str):
    """Looking at, changing and removing an unknown item is 404."""

    path = await member.home()
    token = (await member.get("/")).form_token
    looked = await member.get(f"{path}/items/{item}")
    changed = await member.post(
        f"{path}/items/{item}", {"csrf_token": token, "content": "x"}
    )
    removed = await member.post(f"{path}/items/{item}/remove", {"csrf_token": token})

    assert [looked.status, changed.status, removed.status] == [404, 404, 404]


async def test_widgets_that_we_do_not_know_are_kept(
    member: Browser, database: Database
):
    """An existing board's other widgets are named and kept, and cannot be edited."""

    async with database.write() as tx:
        await tx.execute("UPDATE item SET kind = 'weather' WHERE kind = 'clock'")

    page = await _edit_page(member)

    assert page.status == 200
    assert "weather This kind of widget is not available here yet." in page.words


async def test_tile_of_a_deleted_app_says_so(member: Browser, database: Database):
    """An item whose app is gone does not break the board."""

    async with database.write() as tx:
        await tx.execute("DELETE FROM app")

    page = await member.get("/")

    assert page.status == 200
    assert "The app of this tile no longer exists." in page.words
    assert "No links yet." in page.words


@pytest.mark.parametrize(
    "options",
    ["{}", "not json", '{"json":[]}', '{"json":{"content":5,"items":3,"timezone":[]}}'],
)
async def test_broken_options_do_not_break_the_board(
    member: Browser, database: Database, options: str
):
    """Whatever a file holds in an item's options, the page is shown."""

    async with database.write() as tx:
        await tx.execute("UPDATE item SET options = ?", (options,))

    page = await _edit_page(member)

    assert page.status == 200


async def test_text_in_place_of_positions_reaches_no_style_sheet(
    member: Browser, database: Database
):
    """SQLite stores text where numbers belong; the page is shown without it."""

    hostile = "1}body{display:none"
    async with database.write() as tx:
        await tx.execute(
            "UPDATE item_layout SET x_offset = ?, width = ?", (hostile,) * 2
        )
        await tx.execute("UPDATE layout SET column_count = ?", (hostile,))

    page = await member.get("/")

    assert page.status == 200
    assert "display:none" not in page.text


async def test_board_without_items_says_so(member: Browser, database: Database):
    """An empty board is no blank page."""

    async with database.write() as tx:
        await tx.execute("DELETE FROM item")

    page = await member.get("/")

    assert "This board is empty." in page.words


async def test_installation_without_a_home_board_says_so(
    member: Browser, database: Database
):
    """A member for whom there is no board is told whom to ask."""

    async with database.write() as tx:
        await tx.execute("DELETE FROM board")

    page = await member.get("/")

    assert page.status == 404
    assert "No board yet" in page.words


async def test_pings_colour_the_tiles(member: Browser, resources: Resources):
    """The state of an app is that of its last ping."""

    await member.add("app", name="Router", href="http://router.local/")
    page = await member.get("/")
    match = re.search(r'data-ping="(\w+)"', page.text)
    assert match is not None
    topic = f"ping:{match[1]}"

    seen = []
    for message in (
        {"url": "x", "statusCode": 200, "durationMs": 12.4},
        {"url": "x", "statusCode": 404, "durationMs": 3},
        {"url": "x", "statusCode": 502, "durationMs": 3},
        {"url": "x", "error": "refused <b>"},
        {"url": "x", "statusCode": "odd"},
        "odd",
    ):
        resources.bus.publish(topic, message)
        page = await member.get("/")
        dot = re.search(r'class="dot (\w+)" title="([^"]+)"', page.text)
        assert dot is not None
        seen.append(dot.groups())

    expected = [
        ("up", "Up, 12 ms"),
        ("up", "Up, 3 ms"),
        ("down", "Answers 502"),
        ("down", "Not reachable"),
        ("unknown", "Not checked yet"),
        ("unknown", "Not checked yet"),
    ]
    assert expected == seen


async def test_memory_widget_waits_for_the_first_sample(
    member: Browser, monitor: FakeMonitor
):
    """Before the monitor has read anything, the widget says so."""

    monitor.taken.clear()
    page = await member.get("/")

    assert "The first sample is on its way." in page.words
    assert f'data-live="{monitor.label}"' in page.text


async def test_names_cannot_leave_their_place(member: Browser, database: Database):
    """A name, a title and a board's name are text, wherever they stand."""

    hostile = '"><img src=x onerror=alert(1)>'
    async with database.write() as tx:
        await tx.execute("UPDATE app SET name = ?, description = ?", (hostile,) * 2)
        await tx.execute("UPDATE board SET page_title = ?", (hostile,))
        await tx.execute('UPDATE "user" SET name = ?', (hostile,))

    page = await _edit_page(member)

    assert page.status == 200
    assert "<img src=x" not in page.text
