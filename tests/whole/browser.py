"""A real browser for the tests of the whole: Chromium without a window."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from .launch import PATIENCE

CHROMIUM = Path("/usr/bin/chromium")
CHROMEDRIVER = Path("/usr/bin/chromedriver")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


def require_programs() -> None:
    """Skip by name where a program is missing; in CI that is a failure."""

    missing = [str(path) for path in (CHROMIUM, CHROMEDRIVER) if not path.exists()]
    if not missing:
        return

    sentence = f"{' and '.join(missing)} not installed"
    if os.environ.get("CI"):
        pytest.fail(sentence)

    pytest.skip(sentence)


class Window:
    """One window: finds by what people see, and waits where a page takes its time."""

    def __init__(self, driver: Any, url: str) -> None:
        self.driver = driver
        self._url = url

    def visit(self, path: str = "/") -> None:
        self.driver.get(self._url + path)

    @property
    def path(self) -> str:
        return str(self.driver.current_url).removeprefix(self._url)

    @property
    def words(self) -> str:
        return " ".join(self.find("body").text.split())

    def find(self, selector: str) -> WebElement:
        found: WebElement = self.driver.find_element(By.CSS_SELECTOR, selector)
        return found

    def count(self, selector: str) -> int:
        return len(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def read(self, selector: str, attribute: str) -> str:
        return self.find(selector).get_dom_attribute(attribute) or ""

    def fill(self, form: str, **fields: str) -> None:
        """Type into the fields of a form, in place of what stands there."""

        for name, text in fields.items():
            field = self.find(f"{form} [name='{name}']")
            field.clear()
            field.send_keys(text)

    def press(self, selector: str) -> None:
        """Press what leads to another page, and wait for that page."""

        self._follow(self.find(selector))

    def press_link(self, text: str) -> None:
        self._follow(self.driver.find_element(By.LINK_TEXT, text))

    def _follow(self, element: WebElement) -> None:
        old = self.find("html")
        element.click()
        self.wait(lambda: _is_gone(old))
        self.wait(lambda: self.run("return document.readyState") == "complete")

    def open_choice(self, kind: str) -> str:
        """Open the form that adds an item of this kind; return its selector."""

        form = f".choice form:has([name='kind'][value='{kind}'])"
        self.find(f".choice:has([name='kind'][value='{kind}']) > summary").click()
        return form

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def wait(self, condition: Callable[[], object]) -> None:
        """Look again until the condition holds; a page on its way counts as not yet."""

        deadline = time.monotonic() + PATIENCE
        while not _holds(condition):
            assert time.monotonic() < deadline, f"waited in vain at {self.path}"
            time.sleep(0.05)

    def complaints(self) -> list[str]:
        """Return what the browser blocked, and the faults of scripts."""

        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["source"] in {"security", "javascript", "worker"}
        ]


@contextmanager
def open_window(url: str, profile: Path, *, scripts: bool = True) -> Iterator[Window]:
    """Open a window of a browser of its own, which ends with the body."""

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)

    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        setting = {"profile.managed_default_content_settings.javascript": 2}
        options.add_experimental_option("prefs", setting)

    service = webdriver.ChromeService(str(CHROMEDRIVER))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(PATIENCE)
        yield Window(driver, url)
    finally:
        driver.quit()


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except WebDriverException:
        return False


def _is_gone(element: WebElement) -> bool:
    try:
        element.is_enabled()
    except WebDriverException:
        return True

    return False
