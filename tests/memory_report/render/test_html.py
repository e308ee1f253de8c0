"""The report as a page of its own."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from memory_report.figures import work_out
from memory_report.gates import Gate, judge
from memory_report.records import Settling
from memory_report.render.html import render_html
from memory_report.render.markdown import render_markdown
from memory_report.render.words import describe_verdict, mib, percent
from tests.memory_report.attribution_example import ATTRIBUTION
from tests.memory_report.examples import make_process, make_report
from tests.memory_report.whole_report import make_whole_report
from tests.whole.browser import Window, open_window, require_programs

REPORT = make_whole_report()
VERDICTS = judge(REPORT, Gate(min_savings={"separate": 0.45}))
PAGE = render_html(REPORT, VERDICTS, attribution=ATTRIBUTION)


class Reader(HTMLParser):
    """Collects what the page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""

        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Note words."""

        self.text.append(data.strip())

    def find(self, name: str) -> list[str]:
        """Return all values of an attribute."""

        return [value for each, value in self.attributes if each == name]


READER = Reader(PAGE)


def test_the_page_needs_nothing_else():
    """No script, no link, no picture, and nothing that leads out of it."""

    asking = {"script", "link", "img", "iframe", "object", "base", "form", "use"}
    leading = ("src", "href", "xlink:href", "action", "style")
    outside = [
        value
        for name, value in READER.attributes
        if "url(" in value and not re.fullmatch(r"url\(#p\d\)", value)
    ]

    assert asking.isdisjoint(READER.tags)
    assert [READER.find(name) for name in leading] == [[]] * len(leading)
    assert not [name for name, _ in READER.attributes if name.startswith("on")]
    assert outside == []
    assert "http" not in PAGE.replace("http-equiv", "")
    assert "url(" not in PAGE.partition("</style>")[0]
    assert "@import" not in PAGE


def test_the_page_forbids_everything_but_its_own_style():
    """The policy has the style sheet's own hash, so that it may stay inside."""

    style = PAGE.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert READER.find("content")[0] == (
        f"default-src 'none'; style-src 'sha256-{digest}'"
    )


def test_every_pattern_is_there_once():
    """What a bar is filled with is found, and found once."""

    ids = READER.find("id")
    used = {value[5:-1] for value in READER.find("fill") if value.startswith("url(")}

    assert len(ids) == len(set(ids))
    assert used <= set(ids)


def test_every_chart_is_drawn_for_a_desk_and_for_a_telephone():
    """The style sheet shows one of both; each has a name for those who hear it."""

    classes = READER.find("class")

    assert classes.count("chart wide") == classes.count("chart narrow") == 8
    assert READER.find("role").count("img") == 16


def list_figures() -> Iterator[str]:
    """Return every number that a reader looks for."""

    figures = work_out(REPORT)
    for column in figures.columns:
        sizes = column.total
        yield from (mib(sizes.pss), mib(sizes.uss), mib(sizes.rss))

    for saving in figures.savings:
        yield from (percent(saving.share.value), mib(saving.size))

    yield from (text for _, text in figures.notes)
    yield from (describe_verdict(verdict) for verdict in VERDICTS)


def test_the_page_has_every_figure():
    """Each arrangement's sizes, each saving, each verdict and each note."""

    shown = set(READER.text)
    missing = [
        text
        for text in list_figures()
        # A saving of another size than PSS has its share in the table, no size.
        if text not in shown and not any(text in each for each in shown)
    ]

    assert [text for text in missing if not re.fullmatch(r"[\d.]+", text)] == []
    for column in work_out(REPORT).columns:
        assert column.arrangement in shown
        assert mib(column.total.pss) in shown


def test_shares_are_shown_where_they_were_measured():
    """An attribution is another measurement; without one the page has no such part."""

    assert "Whose memory it is" in READER.text
    assert "given back" in READER.text
    assert "Whose memory it is" not in render_html(make_report((100, 50)), [])


def test_a_report_of_little_is_a_page_of_little():
    """What was not measured leaves no empty frame behind."""

    reader = Reader(render_html(make_report((100, 50), (100, 49)), []))
    page = " ".join(text for text in reader.text if "{" not in text)

    assert "PSS saved of separate" in page
    for absent in (
        "Where the memory went",
        "worth alone",
        "From start to drained",
        "over time",
        "A crash",
        "passed",
    ):
        assert absent not in page


def test_a_name_cannot_become_an_element():
    """Somebody's plan names processes as they like."""

    name = "<script>alert(1)</script>&\"'"
    *others, last = make_report((100, 50), (100, 50)).launches
    reading = dataclasses.replace(
        last.reading("settled"), processes=(make_process(name, 50),)
    )
    renamed = tuple(
        dataclasses.replace(each, readings=(reading,))
        if each.arrangement == "together"
        else each
        for each in (*others, last)
    )
    report = dataclasses.replace(make_report((100, 50), (100, 50)), launches=renamed)
    reader = Reader(render_html(report, []))

    assert "script" not in reader.tags
    assert name in reader.text


def test_the_page_is_the_same_for_the_same_report():
    """To the byte, the attribution included."""

    report = make_report((100, 50))

    assert render_html(report, [], attribution=ATTRIBUTION) == render_html(
        report, [], attribution=ATTRIBUTION
    )


def test_redis_is_explained_where_there_is_one():
    """Somebody's own services may have none, and then nobody asks for its row."""

    alone = make_whole_report(2, names=("together-arenas", "together"))
    nowhere = dataclasses.replace(alone.environment, redis="")
    page = render_html(dataclasses.replace(alone, environment=nowhere), [])

    for words in ("Redis has a row of its own", "PSS without Redis, MiB"):
        assert words in PAGE
        assert words not in page

    assert "PSS, MiB" in page


def test_markdown_fits_a_comment_however_much_was_measured():
    """GitHub refuses a comment of more than 65 536 characters."""

    report = make_whole_report(20, names=("separate", "together"))
    settling = Settling(begin=0, end=2, swap=4096, huge_pages=0)
    swapping = [
        dataclasses.replace(each, settling=settling) for each in report.launches
    ]
    doubtful = dataclasses.replace(report, launches=tuple(swapping))
    text = render_markdown(doubtful, VERDICTS)

    assert text.count("swap moved") == 40
    assert len(text) < 65_536 / 4


@pytest.fixture(name="window")
def _window(tmp_path: Path) -> Iterator[Window]:
    require_programs()
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    with open_window(f"file://{tmp_path}", tmp_path / "profile") as window:
        yield window


@pytest.mark.browser
def test_a_browser_shows_it_at_any_width(window: Window):
    """Styled under its own policy, one of both drawings, and nothing hangs out."""

    for width, shown, hidden in ((1200, "wide", "narrow"), (360, "narrow", "wide")):
        window.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False},
        )
        window.visit("/page.html")

        assert window.run("return document.documentElement.scrollWidth") <= width
        assert window.find(f".chart.{shown}").is_displayed()
        assert not window.find(f".chart.{hidden}").is_displayed()

    assert window.driver.get_log("browser") == []
