"""A person in front of a real browser, the whole roof behind it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from .browser import Window, open_window, require_programs
from .launch import Launched, launched
from .test_one_roof import KEY, stop_clock, trigger

pytestmark = pytest.mark.browser

NAME = "grace"
PASSWORD = "Hopper was right"


@pytest.fixture(name="roof")
def _roof(tmp_path: Path) -> Iterator[Launched]:
    require_programs()
    environment = {
        "DB_URL": str(tmp_path / "db.sqlite"),
        "CRON_JOB_API_KEY": KEY,
        "REDIS_URL": "",
    }
    with launched("--port", "0", **environment) as roof:
        yield roof


@pytest.fixture(name="url")
def _url(roof: Launched) -> str:
    return roof.wait_ready()["web"]


@pytest.fixture(name="window")
def _window(url: str, tmp_path: Path) -> Iterator[Window]:
    with open_window(url, tmp_path / "profile") as window:
        yield window


class _Silent(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the test's output is for its own words."""


@contextmanager
def an_app() -> Iterator[str]:
    """Serve something that can be pinged; return its address."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def ping_now(url: str) -> None:
    """Let the ping job run instead of waiting for the minute."""

    assert trigger(f"{url}/trpc", "ping") == 200


def onboard(window: Window) -> None:
    """Create the first administrator, as the first visitor does."""

    window.visit()
    assert window.path == "/init"
    window.fill("main", name=NAME, password=PASSWORD, confirmPassword=PASSWORD)
    window.press("main button")
    assert window.path == "/"


def add_app(window: Window, *, name: str, href: str) -> None:
    """Add an app through the form, and go back to the board."""

    window.press_link("Edit")
    form = window.open_choice("app")
    window.fill(form, name=name, href=href)
    window.press(f"{form} button")
    window.press_link("Done")


def test_a_day_with_the_board(window: Window, url: str):
    """Onboarding, an app, a note, live updates without a reload, and the way out."""

    stop_clock(f"{url}/trpc", "ping")
    onboard(window)
    assert "This is your board" in window.words

    with an_app() as href:
        add_app(window, name="Media", href=href)
        window.run("window.unchanged = true")
        window.wait(lambda: window.words.count("Live") == 1)

        # The state of the app arrives by itself: the first before any job has run.
        window.wait(lambda: "up" in window.read("[data-ping]", "class").split())
        assert window.read("[data-ping]", "title").startswith("Up, ")

    # Bad news too.
    ping_now(url)
    window.wait(lambda: "down" in window.read("[data-ping]", "class").split())
    assert window.read("[data-ping]", "title") == "Not reachable"

    # So does the next sample of the memory, and the line grows.
    window.wait(lambda: window.count(".spark"))
    line = window.run("return document.querySelector('.spark').innerHTML")
    window.wait(
        lambda: window.run("return document.querySelector('.spark').innerHTML") != line
    )
    assert window.run("return window.unchanged") is True

    # A note is changed.
    window.press_link("Edit")
    window.press(".notebook a.tool")
    window.fill("main", content="Feed the cat.\n\nTwice.")
    window.press("main button.primary")
    window.press_link("Done")
    assert "Feed the cat. Twice." in window.words

    # An item is removed.
    window.press_link("Edit")
    window.find(".clock .removal summary").click()
    window.press(".clock .removal button")
    window.press_link("Done")
    assert window.count(".card.clock") == 0

    # And out.
    window.press(".account button")
    assert window.path == "/auth/login"
    window.visit()
    assert window.path == "/auth/login"
    assert window.complaints() == []


def test_logging_out_elsewhere_ends_the_live_board(window: Window):
    """A board in another tab shows the login as soon as the session is closed."""

    onboard(window)
    window.wait(lambda: "Live" in window.words)
    board = window.driver.current_window_handle
    window.driver.switch_to.new_window("tab")
    window.visit()
    window.press(".account button")
    window.driver.switch_to.window(board)

    window.wait(lambda: window.path != "/")
    assert window.path == "/auth/login"
    window.wait(lambda: "Log in" in window.words)


def test_the_board_lives_again_after_the_roof_was_away(
    window: Window, roof: Launched, url: str, tmp_path: Path
):
    """The page notices that the server is gone, and finds it again by itself."""

    onboard(window)
    window.wait(lambda: "Live" in window.words)
    assert roof.stop() == 0
    window.wait(lambda: "Reconnecting" in window.words)

    port = url.rpartition(":")[2]
    environment = {"DB_URL": str(tmp_path / "db.sqlite"), "REDIS_URL": ""}
    with launched("--port", port, **environment) as again:
        again.wait_ready()
        window.wait(lambda: "Live" in window.words)


def test_everything_works_without_scripts(url: str, tmp_path: Path):
    """With JavaScript off the same pages do the same, but nothing moves by itself."""

    stop_clock(f"{url}/trpc", "ping")
    with open_window(url, tmp_path / "profile", scripts=False) as window:
        onboard(window)
        with an_app() as href:
            add_app(window, name="Media", href=href)
            assert "Not checked yet" in window.read(
                "[title='Not checked yet']", "title"
            )
            ping_now(url)
            window.wait(lambda: window.visit() or window.count(".dot.up") == 1)

        assert "Live" not in window.words
        assert window.find(".card.clock .time").text

        window.press_link("Edit")
        form = window.open_choice("notebook")
        window.fill(form, content="<b>Bold</b><script>document.title = 1</script>")
        window.press(f"{form} button")
        assert window.count(".prose b") == 1

        window.press_link("Done")
        window.press(".account button")
        window.fill("main", name=NAME, password="wrong")
        window.press("main button")
        assert "do not belong together" in window.words
        assert window.find("[name='name']").get_property("value") == NAME

        window.fill("main", password=PASSWORD)
        window.press("main button")
        assert window.path == "/"


#: A page that nobody sees until it is `shown`, and counts how often it is `looked` at
#: and how often it `asked` the server.
HIDE = """
window.looked = 0; window.asked = 0; window.shown = false;
Object.defineProperty(document, "hidden", {
  get() { window.looked += 1; return !window.shown; },
});
const ask = window.fetch;
window.fetch = (...words) => { window.asked += 1; return ask(...words); };
"""
SHOW = """
window.shown = true;
document.dispatchEvent(new Event("visibilitychange"));
return window.asked;
"""


def test_the_memory_page_is_drawn_anew_while_one_looks(window: Window):
    """A sample makes the lines grow; hidden pages ask nobody, which keeps sessions."""

    onboard(window)
    window.visit("/manage/memory")
    window.wait(lambda: window.count(".more > summary"))  # of the first sample
    window.find(".more > summary").click()
    drawing = "return document.querySelector('#memory-chart').innerHTML"
    window.run(HIDE)

    # A sample has come: what the one before it asked for is drawn long since.
    window.wait(lambda: window.run("return window.looked") > 0)
    before, rows = window.run(drawing), window.count("#memory-table tbody tr")
    assert window.run("return window.asked") == 0

    assert window.run(SHOW) == 1
    window.wait(lambda: window.run(drawing) != before)
    window.wait(lambda: window.count("#memory-table tbody tr") > rows)
    assert window.count("#memory-chart .plot .line") == 3
    assert window.run("return document.querySelector('.more').open") is True
    assert window.complaints() == []


def test_the_board_fits_a_narrow_window(window: Window):
    """Nothing is to be scrolled sideways, the bar is one row, tools cover no icon."""

    onboard(window)
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    window.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    pages = ("users", "invites", "groups", "api-keys", "memory")
    manage = [f"/manage/{page}" for page in pages]
    for path in ("/", "/?edit=1", "/nowhere", "/account", *manage):
        window.visit(path)
        width = window.run("return document.documentElement.scrollWidth")
        assert width == 360, path

    metrics["width"] = 390
    window.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for path in ("/?edit=1", "/account", "/manage/memory"):
        window.visit(path)
        bar = window.run("return document.querySelector('.top').offsetHeight")
        assert bar < 80, f"two rows at {path}"

    window.visit("/?edit=1")
    tool, icon = (
        window.run(f"return document.querySelector('{one}').getBoundingClientRect()")
        for one in (".card.app .tool", ".card.app .icon")
    )
    assert tool["bottom"] <= icon["top"]


def test_a_guest_comes_by_an_invite(window: Window, url: str, tmp_path: Path):
    """The link makes an account; the group decides; the administration ends it."""

    onboard(window)
    window.press(".who")
    window.press_link("manage")
    window.press_link("Invite somebody")
    window.press("form.line button")
    link = window.find("#link").get_property("value").removeprefix(url)

    with open_window(url, tmp_path / "guest", scripts=False) as guest:
        guest.visit(link)
        passwords = {"password": "a friend 1906", "confirmPassword": "a friend 1906"}
        guest.fill("main", name="guido", **passwords)
        guest.press("main button")
        assert guest.path == "/"
        guest.visit("/manage/users")
        assert "Not allowed" in guest.words

        window.press_link("Users")
        window.press_link("guido")
        window.press("form[action$='/end-sessions'] button")
        assert "Their sessions are ended." in window.words
        guest.visit("/account")
        assert guest.path == "/auth/login?callbackUrl=%2Faccount"

    window.find(".confirm summary").click()
    window.press(".confirm button")
    assert "The user is deleted" in window.words
    assert "guido" not in window.words
    assert window.complaints() == []


def test_a_changed_password_ends_the_live_board_elsewhere(
    window: Window, url: str, tmp_path: Path
):
    """The other browser shows the login by itself; this one stays inside."""

    onboard(window)
    with open_window(url, tmp_path / "other") as other:
        other.visit("/auth/login")
        other.fill("main", name=NAME, password=PASSWORD)
        other.press("main button")
        other.wait(lambda: "Live" in other.words)

        window.visit("/account")
        new = "Hopper is right"
        passwords = {"password": new, "confirmPassword": new}
        window.fill("main", currentPassword=PASSWORD, **passwords)
        window.press("form[action='/account/password'] button")
        assert "Your password is changed." in window.words

        other.wait(lambda: other.path == "/auth/login")
        other.wait(lambda: "Log in" in other.words)

    window.visit("/")
    window.wait(lambda: "Live" in window.words)
    assert window.path == "/"


def test_the_keyboard_is_enough(window: Window):
    """From the first page to a changed note without a mouse."""

    window.visit()
    keys = (NAME, Keys.TAB, PASSWORD, Keys.TAB, PASSWORD, Keys.ENTER)
    window.driver.switch_to.active_element.send_keys(keys[0])
    for key in keys[1:]:
        window.driver.switch_to.active_element.send_keys(key)

    window.wait(lambda: window.path == "/")
    window.find("body").send_keys(Keys.TAB)
    skip = window.driver.switch_to.active_element
    assert skip.text == "Skip to the content"
    assert skip.rect["y"] >= 0

    window.press_link("Edit")
    summary = window.find(".choice > summary")
    summary.send_keys(Keys.ENTER)
    assert window.find(".choice[open] [name='name']").is_displayed()
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert window.run(outline) == "solid"
